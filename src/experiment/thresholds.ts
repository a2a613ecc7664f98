/** The thresholds of the verdict: settings of the experiment, each with its reason in docs/verdict.md. */
import { z } from 'zod';

export const thresholdsSchema = z.strictObject({
  /** Largest p of the sign-flip test at which the pairs still give a direction. */
  maxPairsP: z.number().positive().max(1),
  /** A side can be judged where at least this share of unsteered continuations is not on it. */
  minHeadroom: z.number().min(0).max(1),
  /** Least lift of a side that counts: share of continuations on it, less that of no steering. */
  minLift: z.number().positive().max(1),
  /** Largest perplexity of steered text under the unsteered target, as a multiple of that of its own text. */
  maxPerplexityRatio: z.number().min(1).max(1000),
  /** Fieller's g = (1.96·se/E)² of the native effect, at and above which no share of it is printed. */
  maxRatioG: z.number().positive().max(1),
  /** Effect from which on an arm is saturated: two such arms cannot be told apart. */
  saturation: z.number().positive().max(1),
  /** Random directions of the source through the map that make the null band; 0 for none. */
  nullDirections: z.int().min(0).max(200),
});

export type Thresholds = z.infer<typeof thresholdsSchema>;

export const DEFAULT_THRESHOLDS: Thresholds = {
  maxPairsP: 0.01,
  minHeadroom: 0.2,
  minLift: 0.2,
  maxPerplexityRatio: 2,
  maxRatioG: 0.5,
  saturation: 0.95,
  nullDirections: 20,
};

/** The thresholds of an experiment: those that its settings leave out are the defaults. */
export const thresholdsOf = ({ verdict }: { verdict?: Partial<Thresholds> }): Thresholds => ({
  ...DEFAULT_THRESHOLDS,
  ...verdict,
});
