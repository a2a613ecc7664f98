/** Maps of restricted shape from the moments of paired rows: orthogonal and of low rank. */
import { svd, symmetricEigen } from './eigen';
import { matmul, matmulTN, type Matrix, transpose } from './matrix';
import { type Float64Map, intercept, type PairMoments } from './moments';

export interface ProcrustesMap extends Float64Map {
  /** dS×dT with orthonormal rows (dS ≤ dT) or columns (dS ≥ dT), on the numerical rank of the cross moments. */
  R: Matrix;
  /** W = scale·R. */
  scale: number;
  /** Singular values of the cross moments. */
  singularValues: Float64Array;
}

/**
 * Orthogonal Procrustes with one scale (Schönemann 1966): R = U Vᵀ of the centred
 * cross moments XcᵀYc = U Σ Vᵀ maximises tr(Rᵀ XcᵀYc), and the scale is the least
 * squares one given R, tr(Rᵀ XcᵀYc) / ‖Xc R‖²_F. For dS ≤ dT this is the minimiser of
 * ‖Yc − scale·Xc R‖_F; for dS > dT, where ‖Xc R‖ depends on R, it is the usual choice.
 * @throws RangeError if the cross moments are all zero
 */
export function procrustes(moments: PairMoments): ProcrustesMap {
  const { U, values, Vt } = svd(moments.st);
  if (values.length === 0) throw new RangeError('Procrustes: the source and target do not vary together at all.');
  const R = matmul(U, Vt);
  const SR = matmul(moments.ss, R);
  let size = 0;
  for (let i = 0; i < R.data.length; i++) size += R.data[i] * SR.data[i];
  const scale = values.reduce((a, b) => a + b, 0) / size;
  const W: Matrix = { ...R, data: R.data.map((x) => x * scale) };
  return { R, scale, W, p: intercept(W, moments), singularValues: values };
}

/**
 * The best map of rank at most r in the metric of the fit (reduced-rank regression,
 * Izenman 1975): W_r = W V_r V_rᵀ with V_r the first r eigenvectors of Wᵀ ss W, the
 * covariance of the predictions.
 * @throws RangeError unless 1 ≤ r ≤ dT
 */
export function reducedRank(W: Matrix, moments: PairMoments, rank: number): Float64Map {
  if (!Number.isInteger(rank) || rank < 1 || rank > W.cols) throw new RangeError(`A rank must be 1 to ${W.cols}, not ${rank}.`);
  const predictions = matmulTN(W, matmul(moments.ss, W));
  const vectors = symmetricEigen(predictions).vectors;
  const top: Matrix = { rows: rank, cols: W.cols, data: vectors.data.slice(0, rank * W.cols) };
  const low = matmul(matmul(W, transpose(top)), top);
  return { W: low, p: intercept(low, moments) };
}
