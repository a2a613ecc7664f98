/**
 * Row-major float64 matrices and their products: the plain linear algebra that
 * every GPU kernel is checked against. Not a general library: no views, no
 * broadcasting, no sparse storage.
 *
 * Products run through one register-tiled micro-kernel over packed panels (the
 * BLIS scheme: Van Zee & van de Geijn 2015), which is what makes d ≤ 512
 * practical in JavaScript.
 */

/** Row-major: element (i, j) is `data[i * cols + j]`. */
export interface Matrix {
  rows: number;
  cols: number;
  data: Float64Array;
}

/** What the functions accept: float32 rows are read as they are, arithmetic is float64. */
export interface MatrixLike {
  rows: number;
  cols: number;
  data: Float64Array | Float32Array;
}

/** A rows×cols matrix of zeros. */
export function zeros(rows: number, cols: number): Matrix {
  return { rows, cols, data: new Float64Array(rows * cols) };
}

export function identity(size: number): Matrix {
  const out = zeros(size, size);
  for (let i = 0; i < size; i++) out.data[i * size + i] = 1;
  return out;
}

/** @throws RangeError if the data does not have rows·cols elements */
export function checkMatrix(m: MatrixLike, name = 'matrix'): void {
  if (!Number.isInteger(m.rows) || !Number.isInteger(m.cols) || m.rows < 0 || m.cols < 0)
    throw new RangeError(`${name}: rows and cols must be whole numbers.`);
  if (m.data.length !== m.rows * m.cols)
    throw new RangeError(`${name}: ${m.rows}×${m.cols} needs ${m.rows * m.cols} numbers, not ${m.data.length}.`);
}

export function transpose(m: MatrixLike): Matrix {
  checkMatrix(m);
  const out = zeros(m.cols, m.rows);
  const tile = 32; // both sides of a 32×32 tile stay in the first-level cache
  for (let i0 = 0; i0 < m.rows; i0 += tile) {
    for (let j0 = 0; j0 < m.cols; j0 += tile) {
      const i1 = Math.min(i0 + tile, m.rows);
      const j1 = Math.min(j0 + tile, m.cols);
      for (let i = i0; i < i1; i++) for (let j = j0; j < j1; j++) out.data[j * m.rows + i] = m.data[i * m.cols + j];
    }
  }
  return out;
}

/** ‖A‖_F */
export function frobenius(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  return Math.sqrt(sum);
}

/**
 * ‖A − B‖_F / ‖B‖_F, with B the reference.
 * @throws RangeError on different lengths
 */
export function relativeError(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (values.length !== reference.length)
    throw new RangeError(`relativeError: ${values.length} values against ${reference.length}.`);
  let difference = 0;
  let size = 0;
  for (let i = 0; i < values.length; i++) {
    difference += (values[i] - reference[i]) ** 2;
    size += reference[i] ** 2;
  }
  if (size === 0) return difference === 0 ? 0 : Infinity;
  return Math.sqrt(difference / size);
}

/** Means of the columns; length cols. */
export function columnMeans(m: MatrixLike): Float64Array {
  const out = new Float64Array(m.cols);
  for (let i = 0; i < m.rows; i++) for (let j = 0; j < m.cols; j++) out[j] += m.data[i * m.cols + j];
  for (let j = 0; j < m.cols; j++) out[j] /= m.rows;
  return out;
}

/** A copy with `about` (default: the column means) subtracted from every row. */
export function centreColumns(m: MatrixLike, about: ArrayLike<number> = columnMeans(m)): Matrix {
  checkMatrix(m);
  const out = zeros(m.rows, m.cols);
  for (let i = 0; i < m.rows; i++)
    for (let j = 0; j < m.cols; j++) out.data[i * m.cols + j] = m.data[i * m.cols + j] - about[j];
  return out;
}

// ---- products ---------------------------------------------------------------

/** Rows of a fold: a packed panel of 4 columns is then 8 KB, so two of them stay in the first-level cache. */
export const FOLD_ROWS = 256;

/** Columns rounded up to whole panels of 4. */
export function panelWidth(cols: number): number {
  return Math.ceil(cols / 4) * 4;
}

