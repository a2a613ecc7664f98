/**
 * Cholesky factorisation and its solves (the method), and Householder least
 * squares (the truth that the method is measured against).
 */
import { checkMatrix, type Matrix, type MatrixLike, zeros } from './matrix';

/** A = UᵀU with U upper triangular. */
export interface CholeskyFactor {
  /** d×d; the part below the diagonal is 0. */
  U: Matrix;
  /** Pivots that were not safely positive. When > 0 the factor is not one of A and no solution from it means anything. */
  badPivots: number;
}

/**
 * Factorises a symmetric matrix of which the upper triangle is read.
 * A pivot is bad when it is not above `tolerance` times its diagonal element
 * (default d·2⁻⁵², the size of its own rounding error). A bad pivot is set to 1:
 * it is counted and must be acted upon, never hidden by a tiny value.
 * @throws RangeError if A is not square
 */
export function cholesky(A: MatrixLike, tolerance = A.rows * Number.EPSILON): CholeskyFactor {
  checkMatrix(A, 'A');
  if (A.rows !== A.cols) throw new RangeError(`Cholesky needs a square matrix, not ${A.rows}×${A.cols}.`);
  const d = A.rows;
  const U = zeros(d, d);
  const u = U.data;
  for (let i = 0; i < d; i++) for (let j = i; j < d; j++) u[i * d + j] = A.data[i * d + j];
  let badPivots = 0;
  for (let k = 0; k < d; k++) {
    let pivot = u[k * d + k];
    if (!(pivot > tolerance * A.data[k * d + k])) {
      badPivots++;
      pivot = 1;
    }
    const root = Math.sqrt(pivot);
    u[k * d + k] = root;
    for (let j = k + 1; j < d; j++) u[k * d + j] /= root;
    for (let i = k + 1; i < d; i++) {
      const f = u[k * d + i];
      if (f === 0) continue;
      const row = i * d;
      const top = k * d;
      for (let j = i; j < d; j++) u[row + j] -= f * u[top + j];
    }
  }
  return { U, badPivots };
}

/** Solves Uᵀ Z = B in place; B is d×m. */
export function solveForward(U: Matrix, B: Matrix): Matrix {
  checkSolve(U, B);
  const d = U.rows;
  const m = B.cols;
  for (let i = 0; i < d; i++) {
    const row = i * m;
    const inverse = 1 / U.data[i * d + i];
    for (let j = 0; j < m; j++) B.data[row + j] *= inverse;
    for (let r = i + 1; r < d; r++) axpy(B.data, r * m, row, m, U.data[i * d + r]);
  }
  return B;
}

/** Solves U Z = B in place; B is d×m. */
export function solveBackward(U: Matrix, B: Matrix): Matrix {
  checkSolve(U, B);
  const d = U.rows;
  const m = B.cols;
  for (let i = d - 1; i >= 0; i--) {
    const row = i * m;
    for (let r = i + 1; r < d; r++) axpy(B.data, row, r * m, m, U.data[i * d + r]);
    const inverse = 1 / U.data[i * d + i];
    for (let j = 0; j < m; j++) B.data[row + j] *= inverse;
  }
  return B;
}

/** A⁻¹B from A's factor: B (d×m) is left as it is. */
export function choleskySolve(factor: CholeskyFactor, B: MatrixLike): Matrix {
  const copy: Matrix = { rows: B.rows, cols: B.cols, data: Float64Array.from(B.data) };
  return solveBackward(factor.U, solveForward(factor.U, copy));
}

/** data[to…] −= f · data[from…] */
function axpy(data: Float64Array, to: number, from: number, count: number, f: number): void {
  if (f === 0) return;
  for (let j = 0; j < count; j++) data[to + j] -= f * data[from + j];
}

function checkSolve(U: Matrix, B: Matrix): void {
  if (U.rows !== U.cols || U.rows !== B.rows)
    throw new RangeError(`A ${U.rows}×${U.cols} factor cannot solve for ${B.rows} rows.`);
}

/**
 * argmin_W ‖A W − B‖_F by Householder QR (Golub & Van Loan, algorithm 5.3.2).
 * A is n×d with n ≥ d, B is n×m, W is d×m. Error ~ κ(A)·ε where the normal
 * equations have κ(A)²·ε: slow, and used as the truth in tests and audits.
 * @throws RangeError on shapes that do not fit or a column that depends on the others
 */
export function leastSquaresQR(A: MatrixLike, B: MatrixLike): Matrix {
  checkMatrix(A, 'A');
  checkMatrix(B, 'B');
  const n = A.rows;
  const d = A.cols;
  const m = B.cols;
  if (B.rows !== n || n < d) throw new RangeError(`Least squares: A is ${n}×${d}, B has ${B.rows} rows.`);
  // Columns are contiguous here: every reflection walks down columns.
  const columns = new Float64Array((d + m) * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) columns[j * n + i] = A.data[i * d + j];
    for (let j = 0; j < m; j++) columns[(d + j) * n + i] = B.data[i * m + j];
  }
  const diagonal = new Float64Array(d);
  let largest = 0;
  for (let k = 0; k < d; k++) {
    const v = columns.subarray(k * n, (k + 1) * n);
    let norm = 0;
    for (let i = k; i < n; i++) norm += v[i] * v[i];
    norm = Math.sqrt(norm);
    largest = Math.max(largest, norm);
    if (!(norm > largest * n * Number.EPSILON))
      throw new RangeError(`Least squares: column ${k} depends on the columns before it.`);
    const alpha = v[k] > 0 ? -norm : norm;
    diagonal[k] = alpha;
    v[k] -= alpha;
    let square = 0;
    for (let i = k; i < n; i++) square += v[i] * v[i];
    const beta = 2 / square;
    for (let j = k + 1; j < d + m; j++) {
      const c = columns.subarray(j * n, (j + 1) * n);
      let dot = 0;
      for (let i = k; i < n; i++) dot += v[i] * c[i];
      const f = beta * dot;
      for (let i = k; i < n; i++) c[i] -= f * v[i];
    }
  }
  const W = zeros(d, m);
  for (let j = 0; j < m; j++) {
    const c = (d + j) * n;
    for (let i = d - 1; i >= 0; i--) {
      let sum = columns[c + i];
      for (let r = i + 1; r < d; r++) sum -= columns[r * n + i] * W.data[r * m + j];
      W.data[i * m + j] = sum / diagonal[i];
    }
  }
  return W;
}
