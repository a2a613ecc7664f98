/**
 * Eigenvalues of symmetric matrices and the singular value decomposition.
 *
 * Eigen: Householder tridiagonalisation and implicit QL (Bowdler, Martin, Reinsch
 * & Wilkinson 1968; the EISPACK routines tred2 and tql2), with the eigenvectors
 * held as rows so that every inner loop is contiguous.
 * SVD: one-sided Jacobi (Hestenes 1958; Demmel & Veselić 1992) on rows that the
 * eigenvectors of the Gram matrix have already made nearly orthogonal: accurate
 * in the small singular values, where the Gram matrix alone is not.
 */
import { NonFiniteError } from './errors';
import { checkMatrix, matmul, matmulTN, type Matrix, type MatrixLike, transpose, zeros } from './matrix';

export interface SymmetricEigen {
  /** Descending; length d. */
  values: Float64Array;
  /** d×d: row i is the unit eigenvector of values[i]. */
  vectors: Matrix;
}

/**
 * Eigendecomposition of a symmetric matrix (both triangles are read).
 * @throws RangeError if it is not square or not finite
 */
export function symmetricEigen(A: MatrixLike): SymmetricEigen {
  checkMatrix(A, 'A');
  const n = A.rows;
  if (A.cols !== n) throw new RangeError(`An eigendecomposition needs a square matrix, not ${n}×${A.cols}.`);
  for (const x of A.data)
    if (!Number.isFinite(x)) throw new NonFiniteError('An eigendecomposition needs finite numbers.');
  const v = Float64Array.from(A.data);
  const d = new Float64Array(n);
  const e = new Float64Array(n);
  if (n > 0) {
    tridiagonalise(n, v, d, e);
    implicitQL(n, v, d, e);
  }
  const order = Array.from(d.keys()).sort((a, b) => d[b] - d[a]);
  const values = new Float64Array(n);
  const vectors = zeros(n, n);
  order.forEach((from, to) => {
    values[to] = d[from];
    vectors.data.set(v.subarray(from * n, (from + 1) * n), to * n);
  });
  return { values, vectors };
}

/** v (row j = column j of EISPACK's V) becomes the accumulated reflections, d the diagonal, e the subdiagonal. */
function tridiagonalise(n: number, v: Float64Array, d: Float64Array, e: Float64Array): void {
  for (let j = 0; j < n; j++) d[j] = v[j * n + n - 1];
  for (let i = n - 1; i > 0; i--) {
    let scale = 0;
    let h = 0;
    for (let k = 0; k < i; k++) scale += Math.abs(d[k]);
    if (scale === 0) {
      e[i] = d[i - 1];
      for (let j = 0; j < i; j++) {
        d[j] = v[j * n + i - 1];
        v[j * n + i] = 0;
        v[i * n + j] = 0;
      }
    } else {
      for (let k = 0; k < i; k++) {
        d[k] /= scale;
        h += d[k] * d[k];
      }
      let f = d[i - 1];
      let g = f > 0 ? -Math.sqrt(h) : Math.sqrt(h);
      e[i] = scale * g;
      h -= f * g;
      d[i - 1] = f - g;
      for (let j = 0; j < i; j++) e[j] = 0;
      for (let j = 0; j < i; j++) {
        f = d[j];
        v[i * n + j] = f;
        const row = j * n;
        g = e[j] + v[row + j] * f;
        for (let k = j + 1; k < i; k++) {
          g += v[row + k] * d[k];
          e[k] += v[row + k] * f;
        }
        e[j] = g;
      }
      f = 0;
      for (let j = 0; j < i; j++) {
        e[j] /= h;
        f += e[j] * d[j];
      }
      const hh = f / (h + h);
      for (let j = 0; j < i; j++) e[j] -= hh * d[j];
      for (let j = 0; j < i; j++) {
        f = d[j];
        g = e[j];
        const row = j * n;
        for (let k = j; k < i; k++) v[row + k] -= f * e[k] + g * d[k];
        d[j] = v[row + i - 1];
        v[row + i] = 0;
      }
    }
    d[i] = h;
  }
  for (let i = 0; i < n - 1; i++) {
    v[i * n + n - 1] = v[i * n + i];
    v[i * n + i] = 1;
    const next = (i + 1) * n;
    const h = d[i + 1];
    if (h !== 0) {
      for (let k = 0; k <= i; k++) d[k] = v[next + k] / h;
      for (let j = 0; j <= i; j++) {
        const row = j * n;
        let g = 0;
        for (let k = 0; k <= i; k++) g += v[next + k] * v[row + k];
        for (let k = 0; k <= i; k++) v[row + k] -= g * d[k];
      }
    }
    for (let k = 0; k <= i; k++) v[next + k] = 0;
  }
  for (let j = 0; j < n; j++) {
    d[j] = v[j * n + n - 1];
    v[j * n + n - 1] = 0;
  }
  v[n * n - 1] = 1;
  e[0] = 0;
}

