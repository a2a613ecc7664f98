/** Definitions, computed as they are written: what faster or streaming forms are measured against in tests. */
import { checkMatrix, centreColumns, frobenius, matmulTN, type Matrix, type MatrixLike, zeros } from '../matrix';
import { ckaFromNorms } from '../cka';
import type { Pca } from '../pca';

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

/** From rows (n×dS, n×dT). NaN when a side is constant. @throws RangeError if the row counts differ */
export function linearCka(X: MatrixLike, Y: MatrixLike): number {
  const Xc = centreColumns(X);
  const Yc = centreColumns(Y);
  return ckaFromNorms(
    frobenius(matmulTN(Xc, Yc).data),
    frobenius(matmulTN(Xc, Xc).data),
    frobenius(matmulTN(Yc, Yc).data),
  );
}

/** Coordinates of the rows on the components: n×k. */
export function pcaProject(model: Pca, rows: MatrixLike): Matrix {
  const X = centreColumns(rows, model.mean);
  const k = model.components.rows;
  const d = rows.cols;
  const out = zeros(rows.rows, k);
  for (let i = 0; i < rows.rows; i++) {
    for (let c = 0; c < k; c++) {
      let sum = 0;
      for (let j = 0; j < d; j++) sum += X.data[i * d + j] * model.components.data[c * d + j];
      out.data[i * k + c] = sum;
    }
  }
  return out;
}

/**
 * Wraps row-major numbers.
 * @throws RangeError if the length is not rows·cols
 */
export function fromArray(rows: number, cols: number, values: ArrayLike<number>): Matrix {
  if (values.length !== rows * cols)
    throw new RangeError(`A ${rows}×${cols} matrix needs ${rows * cols} numbers, not ${values.length}.`);
  return { rows, cols, data: Float64Array.from(values) };
}
