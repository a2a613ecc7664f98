/**
 * Linear centred kernel alignment (Kornblith, Norouzi, Lee & Hinton 2019, eq. 3):
 * CKA = ‖YcᵀXc‖²_F / (‖XcᵀXc‖_F ‖YcᵀYc‖_F). 1 for representations equal up to
 * rotation and one scale, 0 for uncorrelated ones.
 *
 * With few rows for its width that estimate is too high: of n random rows of width d it tends to d/n and more. The
 * debiased one (below) puts the unbiased estimator of HSIC (Song et al. 2012, eq. 5) into its place, as Kornblith et
 * al. and Nguyen, Raghu & Kornblith 2021 do: 0 in the mean for unrelated rows, whatever their number.
 */
import { centreColumns } from './matrix';

/** From the Frobenius norms of the centred moments st, ss and tt, all divided by the same n. */
export function ckaFromNorms(cross: number, source: number, target: number): number {
  return source === 0 || target === 0 ? NaN : (cross * cross) / (source * target);
}

/** ‖YcᵀYc‖_F / n from the upper part of a shifted Gram matrix. */
export function centredNorm(gram: Float64Array, ld: number, width: number, sums: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) {
    for (let j = i; j < width; j++) {
      const v = (gram[i * ld + j] - (sums[i] * sums[j]) / n) / n;
      sum += (i === j ? 1 : 2) * v * v;
    }
  }
  return Math.sqrt(sum);
}

/**
 * The Gram matrix of rows about their mean, made ready for the debiased CKA: without its diagonal, and U-centred
 * (Székely & Rizzo 2014, definition 2), so that the unbiased HSIC of two representations is the mean product of such
 * matrices.
 * @param data n×width, row-major; n ≥ 4
 * @returns the part above the diagonal, row by row: n(n − 1)/2
 */
export function unbiasedGram(data: Float32Array, width: number): Float64Array {
  const n = data.length / width;
  if (!Number.isInteger(n) || n < 4) throw new RangeError(`The debiased CKA needs at least four whole rows, not ${n}.`);
  const X = centreColumns({ rows: n, cols: width, data }).data;
  const gram = new Float64Array((n * (n - 1)) / 2);
  const sums = new Float64Array(n);
  let at = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      let product = 0;
      for (let d = 0, a = i * width, b = j * width; d < width; d++) product += X[a++] * X[b++];
      gram[at++] = product;
      sums[i] += product;
      sums[j] += product;
    }
  }
  const all = sums.reduce((a, b) => a + b, 0) / ((n - 1) * (n - 2));
  at = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) gram[at++] += all - (sums[i] + sums[j]) / (n - 2);
  return gram;
}

/**
 * Debiased linear CKA of two representations of the same rows, from their `unbiasedGram`s. At most 1; NaN where a side
 * is constant.
 */
export function debiasedCka(a: Float64Array, b: Float64Array): number {
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return aa === 0 || bb === 0 ? NaN : ab / Math.sqrt(aa * bb);
}
