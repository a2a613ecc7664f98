/** The affine map between two models' states: rows are tokens, Y ≈ X W + 1 p. */
import type { MatrixLike } from './matrix';
import { intercept, type PairMoments } from './moments';

/** Y ≈ X W + 1 p. */
export interface AffineMap {
  /** dS×dT, row-major. */
  W: Float32Array;
  /** dT. */
  p: Float32Array;
  sourceWidth: number;
  targetWidth: number;
  /** The λ it was fitted with (fraction of the standardised covariance's mean diagonal). */
  lambda: number;
}

/** W rounded to float32, with the intercept of the rounded map, so that the two agree. */
export function roundedMap(W: MatrixLike, train: PairMoments, lambda: number): AffineMap {
  const rounded = Float32Array.from(W.data);
  const p = Float32Array.from(intercept({ rows: W.rows, cols: W.cols, data: rounded }, train));
  return { W: rounded, p, sourceWidth: W.rows, targetWidth: W.cols, lambda };
}

/** x W + p for n×dS rows; the result is n×dT. @throws RangeError if the width is not the map's */
export function applyMap(map: AffineMap, rows: Float32Array, count: number): Float32Array {
  const { sourceWidth: d, targetWidth: m, W, p } = map;
  if (rows.length !== count * d)
    throw new RangeError(`${count} rows of ${d} need ${count * d} numbers, not ${rows.length}.`);
  const out = new Float32Array(count * m);
  const sum = new Float64Array(m);
  for (let r = 0; r < count; r++) {
    sum.set(p);
    for (let i = 0; i < d; i++) {
      const x = rows[r * d + i];
      for (let j = 0; j < m; j++) sum[j] += x * W[i * m + j];
    }
    out.set(sum, r * m);
  }
  return out;
}
