/** The steering vectors of every arm, all as unit directions with the scale of the layer they are added at. */
import { Random } from '../math/random';
import { dot, median, norm } from '../math/stats';
import type { AffineMap } from '../math/affine-map';
import type { DosedArm } from '../experiment/arms';
import type { LanguageModel } from '../runtime/types';

/** Where and along which unit directions an arm is steered; α = r · medianNorm. */
export interface SteeringArm {
  arm: DosedArm;
  model: LanguageModel;
  layer: number;
  /** One direction, or several for the random arm (continuation i uses direction i mod count). */
  directions: Float32Array[];
  medianNorm: number;
}

/** v/‖v‖. @throws RangeError for the zero vector */
export function unit(v: Float32Array): Float32Array {
  const length = norm(v);
  if (!(length > 0)) throw new RangeError('The vector has no direction.');
  return v.map((x) => x / length);
}

/** W·v for a row vector v (length dS): differences map by W alone. `addBias` gives W·v + p, as printed in the paper. */
export function mapDirection(map: AffineMap, v: Float32Array, addBias: boolean): Float32Array {
  const out = new Float64Array(map.targetWidth);
  for (let i = 0; i < map.sourceWidth; i++)
    for (let j = 0; j < map.targetWidth; j++) out[j] += v[i] * map.W[i * map.targetWidth + j];
  if (addBias) for (let j = 0; j < map.targetWidth; j++) out[j] += map.p[j];
  return Float32Array.from(out);
}

/** Seeded random unit directions: the control band. */
export function randomDirections(width: number, count: number, seed: number): Float32Array[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => Float32Array.from(random.unitVector(width)));
}

/** Vector to add at a relative dose r: direction · r · median‖h‖; the k-th continuation of the arm. */
export function vectorAt(arm: SteeringArm, r: number, k = 0): Float32Array {
  const alpha = r * arm.medianNorm;
  return arm.directions[k % arm.directions.length].map((x) => x * alpha);
}

/** Median ‖h‖ over the rows of a row-major matrix. */
export function medianNorm(rows: Float32Array, width: number): number {
  return median(Array.from({ length: rows.length / width }, (_, i) => norm(rows.subarray(i * width, (i + 1) * width))));
}

/** Projection of one row of a row-major matrix on a direction of its width. */
export function projectRow(rows: Float32Array, row: number, direction: Float32Array): number {
  const width = direction.length;
  return dot(rows.subarray(row * width, (row + 1) * width), direction);
}
