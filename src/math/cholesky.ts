/** Cholesky factorisation and its solves. */
import { checkMatrix, type Matrix, type MatrixLike, zeros } from './matrix';

/** A = UᵀU with U upper triangular. */
export interface CholeskyFactor {
  /** d×d; the part below the diagonal is 0. */
  U: Matrix;
  /**
   * Pivots that were not safely positive. When > 0 the factor is not one of A and no solution from it means anything.
   */
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
