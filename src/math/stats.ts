/** Statistics of samples and the metrics between vectors. Everything is float64 and every random step is seeded. */
import type { MatrixLike } from './matrix';
import { Random } from './random';

/** An estimate with the ends of its interval. */
export interface Interval {
  estimate: number;
  low: number;
  high: number;
}

/** 97.5th percentile of the standard normal: two-sided 95 %. */
export const Z_95 = 1.959963984540054;

/** @throws RangeError on no values */
export function mean(values: ArrayLike<number>): number {
  needSome(values, 'mean');
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Sample variance (n − 1). @throws RangeError on fewer than two values */
export function variance(values: ArrayLike<number>): number {
  if (values.length < 2) throw new RangeError('A variance needs at least two values.');
  const m = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - m) ** 2;
  return sum / (values.length - 1);
}

/**
 * Quantile with linear interpolation (Hyndman & Fan type 7, as NumPy and R).
 * @throws RangeError on no values or q outside [0, 1]
 */
export function quantile(values: ArrayLike<number>, q: number): number {
  needSome(values, 'quantile');
  if (!(q >= 0 && q <= 1)) throw new RangeError(`A quantile needs 0 ≤ q ≤ 1, not ${q}.`);
  const sorted = Float64Array.from(values).sort();
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/**
 * Wilson score interval of a proportion (Wilson 1927).
 * @throws RangeError unless 0 ≤ successes ≤ trials and trials ≥ 1
 */
export function wilson(successes: number, trials: number, z = Z_95): Interval {
  if (!(trials >= 1) || successes < 0 || successes > trials)
    throw new RangeError(`Wilson interval: ${successes} of ${trials}.`);
  const p = successes / trials;
  const z2 = z * z;
  const centre = (p + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = (z / (1 + z2 / trials)) * Math.sqrt((p * (1 - p)) / trials + z2 / (4 * trials * trials));
  return {
    estimate: p,
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  };
}

export interface BootstrapOptions {
  /** Default 1000. */
  resamples?: number;
  /** Coverage of the interval; default 0.95. */
  level?: number;
  /** Default 1. */
  seed?: number;
}

/**
 * Percentile bootstrap (Efron 1979) over n items: the statistic sees the indices of
 * one resample. Resamples on which it is not finite (a ratio over 0, say) are left
 * out; with none left the ends are NaN.
 * @param statistic called once with 0 … n−1 for the estimate, then once a resample; the array is reused
 * @throws RangeError if n < 1 or the options make no sense
 */
export function bootstrap(
  n: number,
  statistic: (indices: Int32Array) => number,
  options: BootstrapOptions = {},
): Interval {
  const { resamples = 1000, level = 0.95, seed = 1 } = options;
  if (!Number.isInteger(n) || n < 1) throw new RangeError('A bootstrap needs at least one item.');
  if (!(level > 0 && level < 1) || resamples < 1)
    throw new RangeError(`Bootstrap: level ${level}, ${resamples} resamples.`);
  const random = new Random(seed);
  const indices = Int32Array.from({ length: n }, (_, i) => i);
  const estimate = statistic(indices);
  const found: number[] = [];
  for (let r = 0; r < resamples; r++) {
    for (let i = 0; i < n; i++) indices[i] = random.integer(n);
    const value = statistic(indices);
    if (Number.isFinite(value)) found.push(value);
  }
  if (found.length === 0) return { estimate, low: NaN, high: NaN };
  return { estimate, low: quantile(found, (1 - level) / 2), high: quantile(found, (1 + level) / 2) };
}

/** Bootstrap interval of the mean. */
export function bootstrapMean(values: ArrayLike<number>, options?: BootstrapOptions): Interval {
  return bootstrap(
    values.length,
    (indices) => {
      let sum = 0;
      for (const i of indices) sum += values[i];
      return sum / indices.length;
    },
    options,
  );
}

/** Pearson's r; NaN when either side is constant. @throws RangeError on different lengths or fewer than two pairs */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number {
  samePairs(x, y, 'Pearson');
  const mx = mean(x);
  const my = mean(y);
  let xy = 0,
    xx = 0,
    yy = 0;
  for (let i = 0; i < x.length; i++) {
    const a = x[i] - mx;
    const b = y[i] - my;
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return xx === 0 || yy === 0 ? NaN : Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}

/** Ranks from 1, ties sharing their mean rank. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const out = new Float64Array(values.length);
  for (let i = 0; i < order.length;) {
    let j = i;
    while (j + 1 < order.length && values[order[j + 1]] === values[order[i]]) j++;
    for (let k = i; k <= j; k++) out[order[k]] = (i + j) / 2 + 1;
    i = j + 1;
  }
  return out;
}

/** Spearman's ρ: Pearson's r of the ranks. */
export function spearman(x: ArrayLike<number>, y: ArrayLike<number>): number {
  samePairs(x, y, 'Spearman');
  return pearson(ranks(x), ranks(y));
}

/**
 * Area under the ROC curve: the chance that a positive scores above a negative, ties
 * counting half (Mann–Whitney). @throws RangeError if a side is empty
 */
export function auroc(positive: ArrayLike<number>, negative: ArrayLike<number>): number {
  needSome(positive, 'AUROC');
  needSome(negative, 'AUROC');
  const r = ranks([...Array.from(positive), ...Array.from(negative)]);
  let sum = 0;
  for (let i = 0; i < positive.length; i++) sum += r[i];
  return (sum - (positive.length * (positive.length + 1)) / 2) / (positive.length * negative.length);
}

/** Cohen's d with the pooled standard deviation; ±Infinity when both sides are constant and differ, 0 when they agree. */
export function cohensD(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const pooled = ((a.length - 1) * variance(a) + (b.length - 1) * variance(b)) / (a.length + b.length - 2);
  const difference = mean(a) - mean(b);
  return difference === 0 ? 0 : difference / Math.sqrt(pooled);
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`Vectors of ${a.length} and ${b.length} numbers.`);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** ‖v‖ */
export function norm(v: ArrayLike<number>): number {
  return Math.sqrt(dot(v, v));
}

/** cos(a, b); NaN when either vector is 0. @throws RangeError on different lengths */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const scale = norm(a) * norm(b);
  const value = dot(a, b);
  return scale === 0 ? NaN : Math.max(-1, Math.min(1, value / scale));
}

/** Half-width of the band that 95 % of the cosines with a random direction fall in: 1.96/√d. @throws RangeError unless d ≥ 1 */
export function chanceBand(dimension: number): number {
  if (!(dimension >= 1)) throw new RangeError(`A chance band needs d ≥ 1, not ${dimension}.`);
  return Z_95 / Math.sqrt(dimension);
}

/**
 * Mean over rows of cos(ŷᵢ − μ, yᵢ − μ). Never uncentred: states share a large mean
 * and an uncentred cosine near 1 proves nothing. Rows at μ exactly are left out.
 * @param about μ, usually the training mean of Y; length cols
 * @throws RangeError if the shapes differ
 */
export function centredCosine(predicted: MatrixLike, actual: MatrixLike, about: ArrayLike<number>): number {
  sameShape(predicted, actual, about);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < actual.rows; i++) {
    let ab = 0,
      aa = 0,
      bb = 0;
    for (let j = 0; j < actual.cols; j++) {
      const a = predicted.data[i * actual.cols + j] - about[j];
      const b = actual.data[i * actual.cols + j] - about[j];
      ab += a * b;
      aa += a * a;
      bb += b * b;
    }
    if (aa === 0 || bb === 0) continue;
    sum += ab / Math.sqrt(aa * bb);
    count++;
  }
  return count === 0 ? NaN : sum / count;
}

/**
 * R² = 1 − ‖Y − Ŷ‖²_F / ‖Y − 1·mean_train(Y)‖²_F.
 * @param trainMean mean of Y over the training rows; length cols
 * @throws RangeError if the shapes differ
 */
export function r2(predicted: MatrixLike, actual: MatrixLike, trainMean: ArrayLike<number>): number {
  sameShape(predicted, actual, trainMean);
  let residual = 0;
  let total = 0;
  for (let i = 0; i < actual.rows; i++) {
    for (let j = 0; j < actual.cols; j++) {
      const y = actual.data[i * actual.cols + j];
      residual += (y - predicted.data[i * actual.cols + j]) ** 2;
      total += (y - trainMean[j]) ** 2;
    }
  }
  return total === 0 ? NaN : 1 - residual / total;
}

function needSome(values: ArrayLike<number>, what: string): void {
  if (values.length === 0) throw new RangeError(`${what}: no values.`);
}

function samePairs(x: ArrayLike<number>, y: ArrayLike<number>, what: string): void {
  if (x.length !== y.length || x.length < 2)
    throw new RangeError(`${what}: ${x.length} against ${y.length} values; it needs at least two pairs.`);
}

function sameShape(a: MatrixLike, b: MatrixLike, about: ArrayLike<number>): void {
  if (a.rows !== b.rows || a.cols !== b.cols || about.length !== b.cols)
    throw new RangeError(`Shapes ${a.rows}×${a.cols}, ${b.rows}×${b.cols} and a mean of ${about.length} do not agree.`);
}
