/**
 * Means of values that come in groups, and their uncertainty when the group is the unit of resampling: several
 * continuations of one prompt are alike, so prompts are drawn again, not continuations.
 */
import { newcombe } from './newcombe';
import { normalCdf, studentQuantile } from './distributions';
import { Random } from './random';
import { quantile, wilson, type Interval } from './stats';

/** Sums of one or more series of values by group; a group without a value is left out. */
export interface Grouped {
  /** Values in each group. */
  counts: number[];
  /** Sum of each series in each group, [series][group]. */
  sums: number[][];
}

/**
 * @param groupOf the group of each value, a whole number from 0 on
 * @param series values, each list as long as `groupOf`
 * @throws RangeError on no values or lists of other lengths
 */
export function groupValues(groupOf: ArrayLike<number>, series: readonly ArrayLike<number>[]): Grouped {
  if (groupOf.length === 0 || series.some(({ length }) => length !== groupOf.length))
    throw new RangeError(
      `Groups of ${groupOf.length} values, and series of ${series.map((s) => s.length).join(', ')}.`,
    );
  const place = new Map<number, number>();
  const counts: number[] = [];
  const sums: number[][] = series.map(() => []);
  for (let i = 0; i < groupOf.length; i++) {
    let at = place.get(groupOf[i]);
    if (at === undefined) {
      at = counts.push(0) - 1;
      place.set(groupOf[i], at);
      for (const own of sums) own.push(0);
    }
    counts[at]++;
    for (let s = 0; s < series.length; s++) sums[s][at] += series[s][i];
  }
  return { counts, sums };
}

/** Mean of each series over all values. */
export function groupedMeans({ counts, sums }: Grouped): number[] {
  const n = counts.reduce((a, b) => a + b, 0);
  return sums.map((own) => own.reduce((a, b) => a + b, 0) / n);
}

/**
 * Covariance of the means over all values, by linearisation with the group as unit (the ratio estimator of cluster
 * sampling: Cochran 1977, §6.3): J/(J−1) · Σ_j (S_aj − m_a·n_j)(S_bj − m_b·n_j) / N². NaN for a single group.
 */
export function groupedCovariance(grouped: Grouped): number[][] {
  const { counts, sums } = grouped;
  const J = counts.length;
  const N = counts.reduce((a, b) => a + b, 0);
  const means = groupedMeans(grouped);
  const scale = J > 1 ? J / (J - 1) / N ** 2 : NaN;
  return sums.map((a, s) =>
    sums.map((b, t) => {
      let sum = 0;
      for (let j = 0; j < J; j++) sum += (a[j] - means[s] * counts[j]) * (b[j] - means[t] * counts[j]);
      return sum * scale;
    }),
  );
}

export interface GroupedBootstrapOptions {
  /** Default 1,000. */
  resamples?: number;
  /** Coverage; default 0.95. */
  level?: number;
  /** Default 1. */
  seed?: number;
}

/**
 * Bootstrap over groups with expanded percentiles (Hesterberg 2015, “What teachers should know about the bootstrap”): the
 * percentile interval of J groups is too narrow by √((J−1)/J) and by normal in place of Student quantiles, and is read at
 * percentiles that make up for both. Resamples on which the statistic is not finite are left out.
 * @param statistic of the means of the series
 * @throws RangeError for fewer than two groups
 */
export function bootstrapGroups(
  grouped: Grouped,
  statistic: (means: readonly number[]) => number,
  { resamples = 1000, level = 0.95, seed = 1 }: GroupedBootstrapOptions = {},
): Interval {
  const { counts, sums } = grouped;
  const J = counts.length;
  if (J < 2) throw new RangeError('A bootstrap over groups needs at least two.');
  const random = new Random(seed);
  const found: number[] = [];
  const means = sums.map(() => 0);
  for (let r = 0; r < resamples; r++) {
    let n = 0;
    means.fill(0);
    for (let k = 0; k < J; k++) {
      const j = random.integer(J);
      n += counts[j];
      for (let s = 0; s < sums.length; s++) means[s] += sums[s][j];
    }
    for (let s = 0; s < means.length; s++) means[s] /= n;
    const value = statistic(means);
    if (Number.isFinite(value)) found.push(value);
  }
  const estimate = statistic(groupedMeans(grouped));
  if (found.length === 0) return { estimate, low: NaN, high: NaN };
  const tail = normalCdf(-studentQuantile((1 + level) / 2, J - 1) * Math.sqrt(J / (J - 1)));
  return { estimate, low: quantile(found, tail), high: quantile(found, 1 - tail) };
}

/** Fewest groups whose bootstrap is believed. */
const FEW_GROUPS = 10;

/**
 * Difference of two shares on the same groups, first less second. Bootstrap over groups; for fewer than ten groups, and
 * where every group shows the same difference (a bootstrap would give an interval of no width), Newcombe's interval with
 * as many trials as there are groups.
 * @param grouped two series of shares
 */
export function differenceOfShares(grouped: Grouped, options?: GroupedBootstrapOptions): Interval {
  const { counts, sums } = grouped;
  const [first, second] = groupedMeans(grouped);
  const J = counts.length;
  const apart = counts.map((n, j) => (sums[0][j] - sums[1][j]) / n);
  if (J >= FEW_GROUPS && apart.some((x) => Math.abs(x - apart[0]) > 1e-12))
    return bootstrapGroups(grouped, ([a, b]) => a - b, options);
  return newcombe(first * J, J, second * J, J);
}

/**
 * A share of trials that come from a few draws, the draw being the unit: draws of a control differ among themselves, and
 * trials pooled over them would say too much. Student's interval of the linearised variance, and never a narrower one than
 * Wilson's of all trials.
 * @param drawOf the draw of each trial @param on 1 or 0
 */
export function shareOverDraws(drawOf: ArrayLike<number>, on: ArrayLike<number>): Interval {
  const grouped = groupValues(drawOf, [on]);
  const [estimate] = groupedMeans(grouped);
  const all = wilson(
    grouped.sums[0].reduce((a, b) => a + b, 0),
    on.length,
  );
  const draws = grouped.counts.length;
  if (draws < 2) return all;
  const [[variance]] = groupedCovariance(grouped);
  const half = studentQuantile(0.975, draws - 1) * Math.sqrt(variance);
  return {
    estimate,
    low: Math.max(0, Math.min(all.low, estimate - half)),
    high: Math.min(1, Math.max(all.high, estimate + half)),
  };
}