/**
 * Packs `count` rows of a row-major array (from row `row`) as panels of 4 columns,
 * each panel contiguous as [row][4], with `shift` (per column) subtracted; missing
 * columns of the last panel become 0. Panel q starts at `offset + q * 4 * count`.
 */
export function packColumns(
  source: Float64Array | Float32Array,
  cols: number,
  row: number,
  count: number,
  out: Float64Array,
  offset: number,
  shift?: Float64Array,
): void {
  for (let c0 = 0; c0 < cols; c0 += 4) {
    const width = Math.min(4, cols - c0);
    let at = offset + c0 * count;
    for (let r = 0; r < count; r++) {
      const base = (row + r) * cols + c0;
      for (let c = 0; c < 4; c++) out[at++] = c < width ? source[base + c] - (shift ? shift[c0 + c] : 0) : 0;
    }
  }
}

/**
 * Packs columns [k0, k0 + count) of all rows, so that each panel holds 4 *rows* of the source: the left side of A·B.
 */
function packRows(
  source: Float64Array | Float32Array,
  rows: number,
  cols: number,
  k0: number,
  count: number,
  out: Float64Array,
): void {
  for (let r0 = 0; r0 < rows; r0 += 4) {
    const base = r0 * count;
    for (let r = 0; r < 4; r++) {
      const from = (r0 + r) * cols + k0;
      for (let k = 0; k < count; k++) out[base + 4 * k + r] = r0 + r < rows ? source[from + k] : 0;
    }
  }
}

/** C[c…, 4×4 tile with row stride ldc] += Σ_k A[k][4]ᵀ B[k][4] over two packed panels. */
function tile(
  A: Float64Array,
  a: number,
  B: Float64Array,
  b: number,
  count: number,
  C: Float64Array,
  c: number,
  ldc: number,
): void {
  let c00 = 0,
    c01 = 0,
    c02 = 0,
    c03 = 0;
  let c10 = 0,
    c11 = 0,
    c12 = 0,
    c13 = 0;
  let c20 = 0,
    c21 = 0,
    c22 = 0,
    c23 = 0;
  let c30 = 0,
    c31 = 0,
    c32 = 0,
    c33 = 0;
  for (let k = 0; k < count; k++) {
    const b0 = B[b],
      b1 = B[b + 1],
      b2 = B[b + 2],
      b3 = B[b + 3];
    const a0 = A[a],
      a1 = A[a + 1],
      a2 = A[a + 2],
      a3 = A[a + 3];
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    c03 += a0 * b3;
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    c13 += a1 * b3;
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    c23 += a2 * b3;
    c30 += a3 * b0;
    c31 += a3 * b1;
    c32 += a3 * b2;
    c33 += a3 * b3;
    a += 4;
    b += 4;
  }
  C[c] += c00;
  C[c + 1] += c01;
  C[c + 2] += c02;
  C[c + 3] += c03;
  c += ldc;
  C[c] += c10;
  C[c + 1] += c11;
  C[c + 2] += c12;
  C[c + 3] += c13;
  c += ldc;
  C[c] += c20;
  C[c + 1] += c21;
  C[c + 2] += c22;
  C[c + 3] += c23;
  c += ldc;
  C[c] += c30;
  C[c + 1] += c31;
  C[c + 2] += c32;
  C[c + 3] += c33;
}

/**
 * C += AᵀB over `count` packed rows. `m` and `n` are panel widths (multiples of 4);
 * C is m×n with row stride `ldc`, starting at `c`.
 * @param upper compute only the tiles on and above the diagonal (A = B)
 */
export function accumulatePacked(
  A: Float64Array,
  a: number,
  m: number,
  B: Float64Array,
  b: number,
  n: number,
  count: number,
  C: Float64Array,
  c: number,
  ldc: number,
  upper = false,
): void {
  for (let j = 0; j < n; j += 4) {
    const limit = upper ? Math.min(m, j + 4) : m;
    for (let i = 0; i < limit; i += 4) tile(A, a + i * count, B, b + j * count, count, C, c + i * ldc + j, ldc);
  }
}

/** Copies the m×n part of a padded row-major array into a matrix. */
export function unpad(data: Float64Array, ld: number, m: number, n: number): Matrix {
  const out = zeros(m, n);
  for (let i = 0; i < m; i++) out.data.set(data.subarray(i * ld, i * ld + n), i * n);
  return out;
}

