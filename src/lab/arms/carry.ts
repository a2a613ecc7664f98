/** A ridge map as it carries one vector, for any pairing of its rows: what the arms of wrong pairings share. */
import { columnMeans, type MatrixLike } from '../../math/matrix';
import { ridgeWeights } from '../../math/ridge-weights';
import { unit } from '../vectors';

/** Least λ: rows that are paired at random have nothing that an unregularised fit should find. */
const LEAST_LAMBDA = 1e-6;

/**
 * @param X rows of the source, n×dS @param Y rows of the target, n×dT @param v vector of the source [dS]
 * @param addBias whether the map's bias goes with it: W·v + p
 * @returns the unit direction [dT] that the map of the rows (xᵢ, y_order(i)) makes of v; in the rows' own order unless said
 */
export function ridgeCarrier(
  X: MatrixLike,
  Y: MatrixLike,
  v: Float32Array,
  lambda: number,
  addBias: boolean,
): (order?: ArrayLike<number>) => Float32Array {
  const yMean = columnMeans(Y);
  const xMean = columnMeans(X);
  const { cols: dT } = Y;
  // W·v + p = W·(v − μ) + ȳ.
  const carried = addBias ? v.map((x, i) => x - xMean[i]) : v;
  const weights = ridgeWeights(X, carried, Math.max(lambda, LEAST_LAMBDA));
  return (order) => {
    const out = Float64Array.from(yMean, (mean) => (addBias ? mean : 0));
    for (let i = 0; i < X.rows; i++)
      for (let j = 0, at = (order ? order[i] : i) * dT; j < dT; j++) out[j] += weights[i] * (Y.data[at + j] - yMean[j]);
    return unit(Float32Array.from(out));
  };
}
