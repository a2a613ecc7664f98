/**
 * Eigenvalues alone of a symmetric matrix, with points to stop at: a tenth of the work
 * of `symmetricEigen`, so that the spectrum of a map of a thousand dimensions takes seconds.
 *
 * Householder tridiagonalisation (Golub & Van Loan, algorithm 8.3.1) and implicit QL
 * without vectors (Martin & Wilkinson 1968; the EISPACK routine tql1).
 */
import { yieldToEventLoop as turn } from '../base/yield';
import { NonFiniteError } from './errors';
import { checkMatrix, type MatrixLike } from './matrix';

/** Multiply-adds between two points to stop at: some tens of milliseconds. */
const BREATH = 2e7;

/** Lets messages through, an abort among them. @throws AbortError (the signal's reason) */
export async function yieldToEventLoop(signal?: AbortSignal): Promise<void> {
  await turn();
  signal?.throwIfAborted();
}

/**
 * Eigenvalues of a symmetric n×n matrix, descending; only the lower triangle is read.
 * @throws RangeError if it is not square or not finite; AbortError
 */
export async function symmetricEigenvalues(A: MatrixLike, signal?: AbortSignal): Promise<Float64Array> {
  checkMatrix(A, 'A');
  const n = A.rows;
  if (A.cols !== n) throw new RangeError(`An eigendecomposition needs a square matrix, not ${n}×${A.cols}.`);
  for (const x of A.data)
    if (!Number.isFinite(x)) throw new NonFiniteError('An eigendecomposition needs finite numbers.');
  const a = Float64Array.from(A.data);
  const d = new Float64Array(n);
  const e = new Float64Array(n); // e[i] couples i and i + 1
  const v = new Float64Array(n);
  const p = new Float64Array(n);
  let done = 0;
  // The last row of what is left is reduced to one element beside the diagonal, by a reflection of the leading block.
  for (let i = n - 1; i > 0; i--) {
    if ((done += 2 * i * i) > BREATH) {
      await yieldToEventLoop(signal);
      done = 0;
    }
    d[i] = a[i * n + i];
    let scale = 0;
    for (let k = 0; k < i; k++) scale = Math.max(scale, Math.abs(a[i * n + k]));
    let tail = 0;
    for (let k = 0; k < i - 1; k++) tail += scale === 0 ? 0 : (a[i * n + k] / scale) ** 2;
    const last = a[i * n + i - 1];
    if (tail === 0) {
      e[i - 1] = last;
      continue;
    }
    const length = scale * Math.sqrt(tail + (last / scale) ** 2);
    const alpha = last > 0 ? -length : length;
    e[i - 1] = alpha;
    // v = (row − alpha·e_last)/scale and β = 2/‖v‖²; then A ← A − v wᵀ − w vᵀ.
    for (let k = 0; k < i; k++) v[k] = a[i * n + k] / scale;
    v[i - 1] = (last - alpha) / scale;
    const beta = 2 / (tail + v[i - 1] ** 2);
    p.fill(0, 0, i);
    for (let r = 0; r < i; r++) {
      const row = r * n;
      const vr = v[r];
      let sum = 0;
      for (let c = 0; c < r; c++) {
        sum += a[row + c] * v[c];
        p[c] += a[row + c] * vr;
      }
      p[r] += sum + a[row + r] * vr;
    }
    let pv = 0;
    for (let k = 0; k < i; k++) pv += p[k] * v[k];
    const half = (beta * beta * pv) / 2;
    for (let k = 0; k < i; k++) p[k] = beta * p[k] - half * v[k];
    for (let r = 0; r < i; r++) {
      const row = r * n;
      const vr = v[r];
      const pr = p[r];
      for (let c = 0; c <= r; c++) a[row + c] -= vr * p[c] + pr * v[c];
    }
  }
  if (n > 0) d[0] = a[0];
  implicitQL(d, e);
  return d.sort().reverse();
}

/** Eigenvalues of the tridiagonal matrix (d, e), in place of d. */
function implicitQL(d: Float64Array, e: Float64Array): void {
  const n = d.length;
  for (let l = 0; l < n; l++) {
    for (;;) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]) > Number.EPSILON * (Math.abs(d[m]) + Math.abs(d[m + 1]))) m++;
      if (m === l) break;
      let g = (d[l + 1] - d[l]) / (2 * e[l]);
      let r = Math.hypot(g, 1);
      g = d[m] - d[l] + e[l] / (g + (g < 0 ? -r : r));
      let s = 1;
      let c = 1;
      let p = 0;
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * e[i];
        const b = c * e[i];
        r = Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1] -= p;
          e[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
      }
      if (r === 0 && i >= l) continue;
      d[l] -= p;
      e[l] = g;
      e[m] = 0;
    }
  }
}
