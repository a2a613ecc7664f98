/** The unit in which projections on a direction are shown: how the corpus is spread along it. */
import { mean, variance } from '../math/stats';
import type { ProjectionScale } from './generate';
import { projectRow } from './vectors';

/** @param rows row-major states of one block [rows × width] @param direction unit direction [width] */
export function projectionScale(rows: Float32Array, direction: Float32Array): ProjectionScale {
  const projections = Array.from({ length: rows.length / direction.length }, (_, i) => projectRow(rows, i, direction));
  return { direction, mean: mean(projections), deviation: Math.sqrt(variance(projections)) || 1 };
}