/** Diagonalises the tridiagonal (d, e), rotating the rows of v along. */
function implicitQL(n: number, v: Float64Array, d: Float64Array, e: Float64Array): void {
  for (let i = 1; i < n; i++) e[i - 1] = e[i];
  e[n - 1] = 0;
  let f = 0;
  let size = 0;
  for (let l = 0; l < n; l++) {
    size = Math.max(size, Math.abs(d[l]) + Math.abs(e[l]));
    let m = l;
    while (Math.abs(e[m]) > Number.EPSILON * size) m++; // e[n−1] is 0
    if (m > l) {
      do {
        let g = d[l];
        let p = (d[l + 1] - g) / (2 * e[l]);
        let r = Math.hypot(p, 1);
        if (p < 0) r = -r;
        d[l] = e[l] / (p + r);
        d[l + 1] = e[l] * (p + r);
        const dl1 = d[l + 1];
        let h = g - d[l];
        for (let i = l + 2; i < n; i++) d[i] -= h;
        f += h;
        p = d[m];
        let c = 1,
          c2 = 1,
          c3 = 1,
          s = 0,
          s2 = 0;
        const el1 = e[l + 1];
        for (let i = m - 1; i >= l; i--) {
          c3 = c2;
          c2 = c;
          s2 = s;
          g = c * e[i];
          h = c * p;
          r = Math.hypot(p, e[i]);
          e[i + 1] = s * r;
          s = e[i] / r;
          c = p / r;
          p = c * d[i] - s * g;
          d[i + 1] = h + s * (c * g + s * d[i]);
          const low = i * n;
          const high = low + n;
          for (let k = 0; k < n; k++) {
            const a = v[low + k];
            const b = v[high + k];
            v[high + k] = s * a + c * b;
            v[low + k] = c * a - s * b;
          }
        }
        p = (-s * s2 * c3 * el1 * e[l]) / dl1;
        e[l] = s * p;
        d[l] = c * p;
      } while (Math.abs(e[l]) > Number.EPSILON * size);
    }
    d[l] += f;
    e[l] = 0;
  }
}

export interface Svd {
  /** m×r, columns orthonormal; r is the numerical rank, at most min(m, n). */
  U: Matrix;
  /** Descending, all positive; length r. */
  values: Float64Array;
  /** r×n, rows orthonormal. */
  Vt: Matrix;
}

/**
 * Thin singular value decomposition A = U diag(values) Vᵀ without the null space:
 * singular values not above max(m, n)·2⁻⁵²·σ₁ are left out.
 * @throws RangeError if A is not finite
 */
export function svd(A: MatrixLike): Svd {
  checkMatrix(A, 'A');
  if (A.rows > A.cols) {
    const t = svd(transpose(A));
    return { U: transpose(t.Vt), values: t.values, Vt: transpose(t.U) };
  }
  const m = A.rows;
  const n = A.cols;
  const At = transpose(A);
  const left = symmetricEigen(matmulTN(At, At)).vectors; // rows: eigenvectors of AAᵀ
  const B = matmul(left, A).data;
  const E = left.data;
  orthogonaliseRows(B, n, E, m);
  const norms = Float64Array.from({ length: m }, (_, i) => {
    let s = 0;
    for (let k = 0; k < n; k++) s += B[i * n + k] ** 2;
    return Math.sqrt(s);
  });
  const order = Array.from(norms.keys()).sort((a, b) => norms[b] - norms[a]);
  const cut = m === 0 ? 0 : norms[order[0]] * Math.max(m, n) * Number.EPSILON;
  const kept = order.filter((i) => norms[i] > cut);
  const U = zeros(m, kept.length);
  const Vt = zeros(kept.length, n);
  kept.forEach((from, to) => {
    for (let i = 0; i < m; i++) U.data[i * kept.length + to] = E[from * m + i];
    for (let k = 0; k < n; k++) Vt.data[to * n + k] = B[from * n + k] / norms[from];
  });
  return { U, values: Float64Array.from(kept, (i) => norms[i]), Vt };
}

/** Jacobi sweeps over the m rows of B (length n) until all pairs are orthogonal; E's rows turn along. */
function orthogonaliseRows(B: Float64Array, n: number, E: Float64Array, m: number): void {
  const tolerance = Math.sqrt(n) * Number.EPSILON;
  for (let sweep = 0; sweep < 30; sweep++) {
    let rotated = false;
    for (let i = 0; i < m - 1; i++) {
      for (let j = i + 1; j < m; j++) {
        let a = 0,
          b = 0,
          c = 0;
        for (let k = 0; k < n; k++) {
          const x = B[i * n + k];
          const y = B[j * n + k];
          a += x * x;
          b += y * y;
          c += x * y;
        }
        if (Math.abs(c) <= tolerance * Math.sqrt(a * b)) continue;
        rotated = true;
        const zeta = (b - a) / (2 * c);
        const t = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        const cos = 1 / Math.hypot(1, t);
        const sin = cos * t;
        rotate(B, i * n, j * n, n, cos, sin);
        rotate(E, i * m, j * m, m, cos, sin);
      }
    }
    if (!rotated) return;
  }
}

function rotate(data: Float64Array, i: number, j: number, count: number, cos: number, sin: number): void {
  for (let k = 0; k < count; k++) {
    const x = data[i + k];
    const y = data[j + k];
    data[i + k] = cos * x - sin * y;
    data[j + k] = sin * x + cos * y;
  }
}
