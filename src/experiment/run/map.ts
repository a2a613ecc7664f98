/** What the map stage gives. */
import { z } from 'zod';
import { messageSchema } from '../message';
import { MAP_KINDS } from '../schema';
import { measured, numberPair, numberRows } from './parts';

/** What the map does, beyond one R² (of the map in use). */
const statisticsSchema = z.strictObject({
  /** Held-out R² per target dimension, in the order of the dimensions; null where the target is constant. */
  dimensionR2: z.array(z.number().nullable()),
  /** Held-out R² without the k target dimensions of highest variance. */
  withoutTop: z.array(z.strictObject({ without: z.number(), r2: measured })),
  /** Standard deviations of the predicted states along their principal axes, every target dimension in units of its own; descending. */
  spectrum: z.array(measured),
  /** exp of the entropy of the normalised singular values (Roy & Vetterli 2007); at most `ceiling`. */
  effectiveRank: measured,
  /** min(dS, dT): no map between these widths has a higher rank. */
  ceiling: z.number(),
});

export const mapSchema = z.strictObject({
  layers: z.strictObject({ source: z.int().min(0), target: z.int().min(0) }),
  /** How the layers were chosen. */
  layerRule: messageSchema,
  /** The kind of map in use; every figure without a kind of its own is about this map. */
  kind: z.enum(MAP_KINDS),
  /** Its rank, where it was cut; its scale, where it has one. */
  rank: z.number().nullable(),
  scale: z.number().nullable(),
  lambda: measured,
  /** How λ was chosen. */
  lambdaRule: messageSchema,
  heldOutR2: measured,
  centredCosine: measured,
  /** Held-out R² of a ridge map fitted to shuffled pairs: the control. */
  shuffledR2: measured,
  /**
   * Held-out R² of a table of the target's mean state for each token, and of a map between states without the mean of their
   * token, on the rows of the sample; `known`: held-out rows whose token is in the table. Not in runs that did not take it.
   */
  tokens: z
    .strictObject({
      meanR2: measured,
      contextR2: measured,
      rows: z.strictObject({ train: z.number(), heldOut: z.number(), known: z.number() }),
    })
    .optional(),
  medianDimensionR2: measured,
  /** Relative Frobenius error of the ridge map by this run's solver against float64, on the audit rows. */
  errorVsFloat64: measured,
  /** Rows of the audit. */
  auditRows: z.number(),
  /** What took the products: WGSL kernels, or ONNX Runtime's WASM with float64 around it; `float64` alone in runs of version 1. */
  solver: z.enum(['wgsl', 'wasm', 'float64']),
  secondPass: z.boolean(),
  /** Why the states were collected a second time; null if they were not. */
  secondPassReason: messageSchema.nullable(),
  badPivots: z.number(),
  /** Of the ridge map, whatever kind is in use. NaN where a system could not be factorised. */
  lambdaPath: z.array(z.strictObject({ lambda: measured, heldOutR2: measured, trainR2: measured })),
  /** λ by cross-validation over folds of the training texts; null where it was not asked for. */
  crossValidation: z
    .strictObject({
      folds: z.number(),
      points: z.array(z.strictObject({ lambda: measured, meanR2: measured, standardError: measured })),
    })
    .nullable(),
  /** Every kind of map of this pair of blocks, fitted to the same moments; reduced rank at several ranks. */
  family: z.array(
    z.strictObject({ kind: z.enum(MAP_KINDS), rank: z.number().nullable(), trainR2: measured, heldOutR2: measured }),
  ),
  /** Null in runs of version 1, which took none. */
  statistics: statisticsSchema.nullable(),
  /** Held-out R² for every pair of blocks, [source][target]; NaN for a pair that was not compared or could not be solved. */
  grid: numberRows,
  /** Linear CKA for every pair of blocks, [source][target]; NaN as in `grid`. */
  cka: numberRows,
  /** Source sample mapped into the target's PCA plane, and the same targets, for the morph. */
  mappedPca: z.strictObject({ source: z.array(numberPair), target: z.array(numberPair), mapped: z.array(numberPair) }),
});

export type MapStatistics = z.infer<typeof statisticsSchema>;
export type MapResult = z.infer<typeof mapSchema>;
