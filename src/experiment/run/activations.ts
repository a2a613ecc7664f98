/** What the activations stage gives. */
import { z } from 'zod';
import { ALIGNMENTS } from '../schema';
import { measured, numberPair } from './parts';

/** Two-dimensional view of a bounded sample of states. */
const panelSchema = z.strictObject({
  /** Coordinates on the first two principal axes, one pair a point. */
  points: z.array(numberPair),
  /** Share of the variance on each of the two axes. */
  explained: numberPair,
});

const sides = z.strictObject({ source: measured, target: measured });

/**
 * How the positions of the two models were paired. `readable`: positions that each side would give by itself; `paired`:
 * those that have a partner, before the bound on their number; `share`: paired / readable, 1 where paired by tokens.
 */
const alignmentSchema = z.strictObject({ by: z.enum(ALIGNMENTS), paired: z.number(), readable: sides, share: sides });

/** Tokens of the texts as each model reads them, and those of them that stand for what its vocabulary lacks. */
const unknownSchema = z.strictObject({ unknown: z.int().min(0), tokens: z.int().min(0) });

export const activationsSchema = z.strictObject({
  texts: z.number(),
  /** Null in old runs, which paired token by token and did not count. */
  alignment: alignmentSchema.nullable(),
  tokens: z.strictObject({
    read: z.number(),
    kept: z.number(),
    train: z.number(),
    heldOut: z.number(),
    /** Positions left out because a state there is NaN or infinite; null where an old run does not say. */
    excluded: z.number().nullable(),
  }),
  /** Left out where an old run did not count. */
  unknown: z.strictObject({ source: unknownSchema, target: unknownSchema }).optional(),
  /** Panels per block, at the source and at the target. */
  pca: z.strictObject({ source: z.array(panelSchema), target: z.array(panelSchema) }),
  /** Sample rows left out of the panels because their length is far above the median, and the size of the sample. */
  massive: z.strictObject({ rows: z.number(), of: z.number() }),
  /** The token under each point of the panels and the text it is from; `partner` is the large model's token there, where it is another. */
  labels: z.array(
    z.strictObject({ token: z.string(), text: z.number(), position: z.number(), partner: z.string().optional() }),
  ),
  /** Median ‖h‖ per block: the unit of the relative dose. */
  medianNorm: z.strictObject({ source: z.array(measured), target: z.array(measured) }),
});

export type PcaPanel = z.infer<typeof panelSchema>;
export type AlignmentReport = z.infer<typeof alignmentSchema>;
export type ActivationsResult = z.infer<typeof activationsSchema>;
