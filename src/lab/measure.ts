/** Measuring generated text: which side it is on, how often, and what every measure says of it. */
import type { DoseCell, Metrics } from '../experiment/run';
import { wilson } from '../math/stats';
import { measure, type MetricInput } from '../metrics';
import type { Continuation } from './generate';
import type { Judge, JudgeContext, Side } from './judges';

type Rate = DoseCell['positive'];

export interface Measured {
  /** One a continuation, in order. */
  sides: Side[];
  positive: Rate;
  negative: Rate;
  n: number;
  metrics: Metrics;
}

/** What is measured of continuations beside what is in them. */
export type Surroundings = Pick<MetricInput, 'sideEffects' | 'perplexity' | 'knownWords'>;

/** Judges and measures continuations. Rates are over all n: an undecided one counts for neither side. */
export async function measureTexts(
  judge: Judge,
  prompts: readonly string[],
  continuations: readonly Continuation[],
  around: Surroundings,
  context: JudgeContext,
): Promise<Measured> {
  const sides = await judge(
    continuations.map(({ text }, i) => ({ prompt: prompts[i], text })),
    context,
  );
  const n = sides.length;
  const rate = (wanted: Side): Rate => rateOf(sides.filter((side) => side === wanted).length, n);
  return {
    sides,
    positive: rate(1),
    negative: rate(-1),
    n,
    metrics: measure({ ...writingOf(continuations), ...around, sides }),
  };
}

/** The texts of continuations, and which of them were cut. */
export function writingOf(continuations: readonly Continuation[]): Pick<MetricInput, 'texts' | 'cut'> {
  return { texts: continuations.map(({ text }) => text), cut: continuations.map(({ ended }) => !ended) };
}

function rateOf(count: number, n: number): Rate {
  const { low, high } = wilson(count, n);
  return { rate: count / n, interval: [low, high] };
}
