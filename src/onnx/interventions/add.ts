/** h + α·v̂. One node, as the vector is added to an operand of the sum that closes the block. */
import type { InterventionKind } from './kind';

export const add: InterventionKind = { vector: 'dose', sign: 1, sideInputs: [], change: null };
