/**
 * The first few principal components of wide rows, without the other hundreds: the covariance by float32 products, then
 * subspace iteration in float64. All eigenvectors of a 576×576 covariance take seconds in float64; two take a fraction.
 */
import { NonFiniteError } from '../math/errors';
import { columnMeans, matmul, type Matrix, zeros } from '../math/matrix';
import { orthonormalBasis } from '../math/orthonormal';
import { type Pca, pcaFromCovariance } from '../math/pca';
import type { Products } from './products';
import { Random } from '../math/random';
import { rayleighRitz } from '../math/subspace';

/** Rows of a float32 product; their sums are added up in float64. */
const FOLD_ROWS = 512;
/** Columns of the iteration beyond those asked for: convergence goes with the first eigenvalue left out. */
const OVERSAMPLING = 8;
const MAX_STEPS = 200;
/** Steps between two looks. */
const CHECK_EVERY = 5;
/** Length of C·v − λ·v over the largest eigenvalue. A tenth of what float32 leaves of the covariance. */
const CONVERGED = 1e-8;

/**
 * @param rows n×d @returns as `pca` gives it; variances to float32's rounding of the largest
 * @throws RangeError unless 1 ≤ k ≤ d, or if the rows are not finite
 */
export async function leadingPca(rows: Float32Array, d: number, k: number, products: Products): Promise<Pca> {
  if (!Number.isInteger(k) || k < 1 || k > d) throw new RangeError(`PCA can give 1 to ${d} components here, not ${k}.`);
  const n = rows.length / d;
  const mean = columnMeans({ rows: n, cols: d, data: rows });
  const C = await covariance(rows, n, d, mean, products);
  if (!C.data.every(Number.isFinite)) throw new NonFiniteError('The rows are not finite.');
  const q = Math.min(d, k + OVERSAMPLING);
  let V = orthonormalBasis({ rows: d, cols: q, data: new Random(1).normals(d * q) });
  for (let step = 1; step <= MAX_STEPS; step++) {
    const CV = matmul(C, V);
    if (step % CHECK_EVERY === 0 && V.cols >= k) {
      const { values, vectors, images } = rayleighRitz(V, CV);
      if (converged(images, vectors, values, k)) return result(C, vectors, values, k, mean);
    }
    V = orthonormalBasis(CV);
  }
  // Eigenvalues that lie too close for the iteration: all of them, at their price.
  return pcaFromCovariance(C, k, mean);
}

async function covariance(
  rows: Float32Array,
  n: number,
  d: number,
  mean: Float64Array,
  products: Products,
): Promise<Matrix> {
  const out = zeros(d, d);
  for (let first = 0; first < n; first += FOLD_ROWS) {
    const count = Math.min(FOLD_ROWS, n - first);
    const X = Float32Array.from(rows.subarray(first * d, (first + count) * d), (x, i) => x - mean[i % d]);
    const product = await products.atb(X, count, d, X, d);
    for (let i = 0; i < product.length; i++) out.data[i] += product[i] / n;
  }
  return out;
}

function converged(moved: Matrix, V: Matrix, values: Float64Array, k: number): boolean {
  const q = V.cols;
  for (let c = 0; c < k; c++) {
    let square = 0;
    for (let i = 0; i < V.rows; i++) square += (moved.data[i * q + c] - values[c] * V.data[i * q + c]) ** 2;
    if (!(Math.sqrt(square) <= CONVERGED * values[0])) return false;
  }
  return true;
}

function result(C: Matrix, V: Matrix, values: Float64Array, k: number, mean: Float64Array): Pca {
  const d = V.rows;
  const components = zeros(k, d);
  for (let c = 0; c < k; c++) {
    const out = components.data.subarray(c * d, (c + 1) * d);
    for (let i = 0; i < d; i++) out[i] = V.data[i * V.cols + c];
    // The sign of `pca`: the largest element is positive.
    if (out.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)) < 0) for (let i = 0; i < d; i++) out[i] = -out[i];
  }
  let total = 0;
  for (let i = 0; i < d; i++) total += C.data[i * d + i];
  return { mean, components, variances: values.slice(0, k).map((v) => Math.max(0, v)), total };
}
