/**
 * The few massive directions of a matrix, in float64 on the CPU. They are what float32
 * products cannot carry beside the rest: all below 2⁻²⁴ of the largest value is lost in
 * rounding. Taken out beforehand, the rest has that whole range to itself. Only products
 * with 16 columns: little beside what the GPU does.
 */
import { throwIfAborted } from '../experiment/errors';
import { svd } from '../math/eigen';
import { matmul, matmulTN, type Matrix, transpose } from '../math/matrix';
import { orthonormalBasis } from '../math/orthonormal';
import { Random } from '../math/random';

/** More than the massive directions of known models; the cost grows with it. */
const CANDIDATES = 16;
const STEPS = 6;
/** A direction has converged when its residual is this share of the smallest candidate: below float32's rounding of the rest. */
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
 * @throws LabError cancelled
 */
export async function leadingTriplets(A: Matrix, signal?: AbortSignal): Promise<LeadingTriplets> {
  const V = await leadingSubspace((X) => matmulTN(A, orthonormalBasis(matmul(A, X))), A.cols, signal);
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
 * An orthonormal basis that holds the massive directions of an operator, by subspace
 * iteration (Golub & Van Loan, section 8.2.4) from a seeded start.
 * @param apply X ↦ A·X for a symmetric positive semidefinite n×n A (or anything with the range of it)
 * @returns n×q, q at most 16
 * @throws LabError cancelled
 */
export async function leadingSubspace(apply: (X: Matrix) => Matrix, n: number, signal?: AbortSignal): Promise<Matrix> {
  const q = Math.min(n, CANDIDATES);
  let V: Matrix = orthonormalBasis({ rows: n, cols: q, data: new Random(1).normals(n * q) });
  for (let step = 0; step < STEPS && V.cols > 0; step++) {
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    throwIfAborted(signal);
    V = orthonormalBasis(apply(V));
  }
  return V;
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
