/** Projection of states on a direction. */
import { dot } from '../math/stats';

/** Projection of one row of a row-major matrix on a direction of its width. */
export function projectRow(rows: Float32Array, row: number, direction: Float32Array): number {
  const width = direction.length;
  return dot(rows.subarray(row * width, (row + 1) * width), direction);
}
