/** What the steer stage gives. */
import { z } from 'zod';
import { READ_POSITIONS } from '../schema';
import { DOSED_ARMS } from '../arms';
import { every, measured, numberPair, numberRows, perArm, strings } from './parts';

/** A text as it is put to a model: its tokens, and which of them (by position) are special and are read. */
const renderedPromptSchema = z.strictObject({ tokens: strings, special: z.array(z.int()), read: z.array(z.int()) });

const ownVectors = ['source', 'mapped', 'native'] as const;

/** Projections of the unsteered corpus on a unit vector: mean, and the settings' percentile of h·v̂ and of h·(−v̂). */
const projectionsSchema = z.strictObject({ mean: z.number(), high: z.number(), low: z.number() });

/** Unit directions as `vector.values` are written; projections only where the operation compares with them. */
const directionsSchema = z.strictObject({
  directions: z.array(z.base64()).min(1),
  projections: z.array(projectionsSchema).optional(),
});

/**
 * What steers a loaded pair again without a fit, beside `vector`, `map.layers` and `axis.stops`: with it the dose can be
 * moved on any prompt once the two models are in memory.
 */
const liveSchema = z.strictObject({
  arms: perArm(
    DOSED_ARMS,
    z.strictObject({
      /** The arm's directions; absent where they are the unit vector of that arm in `vector.values`. */
      drawn: directionsSchema.optional(),
      /** Blocks that are steered together with the first, each with its share of the dose (`transfer.also`). */
      further: z.array(directionsSchema.extend({ block: z.int().min(0), share: z.number(), medianNorm: measured })),
    }),
  ),
  /** Mean and standard deviation of the corpus along the vector on show in each model: the unit of the shades. */
  scales: every(['source', 'target'], z.strictObject({ mean: measured, deviation: measured })),
});

/** Whether the pairs' differences have a direction in common, in the states of one model. */
const stabilitySchema = z.strictObject({
  pairs: z.number(),
  /** Length of the mean difference, and the share of random signs of the pairs that give one as long. */
  norm: measured,
  p: measured,
  flips: z.number(),
  /** Cosine of the mean differences of two random halves of the pairs: median, and range of 95 % of the splits. */
  splitHalf: z.strictObject({ cosine: measured, interval: numberPair, splits: z.number() }).nullable(),
});

const vectorSchema = z.strictObject({
  pairs: z.number(),
  readPosition: z.enum(READ_POSITIONS),
  /** The first pair as it was put to the small model, for show; null in old runs, which did not say what was special. */
  readTokens: z.strictObject({ positive: renderedPromptSchema, negative: renderedPromptSchema }).nullable(),
  cosineMappedNative: measured,
  /** ±1.96/√d_T: where the cosine of a random vector falls. */
  chanceBand: measured,
  /**
   * Range of 95 % of the cosines with the native vector that mapped contrasts of the same pairs have when what the pairs have
   * in common is taken out of them: an empirical band, in place of ±1.96/√d. Not in runs made before it was taken.
   */
  cosineNull: numberPair.optional(),
  /** Tests of the pairs in either model. Not in runs made before they were tested. */
  stability: every(['source', 'target'], stabilitySchema).optional(),
  /** cos(Wv, Wv + p). */
  cosineWithBias: measured,
  norms: every(ownVectors, measured),
  medianNorm: every(['source', 'target'], measured),
  /** AUROC of held-out pair projections on the vector. */
  auroc: every(ownVectors, measured),
  /** Unit vectors as base64 of little-endian float32. Links carry them in half precision, which follows from these. */
  values: every(ownVectors, z.base64()),
  /**
   * Projections of the unsteered corpus on the unit vectors, at their blocks: mean, and the percentile of the settings of
   * h·v̂ (high) and of h·(−v̂) (low). Only where the operation compares with them.
   */
  projections: every(ownVectors, projectionsSchema).optional(),
});

/** Next-token distributions at every stop of the dose axis. */
const axisArmSchema = z.strictObject({
  /** Tokens shown as bars: the union of the top tokens over the stops. */
  tokens: z.array(z.strictObject({ id: z.number(), text: z.string() })),
  /** Probability of each shown token, [stop][token]. */
  probabilities: numberRows,
  /** KL(base‖steered) of the next token at each stop, nats. */
  kl: z.array(measured),
});

const axisSchema = z.strictObject({
  prompt: z.string(),
  /** The prompt as each model is given it, where it is written into chat templates; null where it is plain. */
  written: z.strictObject({ source: renderedPromptSchema, target: renderedPromptSchema }).nullable(),
  /** Signed stops in r, ascending, 0 included. */
  stops: z.array(z.number()).min(1),
  arms: perArm(DOSED_ARMS, axisArmSchema),
  milliseconds: measured,
});

export const steerSchema = z.strictObject({
  /** Names of the concept and of its two poles, so that a reader needs no preset file. */
  concept: z.strictObject({ title: z.string(), positive: z.string(), negative: z.string() }),
  vector: vectorSchema,
  /** α at which p95 KL on neutral text is 1 nat, per arm; null where the axis does not reach it. */
  isoKlAlpha: perArm(DOSED_ARMS, z.number().nullable()),
  axis: axisSchema,
  /** Absent in runs of older versions, which can be steered live only after they have been run again. */
  live: liveSchema.optional(),
});

export type RenderedPrompt = z.infer<typeof renderedPromptSchema>;
export type Stability = z.infer<typeof stabilitySchema>;
export type VectorResult = z.infer<typeof vectorSchema>;
export type AxisArm = z.infer<typeof axisArmSchema>;
export type DoseAxis = z.infer<typeof axisSchema>;
export type LiveVectors = z.infer<typeof liveSchema>;
export type SteerResult = z.infer<typeof steerSchema>;
