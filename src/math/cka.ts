/**
 * Linear centred kernel alignment (Kornblith, Norouzi, Lee & Hinton 2019, eq. 3):
 * CKA = ‖YcᵀXc‖²_F / (‖XcᵀXc‖_F ‖YcᵀYc‖_F). 1 for representations equal up to
 * rotation and one scale, 0 for uncorrelated ones.
 */
import { centreColumns, frobenius, matmulTN, type MatrixLike } from './matrix';

/** From rows (n×dS, n×dT). NaN when a side is constant. @throws RangeError if the row counts differ */
export function linearCka(X: MatrixLike, Y: MatrixLike): number {
  const Xc = centreColumns(X);
  const Yc = centreColumns(Y);
  return ckaFromNorms(frobenius(matmulTN(Xc, Yc).data), frobenius(matmulTN(Xc, Xc).data), frobenius(matmulTN(Yc, Yc).data));
}

/** From the Frobenius norms of the centred moments st, ss and tt, all divided by the same n. */
export function ckaFromNorms(cross: number, source: number, target: number): number {
  return source === 0 || target === 0 ? NaN : (cross * cross) / (source * target);
}

/** ‖YcᵀYc‖_F / n from the upper part of a shifted Gram matrix. */
export function centredNorm(gram: Float64Array, ld: number, width: number, sums: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) {
    for (let j = i; j < width; j++) {
      const v = (gram[i * ld + j] - (sums[i] * sums[j]) / n) / n;
      sum += (i === j ? 1 : 2) * v * v;
    }
  }
  return Math.sqrt(sum);
}
