/**
 * Second moments of paired rows, and what follows from them alone: ridge maps,
 * their R², the orthogonal map, the low-rank map and CKA. Nothing here needs rows.
 */
import { cholesky, choleskySolve } from './cholesky';
import { NonFiniteError } from './errors';
import {
  centreColumns,
  checkMatrix,
  columnMeans,
  matmul,
  matmulTN,
  type Matrix,
  type MatrixLike,
  zeros,
} from './matrix';

/**
 * Moments of n paired rows (x: dS, y: dT) about fixed points a and b, divided by n:
 * ss = Σ(x−a)(x−a)ᵀ/n, st = Σ(x−a)(y−b)ᵀ/n, tt[j] = Σ(y_j−b_j)²/n.
 * For training and held-out rows alike a and b are the **training** means.
 */
export interface PairMoments {
  rows: number;
  /** a: dS */
  sourceMean: Float64Array;
  /** b: dT */
  targetMean: Float64Array;
  /** dS×dS, symmetric. */
  ss: Matrix;
  /** dS×dT */
  st: Matrix;
  /** dT: diagonal of the target's moments. */
  tt: Float64Array;
}

/** A map in float64, before it is rounded into an AffineMap. */
export interface Float64Map {
  /** dS×dT */
  W: Matrix;
  /** dT */
  p: Float64Array;
}

export interface RidgeSolution extends Float64Map {
  badPivots: number;
  constantColumns: number;
}

/**
 * Moments of n×dS and n×dT rows about `about` (default: their own means).
 * @throws RangeError if the row counts differ
 */
export function pairMoments(
  X: MatrixLike,
  Y: MatrixLike,
  about?: { sourceMean: Float64Array; targetMean: Float64Array },
): PairMoments {
  checkMatrix(X, 'X');
  checkMatrix(Y, 'Y');
  if (X.rows !== Y.rows || X.rows === 0) throw new RangeError(`Paired rows: ${X.rows} in X and ${Y.rows} in Y.`);
  const sourceMean = about?.sourceMean ?? columnMeans(X);
  const targetMean = about?.targetMean ?? columnMeans(Y);
  const Xc = centreColumns(X, sourceMean);
  const Yc = centreColumns(Y, targetMean);
  const n = X.rows;
  const tt = new Float64Array(Y.cols);
  for (let i = 0; i < n; i++) for (let j = 0; j < Y.cols; j++) tt[j] += Yc.data[i * Y.cols + j] ** 2;
  const divide = (m: Matrix): Matrix => ({ ...m, data: m.data.map((x) => x / n) });
  return {
    rows: n,
    sourceMean,
    targetMean,
    ss: divide(matmulTN(Xc, Xc)),
    st: divide(matmulTN(Xc, Yc)),
    tt: tt.map((x) => x / n),
  };
}

/**
 * Ridge on standardised source coordinates (see fit/types.ts), by Cholesky.
 * Columns without variance are left out and counted.
 * @param pivotTolerance see `cholesky`; larger where the moments carry more than float64's rounding
 * @throws RangeError if λ is negative or not finite, or the moments are not finite
 */
export function ridgeFromMoments(train: PairMoments, lambda: number, pivotTolerance?: number): RidgeSolution {
  checkLambda(lambda);
  const d = train.ss.rows;
  const m = train.st.cols;
  const inverseStd = new Float64Array(d);
  let constantColumns = 0;
  for (let i = 0; i < d; i++) {
    const v = train.ss.data[i * d + i];
    if (!Number.isFinite(v)) throw new NonFiniteError(`Source column ${i} is not finite.`);
    if (v > 0) inverseStd[i] = 1 / Math.sqrt(v);
    else constantColumns++;
  }
  const A = zeros(d, d);
  const B = zeros(d, m);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) A.data[i * d + j] = train.ss.data[i * d + j] * inverseStd[i] * inverseStd[j];
    A.data[i * d + i] = (inverseStd[i] === 0 ? 1 : A.data[i * d + i]) + lambda;
    for (let j = 0; j < m; j++) B.data[i * m + j] = train.st.data[i * m + j] * inverseStd[i];
  }
  const factor = cholesky(A, pivotTolerance);
  const W = choleskySolve(factor, B);
  for (let i = 0; i < d; i++) for (let j = 0; j < m; j++) W.data[i * m + j] *= inverseStd[i];
  return { W, p: intercept(W, train), badPivots: factor.badPivots, constantColumns };
}

/** p = b − a·W: the intercept that makes the map exact at the means. */
export function intercept(W: MatrixLike, moments: PairMoments): Float64Array {
  const p = Float64Array.from(moments.targetMean);
  for (let i = 0; i < W.rows; i++)
    for (let j = 0; j < W.cols; j++) p[j] -= moments.sourceMean[i] * W.data[i * W.cols + j];
  return p;
}

export interface MomentScore {
  /** 1 − ‖Y − XW − 1p‖²_F / ‖Y − b‖²_F with p = b − aW. */
  r2: number;
  /** The same per target dimension; NaN where the target is constant. */
  perDimension: Float64Array;
}

/** R² of a map on rows of which only the moments are known: SSE_j = tt_j − 2 w_jᵀ st_j + w_jᵀ ss w_j. */
export function scoreFromMoments(W: MatrixLike, moments: PairMoments): MomentScore {
  const { ss, st, tt } = moments;
  if (W.rows !== ss.rows || W.cols !== st.cols)
    throw new RangeError(`A ${W.rows}×${W.cols} map does not fit moments of ${ss.rows}×${st.cols}.`);
  const SW = matmul(ss, W);
  const sse = Float64Array.from(tt);
  for (let i = 0; i < W.rows; i++) {
    for (let j = 0; j < W.cols; j++) {
      const at = i * W.cols + j;
      sse[j] += W.data[at] * (SW.data[at] - 2 * st.data[at]);
    }
  }
  return scoreFromSums(
    sse.map((x) => Math.max(0, x)),
    tt,
  ); // rounding must not make a sum of squares negative
}

/** R² and its per-dimension values from the residual and total sums of squares. */
export function scoreFromSums(sse: ArrayLike<number>, sst: ArrayLike<number>): MomentScore {
  let residual = 0;
  let total = 0;
  const perDimension = new Float64Array(sst.length);
  for (let j = 0; j < sst.length; j++) {
    residual += sse[j];
    total += sst[j];
    perDimension[j] = sst[j] > 0 ? 1 - sse[j] / sst[j] : NaN;
  }
  return { r2: total > 0 ? 1 - residual / total : NaN, perDimension };
}

/** Median over the dimensions that vary; NaN if none does. */
export function medianOfFinite(values: ArrayLike<number>): number {
  const kept = Array.from(values)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  if (kept.length === 0) return NaN;
  const mid = kept.length >> 1;
  return kept.length % 2 === 1 ? kept[mid] : (kept[mid - 1] + kept[mid]) / 2;
}

/** @throws RangeError unless λ ≥ 0 and finite */
export function checkLambda(lambda: number): void {
  if (!(lambda >= 0) || !Number.isFinite(lambda))
    throw new RangeError(`λ must be a number of at least 0, not ${lambda}.`);
}
