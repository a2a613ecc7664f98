/** What a measure of continuations is. One file a measure; the registry is index.ts. */

/** What a measure is taken of: the continuations of one arm at one dose. */
export interface MetricInput {
  /** The continuations, without their prompts. */
  texts: readonly string[];
  /** Which side of the concept each is on: 1 positive, −1 negative, 0 undecided. */
  sides: readonly (1 | 0 | -1)[];
  /** KL(base‖steered) per token of neutral text at this dose, nats: its mean and its 95th percentile. */
  sideEffects: { mean: number; p95: number };
  /** Whether the limit on new tokens ended each text, so that its last word may be a piece of one. */
  cut: readonly boolean[];
  /** Lower-case words of the texts that the map was fitted to. */
  knownWords: ReadonlySet<string>;
  /**
   * Perplexity under the model that wrote the texts, without steering: of these texts, and of its own unsteered
   * continuations of the same prompts. NaN of no tokens.
   */
  perplexity: { steered: number; unsteered: number };
}

/** Settings of the usable window that a measure may be limited by. */
export type LimitSetting = 'maxP95Kl' | 'maxRep3' | 'maxPerplexityRatio' | 'maxUnknownWords';

/** Their values, in the units of the measures; one that is not set limits nothing. */
export type Limits = Partial<Record<LimitSetting, number>>;

/** What a limit guards: the steered text itself, or texts that steering should leave alone. */
export type LimitOf = 'fluency' | 'side-effects';

export interface Metric<Id extends string = string> {
  /** Name in a run, and of the texts in the catalogue (`metric.<id>.name`, `metric.<id>.help`). Never changed: runs are kept. */
  id: Id;
  /** Name of its column in CSV files. Never changed either. */
  column: string;
  unit: 'nat' | 'share' | 'count' | 'ratio';
  /** Digits after the point. */
  digits: number;
  /** Which direction is the costly one: the larger of two values, or the smaller. */
  costly: 'higher' | 'lower';
  /** Whether it stands in the tables that are read, beside the files that have every measure. */
  shown: boolean;
  /** The setting that the value should stay within. */
  limit?: { setting: LimitSetting; of: LimitOf; breaks: (value: number, limit: number) => boolean };
  of: (input: MetricInput) => number;
}

/** A metric whose id is known to the compiler. */
export const metric = <const Id extends string>(definition: Metric<Id>): Metric<Id> => definition;
