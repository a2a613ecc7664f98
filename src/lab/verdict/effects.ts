/** Lifts and effects of arms, and their uncertainty. Prompts are the unit: several continuations of one are alike. */
import { fiellerRatio, type RatioEstimate } from '../../math/fieller';
import {
  bootstrapGroups,
  differenceOfShares,
  groupedCovariance,
  groupedMeans,
  groupValues,
  type Grouped,
} from '../../math/grouped';
import { studentQuantile } from '../../math/distributions';
import type { Interval } from '../../math/stats';
import type { Side } from '../judges';

export type Pole = 'positive' | 'negative';
export const POLES = ['positive', 'negative'] as const;
const WANTED = { positive: 1, negative: -1 } as const satisfies Record<Pole, Side>;

/** Continuations of a steered arm, judged: the k-th up and the k-th down are of the same prompt. */
export interface Judged {
  /** Number of the prompt of each. */
  prompts: readonly number[];
  up: readonly Side[];
  down: readonly Side[];
}

/** Continuations without steering, judged. */
export interface Unsteered {
  prompts: readonly number[];
  sides: readonly Side[];
}

/** The lift of one side: share of continuations on it when steered there, less that without steering on the same prompts. */
export interface Lift extends Interval {
  /** Continuations on the side, and of how many. */
  count: number;
  of: number;
  /** Share without steering, over the same prompts in the same proportions. */
  base: number;
  prompts: number;
}

/** What is drawn anew to make an interval. */
export interface Resampling {
  seed: number;
  resamples?: number;
  /** Coverage; 0.95 unless said. */
  level?: number;
}

/** Share of a side among the unsteered continuations of every prompt, for each of the given prompts. */
function baseShares({ prompts, sides }: Unsteered, side: Pole, asked: readonly number[]): number[] {
  const found = new Map<number, { on: number; n: number }>();
  prompts.forEach((prompt, k) => {
    const own = found.get(prompt) ?? { on: 0, n: 0 };
    found.set(prompt, own);
    own.n++;
    if (sides[k] === WANTED[side]) own.on++;
  });
  return asked.map((prompt) => {
    const own = found.get(prompt);
    if (!own) throw new RangeError(`Prompt ${prompt} has no continuation without steering.`);
    return own.on / own.n;
  });
}

const steeredTo = (arm: Judged, side: Pole): readonly Side[] => (side === 'positive' ? arm.up : arm.down);
const onSide = (arm: Judged, side: Pole): number[] =>
  steeredTo(arm, side).map((each) => (each === WANTED[side] ? 1 : 0));

export function liftOf(arm: Judged, base: Unsteered, side: Pole, resampling: Resampling): Lift {
  const on = onSide(arm, side);
  const grouped = groupValues(arm.prompts, [on, baseShares(base, side, arm.prompts)]);
  return {
    ...differenceOfShares(grouped, resampling),
    count: on.reduce((a, b) => a + b, 0),
    of: on.length,
    base: groupedMeans(grouped)[1],
    prompts: grouped.counts.length,
  };
}

/**
 * Effect of every continuation, on the sides that are looked at. Both: half the distance between steering up and down,
 * (side at +r − side at −r)/2. One: whether it is on that side, less the share without steering.
 */
function effects(arm: Judged, base: Unsteered, sides: readonly Pole[]): number[] {
  if (sides.length === 2) return arm.up.map((up, k) => (up - arm.down[k]) / 2);
  const [side] = sides;
  const shares = baseShares(base, side, arm.prompts);
  return onSide(arm, side).map((on, k) => on - shares[k]);
}

/** Mean effect of an arm. */
export function effectOf(arm: Judged, base: Unsteered, sides: readonly Pole[]): number {
  const values = effects(arm, base, sides);
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Two arms on the continuations that both have: the k-th of each is of the same prompt and draws the same numbers. */
function paired(a: Judged, b: Judged, base: Unsteered, sides: readonly Pole[]): Grouped {
  const n = Math.min(a.prompts.length, b.prompts.length);
  if (a.prompts.slice(0, n).some((prompt, k) => prompt !== b.prompts[k]))
    throw new RangeError('Two arms that are compared must have written to the same prompts.');
  return groupValues(
    a.prompts.slice(0, n),
    [a, b].map((arm) => effects(arm, base, sides).slice(0, n)),
  );
}

/** Effect of one arm less that of another. */
export function differenceOfEffects(
  a: Judged,
  b: Judged,
  base: Unsteered,
  sides: readonly Pole[],
  resampling: Resampling,
): Interval {
  const grouped = paired(a, b, base, sides);
  if (grouped.counts.length > 1) return bootstrapGroups(grouped, ([x, y]) => x - y, resampling);
  const [x, y] = groupedMeans(grouped);
  return { estimate: x - y, low: NaN, high: NaN };
}

/** Effect of one arm as a share of another's, with Fieller's interval over prompts. */
export function ratioOfEffects(a: Judged, b: Judged, base: Unsteered, sides: readonly Pole[]): RatioEstimate {
  const grouped = paired(a, b, base, sides);
  const groups = grouped.counts.length;
  if (groups < 2) return { value: NaN, interval: null, g: NaN };
  const [x, y] = groupedMeans(grouped);
  const [[vx, xy], [, vy]] = groupedCovariance(grouped);
  return fiellerRatio(x, y, { a: vx, b: vy, ab: xy }, studentQuantile(0.975, groups - 1));
}

export type LiftAnswer = 'lifts' | 'none' | 'undecided';

/**
 * Whether a lift is shown (lower bound above 0, and at least `least`), excluded (upper bound below `least`), or neither.
 */
export function answerOf({ estimate, low, high }: Interval, least: number): LiftAnswer {
  if (low > 0 && estimate >= least) return 'lifts';
  return high < least ? 'none' : 'undecided';
}

/** Most prompts that are asked for: beyond it, "undecided" is the answer. */
const MOST_PROMPTS = 10_000;

/**
 * Further prompts after which an undecided lift would be decided if it stayed what it is: the half-width shrinks with the
 * root of their number. Null where more than ten thousand would be needed.
 */
export function morePrompts({ estimate, low, high, prompts }: Lift, least: number): number | null {
  const half = (high - low) / 2;
  const wanted = estimate >= least ? estimate : least - estimate;
  const needed = wanted > 0 ? Math.ceil(prompts * (half / wanted) ** 2) : Infinity;
  return needed > MOST_PROMPTS ? null : Math.max(1, needed - prompts);
}
