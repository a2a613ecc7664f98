/** Principal components, from rows or from a covariance matrix. */
import { symmetricEigen } from './eigen';
import { centreColumns, columnMeans, matmulTN, type Matrix, type MatrixLike, transpose, zeros } from './matrix';

export interface Pca {
  /** Mean that was subtracted; length d. */
  mean: Float64Array;
  /**
   * k×d: row i is the unit direction of the i-th component, its largest element positive (so that a sign never flips
   * between runs).
   */
  components: Matrix;
  /** Variance along each component (divided by n); length k. */
  variances: Float64Array;
  /** Variance over all d dimensions; variances[i] / total is the explained share. */
  total: number;
}

/**
 * The first k principal components of n×d rows. Uses the n×n Gram matrix when n < d,
 * which is the case of a few hundred pair differences in a wide model.
 * @throws RangeError unless 1 ≤ k ≤ min(n, d)
 */
export function pca(rows: MatrixLike, k: number): Pca {
  const { rows: n, cols: d } = rows;
  checkCount(k, Math.min(n, d));
  const mean = columnMeans(rows);
  const X = centreColumns(rows, mean);
  if (n >= d) return pcaFromCovariance(scaled(matmulTN(X, X), 1 / n), k, mean);
  const Xt = transpose(X);
  const { values, vectors } = symmetricEigen(scaled(matmulTN(Xt, Xt), 1 / n));
  const components = zeros(k, d);
  const variances = new Float64Array(k);
  let total = 0;
  for (const value of values) total += Math.max(0, value);
  for (let c = 0; c < k; c++) {
    variances[c] = Math.max(0, values[c]);
    const out = components.data.subarray(c * d, (c + 1) * d);
    for (let i = 0; i < n; i++) {
      const weight = vectors.data[c * n + i];
      for (let j = 0; j < d; j++) out[j] += weight * X.data[i * d + j];
    }
    normalise(out);
  }
  return { mean, components, variances, total };
}

/**
 * The first k principal components of a d×d covariance.
 * @throws RangeError unless 1 ≤ k ≤ d
 */
export function pcaFromCovariance(
  covariance: MatrixLike,
  k: number,
  mean: Float64Array = new Float64Array(covariance.rows),
): Pca {
  const d = covariance.rows;
  checkCount(k, d);
  const { values, vectors } = symmetricEigen(covariance);
  const components = zeros(k, d);
  components.data.set(vectors.data.subarray(0, k * d));
  for (let c = 0; c < k; c++) normalise(components.data.subarray(c * d, (c + 1) * d));
  let total = 0;
  for (let i = 0; i < d; i++) total += covariance.data[i * d + i];
  return { mean, components, variances: values.slice(0, k).map((v) => Math.max(0, v)), total };
}

function checkCount(k: number, most: number): void {
  if (!Number.isInteger(k) || k < 1 || k > most)
    throw new RangeError(`PCA can give 1 to ${most} components here, not ${k}.`);
}

function scaled(m: Matrix, factor: number): Matrix {
  for (let i = 0; i < m.data.length; i++) m.data[i] *= factor;
  return m;
}

function normalise(v: Float64Array): void {
  let square = 0;
  let largest = 0;
  for (const x of v) {
    square += x * x;
    if (Math.abs(x) > Math.abs(largest)) largest = x;
  }
  if (square === 0) return;
  const factor = Math.sign(largest) / Math.sqrt(square);
  for (let i = 0; i < v.length; i++) v[i] *= factor;
}
