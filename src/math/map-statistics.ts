/**
 * What a map is made of and where it predicts: statistics of its held-out R² per target
 * dimension, and of its spectrum.
 */
import { cholesky } from './cholesky';
import { yieldToEventLoop, symmetricEigenvalues } from './eigenvalues';
import { matmul, matmulTN, type Matrix, type MatrixLike, transpose, zeros } from './matrix';
import type { PairMoments } from './moments';

/** 0, 1, 2, 4, 8, … up to half of the target dimensions. */
export function topCounts(targetWidth: number): number[] {
  const counts = [0];
  for (let k = 1; k <= targetWidth / 2; k *= 2) counts.push(k);
  return counts;
}

/**
 * R² over all but the k target dimensions of the greatest held-out variance, for each k:
 * 1 − Σ SSE_j / Σ SST_j over the rest, with SSE_j = (1 − R²_j) SST_j. Where the pooled R²
 * is the work of one massive dimension it falls at the first step.
 * @param perDimension dT: held-out R² per target dimension, NaN where it is constant
 * @param targetVariance dT: held-out total squares per dimension about the training mean, in any one unit
 *   (`PairMoments.tt`)
 * @param ks how many to leave out; default `topCounts(dT)`
 * @returns one R² per k; NaN where no dimension that varies remains
 * @throws RangeError if the lengths differ, a variance is negative or not finite, or a k is not 0 … dT
 */
export function r2WithoutTop(
  perDimension: ArrayLike<number>,
  targetVariance: ArrayLike<number>,
  ks: readonly number[] = topCounts(perDimension.length),
): number[] {
  const m = perDimension.length;
  if (targetVariance.length !== m)
    throw new RangeError(`${m} dimensions have R² and ${targetVariance.length} a variance.`);
  for (let j = 0; j < m; j++)
    if (!(targetVariance[j] >= 0) || !Number.isFinite(targetVariance[j]))
      throw new RangeError(`The variance of dimension ${j} must be a number of at least 0, not ${targetVariance[j]}.`);
  for (const k of ks)
    if (!Number.isInteger(k) || k < 0 || k > m) throw new RangeError(`0 to ${m} dimensions can be left out, not ${k}.`);
  const order = Array.from({ length: m }, (_, j) => j).sort((a, b) => targetVariance[b] - targetVariance[a]);
  // Summed from the smallest on, so that the massive ones cost the rest no digits.
  const from = new Float64Array(m + 1).fill(NaN);
  let residual = 0;
  let total = 0;
  for (let at = m - 1; at >= 0; at--) {
    const variance = targetVariance[order[at]];
    if (variance > 0) {
      residual += (1 - perDimension[order[at]]) * variance;
      total += variance;
    }
    from[at] = total > 0 ? 1 - residual / total : NaN;
  }
  return ks.map((k) => from[k]);
}

export interface R2Histogram {
  /** bins + 1 edges from `low` to 1. */
  edges: number[];
  /** Dimensions per bin; those below `low` are in the first. */
  counts: number[];
  /** How many of the first bin lie below `low`: R² has no lower bound. */
  clipped: number;
  /** Constant dimensions, in no bin. */
  constant: number;
}

/**
 * Counts of the R² per dimension in equal bins up to 1, the last one closed.
 * @throws RangeError unless bins ≥ 1 and low < 1
 */
export function r2Histogram(perDimension: ArrayLike<number>, bins = 24, low = -0.2): R2Histogram {
  if (!Number.isInteger(bins) || bins < 1) throw new RangeError(`A histogram needs at least one bin, not ${bins}.`);
  if (!(low < 1) || !Number.isFinite(low))
    throw new RangeError(`The low end of a histogram of R² must lie below 1, not at ${low}.`);
  const counts = Array.from({ length: bins }, () => 0);
  let clipped = 0;
  let constant = 0;
  for (let j = 0; j < perDimension.length; j++) {
    const x = perDimension[j];
    if (Number.isNaN(x)) constant++;
    else {
      if (x < low) clipped++;
      counts[Math.max(0, Math.min(bins - 1, Math.floor(((x - low) / (1 - low)) * bins)))]++;
    }
  }
  return { edges: Array.from({ length: bins + 1 }, (_, i) => low + ((1 - low) * i) / bins), counts, clipped, constant };
}

