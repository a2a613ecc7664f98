/** The stages of a run, in their order, and the version of its form. */

/** Version of the run that this lab writes. Older ones are brought up to it (run-migrations.ts). */
export const RUN_SCHEMA = 4;

export const STAGES = ['models', 'activations', 'map', 'steer', 'evidence'] as const;
export type Stage = (typeof STAGES)[number];
