/**
 * Ridge regression solved in the rows instead of the columns, for a quick look at few rows of wide states: the system
 * is n×n, whatever the widths. Same map and same λ as the fit proper (see fit/types.ts), by
 *   (XsᵀXs + nλ1)⁻¹Xsᵀ = Xsᵀ(XsXsᵀ + nλ1)⁻¹.
 */
import { cholesky, choleskySolve } from './cholesky';
import { centreColumns, columnMeans, matmul, transpose, zeros, type Matrix, type MatrixLike } from './matrix';

/** Held-out R² at one λ; NaN where the system could not be factorised. */
export interface DualPoint {
  lambda: number;
  heldOutR2: number;
}

/**
 * Held-out R² of the ridge maps of the training rows, one for each λ.
 * @param train paired rows, n×dS and n×dT @param heldOut paired rows, m×dS and m×dT
 */
export function dualRidgeR2(
  train: { X: MatrixLike; Y: MatrixLike },
  heldOut: { X: MatrixLike; Y: MatrixLike },
  lambdas: readonly number[],
): DualPoint[] {
  const n = train.X.rows;
  const d = train.X.cols;
  const mean = columnMeans(train.X);
  const X = centreColumns(train.X, mean);
  const H = centreColumns(heldOut.X, mean);
  const squares = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) squares[j] += X.data[i * d + j] ** 2;
  // A constant column gets weight 0.
  const inverse = squares.map((sum) => (sum > 0 ? 1 / Math.sqrt(sum / n) : 0));
  for (const { rows, data } of [X, H])
    for (let i = 0; i < rows; i++) for (let j = 0; j < d; j++) data[i * d + j] *= inverse[j];
  const K = gram(X, X);
  const cross = gram(X, H);
  const yMean = columnMeans(train.Y);
  const Y = centreColumns(train.Y, yMean);
  const truth = centreColumns(heldOut.Y, yMean);
  const total = sumOfSquares(truth.data);
  return lambdas.map((lambda) => {
    const system: Matrix = { ...K, data: K.data.slice() };
    for (let i = 0; i < n; i++) system.data[i * n + i] += n * lambda;
    const factor = cholesky(system);
    if (factor.badPivots > 0) return { lambda, heldOutR2: NaN };
    // n×m: how much each training row counts for each held-out one.
    const weights = choleskySolve(factor, cross);
    const predicted = matmul(transpose(weights), Y);
    const errors = predicted.data.map((value, i) => value - truth.data[i]);
    return { lambda, heldOutR2: 1 - sumOfSquares(errors) / total };
  });
}

/** A Bᵀ, row by row of both: the rows are long and few. */
function gram(A: Matrix, B: Matrix): Matrix {
  const G = zeros(A.rows, B.rows);
  for (let i = 0; i < A.rows; i++) {
    for (let j = 0; j < B.rows; j++) {
      let sum = 0;
      for (let k = 0, a = i * A.cols, b = j * A.cols; k < A.cols; k++) sum += A.data[a++] * B.data[b++];
      G.data[i * B.rows + j] = sum;
    }
  }
  return G;
}

const sumOfSquares = (values: Float64Array): number => values.reduce((sum, x) => sum + x * x, 0);
