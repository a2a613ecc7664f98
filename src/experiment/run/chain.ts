/** The verdict as a chain of questions, each with its numbers. */
import { z } from 'zod';
import { COMPARED_ARMS } from '../arms';
import { messageSchema } from '../message';
import { thresholdsSchema } from '../thresholds';
import { measured, numberPair } from './parts';

/** In the order in which they are asked. */
export const QUESTIONS = ['pairs', 'headroom', 'native', 'mapped', 'fluent', 'controls', 'share'] as const;
/**
 * `one`: on one side of the concept only. `undecided`: the interval holds both answers. `unmeasured`: what it takes is
 * not there. `unasked`: the chain ended before.
 */
export const ANSWERS = ['yes', 'one', 'no', 'undecided', 'unmeasured', 'unasked'] as const;
/** `steers`: the mapped vector has an effect, but so has something that knows nothing of the source. */
export const CHAIN_OUTCOMES = [
  'transfers',
  'steers',
  'not-steerable',
  'no-effect',
  'cannot-judge',
  'undecided',
] as const;

const figureSchema = z.strictObject({
  /** What the number is. */
  label: messageSchema,
  value: measured,
  /** 95 %, prompts being the unit. */
  interval: numberPair.nullable(),
  /** What it is held against; null for a number that decides nothing by itself. */
  threshold: z.strictObject({ relation: z.enum(['at-least', 'at-most', 'above']), value: z.number() }).nullable(),
  /** Continuations counted, and of how many, where the number is a share of them. */
  counts: z.strictObject({ count: z.number(), of: z.number() }).nullable(),
});

const stepSchema = z.strictObject({
  question: z.enum(QUESTIONS),
  answer: z.enum(ANSWERS),
  sentence: messageSchema,
  figures: z.array(figureSchema),
});

/** One draw of an arm that the mapped vector is compared with. */
const comparedSchema = z.strictObject({
  arm: z.enum(COMPARED_ARMS),
  /** From 1. */
  draw: z.int().min(1),
  /** Continuations each way; 0 where the arm has no direction to steer along, and so no effect. */
  n: z.number(),
  positive: z.number(),
  negative: z.number(),
  effect: measured,
  /** Effect of the mapped vector less this one's, on the same prompts. */
  difference: z.strictObject({ value: measured, interval: numberPair }),
});

const shareSchema = z.strictObject({
  /** Effect of the mapped vector, and of the native one. */
  mapped: measured,
  native: measured,
  /** Their ratio with Fieller's interval; null where it cannot be estimated. */
  ratio: z.strictObject({ value: measured, interval: numberPair }).nullable(),
  /** Fieller's g. */
  g: measured,
  /** 2.5th and 97.5th percentile of the effect of random source directions through the map, and how many; null for none. */
  band: z.strictObject({ range: numberPair, directions: z.number(), continuations: z.number() }).nullable(),
  saturated: z.boolean(),
});

export const chainSchema = z.strictObject({
  outcome: z.enum(CHAIN_OUTCOMES),
  /** The controls are still being run, or could not be. */
  provisional: z.boolean(),
  /** The sides of the concept that the outcome speaks of. */
  sides: z.array(z.enum(['positive', 'negative'])),
  sentence: messageSchema,
  /** Signed on both sides: ±r. */
  r: z.number(),
  /** Prompts of the report half that were used. */
  prompts: z.number(),
  thresholds: thresholdsSchema,
  steps: z.array(stepSchema),
  compared: z.array(comparedSchema),
  share: shareSchema.nullable(),
});

export type Question = (typeof QUESTIONS)[number];
export type Answer = (typeof ANSWERS)[number];
export type ChainOutcome = (typeof CHAIN_OUTCOMES)[number];
export type ChainFigure = z.infer<typeof figureSchema>;
export type ChainStep = z.infer<typeof stepSchema>;
export type ComparedDraw = z.infer<typeof comparedSchema>;
export type NativeShare = z.infer<typeof shareSchema>;
export type Chain = z.infer<typeof chainSchema>;
