/** What a measure of continuations is. One file a measure; the registry is index.ts. */

/** What a measure is taken of: the continuations of one arm at one dose. */
export interface MetricInput {
  /** The continuations, without their prompts. */
  texts: readonly string[];
  /** Which side of the concept each is on: 1 positive, −1 negative, 0 undecided. */
  sides: readonly (1 | 0 | -1)[];
  /** KL(base‖steered) per token of neutral text at this dose, nats: its mean and its 95th percentile. */
  sideEffects: { mean: number; p95: number };
}

/** Settings of the usable window that a measure may be limited by. */
export type LimitSetting = 'maxP95Kl' | 'maxRep3';

export interface Metric<Id extends string = string> {
  /** Name in a run, and of the texts in the catalogue (`metric.<id>.name`, `metric.<id>.help`). Never changed: runs are kept. */
  id: Id;
  /** Name of its column in CSV files. Never changed either. */
  column: string;
  unit: 'nat' | 'share' | 'count';
  /** Digits after the point. */
  digits: number;
  /** Which direction is the costly one: the larger of two values, or the smaller. */
  costly: 'higher' | 'lower';
  /** Whether it stands in the tables that are read, beside the files that have every measure. */
  shown: boolean;
  /** The dose is usable only while the value is within this setting. */
  limit?: { setting: LimitSetting; breaks: (value: number, limit: number) => boolean };
  of: (input: MetricInput) => number;
}

/** A metric whose id is known to the compiler. */
export const metric = <const Id extends string>(definition: Metric<Id>): Metric<Id> => definition;