/**
 * AᵀB: A is n×a, B is n×b, the result a×b.
 * @throws RangeError if the row counts differ
 */
export function matmulTN(A: MatrixLike, B: MatrixLike): Matrix {
  checkMatrix(A, 'A');
  checkMatrix(B, 'B');
  if (A.rows !== B.rows) throw new RangeError(`AᵀB: A has ${A.rows} rows and B has ${B.rows}.`);
  const m = panelWidth(A.cols);
  const n = panelWidth(B.cols);
  const C = new Float64Array(m * n);
  const pa = new Float64Array(m * FOLD_ROWS);
  const pb = new Float64Array(n * FOLD_ROWS);
  for (let k = 0; k < A.rows; k += FOLD_ROWS) {
    const count = Math.min(FOLD_ROWS, A.rows - k);
    packColumns(A.data, A.cols, k, count, pa, 0);
    packColumns(B.data, B.cols, k, count, pb, 0);
    accumulatePacked(pa, 0, m, pb, 0, n, count, C, 0, n);
  }
  return unpad(C, n, A.cols, B.cols);
}

/**
 * A·B: A is m×k, B is k×n, the result m×n.
 * @throws RangeError if A's columns are not B's rows
 */
export function matmul(A: MatrixLike, B: MatrixLike): Matrix {
  checkMatrix(A, 'A');
  checkMatrix(B, 'B');
  if (A.cols !== B.rows) throw new RangeError(`A·B: A has ${A.cols} columns and B has ${B.rows} rows.`);
  const m = panelWidth(A.rows);
  const n = panelWidth(B.cols);
  const C = new Float64Array(m * n);
  const pa = new Float64Array(m * FOLD_ROWS);
  const pb = new Float64Array(n * FOLD_ROWS);
  for (let k = 0; k < A.cols; k += FOLD_ROWS) {
    const count = Math.min(FOLD_ROWS, A.cols - k);
    packRows(A.data, A.rows, A.cols, k, count, pa);
    packColumns(B.data, B.cols, k, count, pb, 0);
    accumulatePacked(pa, 0, m, pb, 0, n, count, C, 0, n);
  }
  return unpad(C, n, A.rows, B.cols);
}

/** An upper triangular d×d matrix, packed for `multiplyUpper`. */
export interface PackedUpper {
  size: number;
  data: Float64Array;
}

/**
 * Packs an upper triangular matrix; what is below the diagonal is taken for 0.
 * @throws RangeError if it is not size×size
 */
export function packUpper(T: Float64Array | Float32Array, size: number): PackedUpper {
  if (T.length !== size * size)
    throw new RangeError(`A ${size}×${size} matrix needs ${size * size} numbers, not ${T.length}.`);
  const width = panelWidth(size);
  const data = new Float64Array(width * size);
  for (let k = 0; k < size; k += FOLD_ROWS) packColumns(T, size, k, Math.min(FOLD_ROWS, size - k), data, k * width);
  return { size, data };
}

/**
 * X·T for rows×size numbers X, rounded to float32 once; half the work of a full product.
 * @throws RangeError if X does not have rows × size numbers
 */
export function multiplyUpper(X: Float64Array | Float32Array, rows: number, T: PackedUpper): Float32Array {
  const { size: d, data } = T;
  if (X.length !== rows * d) throw new RangeError(`${rows} rows of ${d} need ${rows * d} numbers, not ${X.length}.`);
  const width = panelWidth(d);
  const tall = panelWidth(rows);
  const C = new Float64Array(tall * width);
  const packed = new Float64Array(tall * FOLD_ROWS);
  for (let k = 0; k < d; k += FOLD_ROWS) {
    const count = Math.min(FOLD_ROWS, d - k);
    packRows(X, rows, d, k, count, packed);
    for (let j = k - (k % 4); j < width; j += 4) {
      const used = Math.min(count, j + 4 - k); // below, T is 0
      for (let i = 0; i < tall; i += 4)
        tile(packed, i * count, data, k * width + j * count, used, C, i * width + j, width);
    }
  }
  const out = new Float32Array(rows * d);
  for (let i = 0; i < rows; i++) for (let j = 0; j < d; j++) out[i * d + j] = C[i * width + j];
  return out;
}
