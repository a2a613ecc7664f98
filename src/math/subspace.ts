/**
 * Subspace iteration in float64 (Golub & Van Loan, section 8.2.4), and the Rayleigh–Ritz step that ends one.
 *
 * It finds the few massive directions of a matrix, which are what float32 products cannot carry beside the rest: all
 * below 2⁻²⁴ of the largest value is lost in rounding. Taken out beforehand, the rest has that whole range to itself.
 * Only products with 16 columns: little beside what the GPU does.
 */
import { svd, symmetricEigen } from './eigen';
import { matmul, matmulTN, type Matrix, transpose } from './matrix';
import { orthonormalBasis } from './orthonormal';
import { Random } from './random';

/** Called between two steps: lets messages through, and throws where the work is to stop. */
export type Pause = () => Promise<void>;

/** More than the massive directions of known models; the cost grows with it. */
const CANDIDATES = 16;
const STEPS = 6;
/**
 * A direction has converged when its residual is this share of the smallest candidate: below float32's rounding of the
 * rest.
 */
const CONVERGED = 1e-8;

export interface LeadingTriplets {
  /** d×k and m×k, orthonormal columns; k may be 0. */
  U: Matrix;
  V: Matrix;
  /** Descending. */
  values: Float64Array;
}

/**
 * The singular triplets of A (d×m) that stand out far enough to converge in a few steps
 * of subspace iteration; the many small directions behind them are left.
 * @throws whatever `pause` does
 */
export async function leadingTriplets(A: Matrix, pause: Pause): Promise<LeadingTriplets> {
  const V = await leadingSubspace((X) => matmulTN(A, orthonormalBasis(matmul(A, X))), A.cols, pause);
  const U = orthonormalBasis(matmul(A, V));
  const core = svd(matmulTN(U, A)); // one-sided Jacobi: accurate in the small ones beside the large
  const u = matmul(U, core.U);
  const v = transpose(core.Vt);
  const q = core.values.length;
  const Av = matmul(A, v);
  let k = 0;
  for (; k < q; k++) {
    let sum = 0;
    for (let i = 0; i < A.rows; i++) sum += (Av.data[i * q + k] - core.values[k] * u.data[i * q + k]) ** 2;
    if (Math.sqrt(sum) > CONVERGED * core.values[q - 1]) break;
  }
  return { U: firstColumns(u, k), V: firstColumns(v, k), values: core.values.slice(0, k) };
}

/**
 * An orthonormal basis that holds the massive directions of an operator, from a seeded start.
 * @param apply X ↦ A·X for a symmetric positive semidefinite n×n A (or anything with the range of it)
 * @returns n×q, q at most 16
 * @throws whatever `pause` does
 */
export async function leadingSubspace(apply: (X: Matrix) => Matrix, n: number, pause: Pause): Promise<Matrix> {
  const q = Math.min(n, CANDIDATES);
  let V: Matrix = orthonormalBasis({ rows: n, cols: q, data: new Random(1).normals(n * q) });
  for (let step = 0; step < STEPS && V.cols > 0; step++) {
    await pause();
    V = orthonormalBasis(apply(V));
  }
  return V;
}

/** Eigenvalues and eigenvectors of a symmetric A within the span of some columns. */
export interface RitzPairs {
  /** Descending; one a column. */
  values: Float64Array;
  /** n×q: unit vectors, in the order of the values. */
  vectors: Matrix;
  /** n×q: A times each of them. */
  images: Matrix;
}

/** Rayleigh–Ritz: from orthonormal columns V and A·V, both n×q. */
export function rayleighRitz(V: Matrix, AV: Matrix): RitzPairs {
  const q = V.cols;
  const H = matmulTN(V, AV);
  for (let i = 0; i < q; i++)
    for (let j = 0; j < i; j++) H.data[i * q + j] = H.data[j * q + i] = (H.data[i * q + j] + H.data[j * q + i]) / 2;
  const { values, vectors } = symmetricEigen(H);
  const turn = transpose(vectors); // its rows were the eigenvectors
  return { values, vectors: matmul(V, turn), images: matmul(AV, turn) };
}

/** A·(I − V Vᵀ) for orthonormal columns: A is d×m, V m×k. */
export function withoutColumns(A: Matrix, V: Matrix): Matrix {
  const along = matmul(matmul(A, V), transpose(V));
  return { ...A, data: A.data.map((x, i) => x - along.data[i]) };
}

function firstColumns(A: Matrix, k: number): Matrix {
  const data = new Float64Array(A.rows * k);
  for (let i = 0; i < A.rows; i++) data.set(A.data.subarray(i * A.cols, i * A.cols + k), i * k);
  return { rows: A.rows, cols: k, data };
}
