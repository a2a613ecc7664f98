/** The orthogonal map from the moments of paired rows. */
import { svd } from './eigen';
import { matmul, type Matrix } from './matrix';
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