/**
 * Singular values of W: the gain of each direction in raw coordinates. Massive columns
 * rule it, for it depends on the units of every coordinate; `metricSpectrum` does not.
 * Through the eigenvalues of the smaller Gram matrix, in float64: a tenth of the time of
 * an SVD, for half of its digits, which is what a float32 W has. Values up to √(n·2⁻⁵²)·σ₁
 * are rounding and come out as 0.
 * @param W dS×dT
 * @returns min(dS, dT) values, descending
 * @throws RangeError if W is not finite; AbortError
 */
export async function mapSpectrum(W: MatrixLike, signal?: AbortSignal): Promise<Float64Array> {
  const tall = W.rows < W.cols ? transpose(W) : W;
  return roots(await symmetricEigenvalues(await gram(tall, signal), signal));
}

/**
 * Spectrum of the map in the metric of its predictions: singular values of
 * ss^½ W diag(tt)^−½ over the training rows, that is the standard deviations of the
 * predicted states along their principal axes with every target dimension in units of its
 * own deviation. The sum of the squares over dT is the mean share of variance predicted.
 * It is the same in any units or (invertible) coordinates of the source and any units of
 * the target, so this is the one to draw; its effective rank counts the independent
 * directions that the map carries over. Constant target dimensions are left out.
 * @returns min(dS, dT) values, descending; those that are rounding are 0
 * @throws RangeError if W does not fit the moments or is not finite; AbortError
 */
export async function metricSpectrum(
  W: MatrixLike,
  { ss, tt }: PairMoments,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { rows: d, cols: m } = W;
  if (ss.rows !== d || tt.length !== m)
    throw new RangeError(`A ${d}×${m} map does not fit moments of ${ss.rows}×${tt.length}.`);
  // Standardised on both sides first, so that no scale costs digits.
  const deviation = Float64Array.from({ length: d }, (_, i) => Math.sqrt(ss.data[i * d + i]));
  const weights = zeros(d, m);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < m; j++)
      weights.data[i * m + j] = tt[j] > 0 ? (W.data[i * m + j] * deviation[i]) / Math.sqrt(tt[j]) : 0;
  const correlation = zeros(d, d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      const size = deviation[i] * deviation[j];
      correlation.data[i * d + j] = size > 0 ? ss.data[i * d + j] / size : 0;
    }
    // A semidefinite matrix of float64's rounding would stop Cholesky: this is the size of that rounding.
    correlation.data[i * d + i] = (deviation[i] > 0 ? 1 : 0) + 8 * d * Number.EPSILON;
  }
  await yieldToEventLoop(signal);
  const { U } = cholesky(correlation);
  await yieldToEventLoop(signal);
  const F = matmul(U, weights); // FᵀF = Wᵀ ss W
  return roots(await symmetricEigenvalues(await gram(d < m ? transpose(F) : F, signal), signal));
}

/**
 * Effective rank (Roy & Vetterli 2007): exp of the entropy of the normalised singular
 * values. n for n equal ones, 1 for a single one, NaN for none above 0.
 * @throws RangeError if a value is negative or not finite
 */
export function effectiveRank(singularValues: ArrayLike<number>): number {
  const total = checkedSum(singularValues);
  let entropy = 0;
  for (let i = 0; i < singularValues.length; i++) {
    const share = singularValues[i] / total;
    if (share > 0) entropy -= share * Math.log(share);
  }
  return total > 0 ? Math.exp(entropy) : NaN;
}

function checkedSum(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] >= 0) || !Number.isFinite(values[i]))
      throw new RangeError(`A singular value must be a number of at least 0, not ${values[i]}.`);
    sum += values[i];
  }
  return sum;
}

/** Square roots of a Gram matrix's eigenvalues; 0 for what is rounding. */
function roots(eigenvalues: Float64Array): Float64Array {
  const noise = eigenvalues.length > 0 ? eigenvalues.length * Number.EPSILON * eigenvalues[0] : 0;
  return eigenvalues.map((x) => (x > noise ? Math.sqrt(x) : 0));
}

/** AᵀA for an n×k A, a band of columns between two points to stop at. */
async function gram(A: MatrixLike, signal?: AbortSignal): Promise<Matrix> {
  const { rows: n, cols: k } = A;
  const out = zeros(k, k);
  const width = Math.max(8, Math.ceil(2e8 / Math.max(1, n * k)));
  for (let first = 0; first < k; first += width) {
    await yieldToEventLoop(signal);
    const count = Math.min(width, k - first);
    const band = zeros(n, count);
    for (let r = 0; r < n; r++) for (let c = 0; c < count; c++) band.data[r * count + c] = A.data[r * k + first + c];
    const product = matmulTN(band, A);
    out.data.set(product.data, first * k);
  }
  return out;
}
