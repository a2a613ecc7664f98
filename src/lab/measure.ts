/** Measuring generated text: which side it is on, how often, and what every measure says of it. */
import type { DoseCell, Metrics } from '../experiment/run';
import { wilson } from '../math/stats';
import { measure, type MetricInput } from '../metrics';
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

/** Judges and measures continuations. Rates are over all n: an undecided one counts for neither side. */
export async function measureTexts(
  judge: Judge,
  prompts: readonly string[],
  texts: readonly string[],
  sideEffects: MetricInput['sideEffects'],
  context: JudgeContext,
): Promise<Measured> {
  const sides = await judge(
    texts.map((text, i) => ({ prompt: prompts[i], text })),
    context,
  );
  const n = sides.length;
  const rate = (wanted: Side): Rate => rateOf(sides.filter((side) => side === wanted).length, n);
  return { sides, positive: rate(1), negative: rate(-1), n, metrics: measure({ texts, sides, sideEffects }) };
}

function rateOf(count: number, n: number): Rate {
  const { low, high } = wilson(count, n);
  return { rate: count / n, interval: [low, high] };
}
