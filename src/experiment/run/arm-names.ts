/** Every curve, stream and bar belongs to one arm. */
export const ARMS = ['small', 'small-steered', 'large', 'mapped', 'native', 'random'] as const;
export type Arm = (typeof ARMS)[number];
/** The arms that have a dose. */
export const DOSED_ARMS = ['small-steered', 'mapped', 'native', 'random'] as const;
export type DosedArm = (typeof DOSED_ARMS)[number];
