/** Measuring generated text: which side it is on, how often, and how repetitive it is. */
import { repN } from '../math/information';
import { wilson } from '../math/stats';
import type { ScoreFunction, Side } from './score';
import { wordsOf } from './score';

export interface Sides {
  /** One a continuation, in order. */
  sides: Side[];
  positive: { rate: number; interval: [number, number] };
  negative: { rate: number; interval: [number, number] };
  undecided: number;
  n: number;
  /** Mean over continuations of 1 − distinct-3, over words. */
  rep3: number;
}

/** Scores continuations. Rates are over all n: an undecided one counts for neither side. */
export function measureSides(
  score: ScoreFunction,
  prompts: readonly string[],
  continuations: readonly string[],
): Sides {
  const sides = continuations.map((text, i) => score(prompts[i], text));
  const n = sides.length;
  const positives = sides.filter((side) => side === 1).length;
  const negatives = sides.filter((side) => side === -1).length;
  const rep3 = continuations.reduce((sum, text) => sum + repN(wordIds(text), 3), 0) / n;
  return {
    sides,
    positive: rateOf(positives, n),
    negative: rateOf(negatives, n),
    undecided: n - positives - negatives,
    n,
    rep3,
  };
}

function rateOf(count: number, n: number): { rate: number; interval: [number, number] } {
  const { low, high } = wilson(count, n);
  return { rate: count / n, interval: [low, high] };
}

/** Words as numbers, so that n-grams of words can be counted by the numeric helper. */
function wordIds(text: string): number[] {
  const ids = new Map<string, number>();
  return wordsOf(text).map((word) => {
    if (!ids.has(word)) ids.set(word, ids.size);
    return ids.get(word)!;
  });
}
