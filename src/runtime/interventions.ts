/** What is done to the rows of a batch, as the inputs of a steered graph: one vector a row, or one a position. */
import { LabError } from '../experiment/errors';
import { INTERVENTIONS, type EditedSteer, type SteerSite } from '../onnx';
import type { Feeds } from './tensors';
import type { Ort } from './ort';
import type { Intervention, SteeredRow } from './types';

/** A vector that is added as it is. @param block 0-based */
export function addition(block: number, vector: Float32Array): Intervention[] {
  return [{ block, op: 'add', vector, value: 1 }];
}

/** @throws LabError `internal` for an intervention at a place that is no site of the batch, or two at one block */
export function checkInterventions(rows: readonly SteeredRow[], sites: readonly SteerSite[], width: number): void {
  for (const { interventions = [] } of rows) {
    for (const { block, op, vector } of interventions) {
      if (!sites.some((site) => site.block === block && site.op === op))
        throw new LabError('internal.steer-block', { op, block });
      if (vector.length !== width) throw new LabError('internal.vector-width', { values: vector.length, width });
    }
    if (new Set(interventions.map(({ block }) => block)).size < interventions.length)
      throw new LabError('internal.steer-twice');
  }
}

/** For each row whether its columns are steered: all of them, none, or from one of them on. */
export function steeredFrom(rows: readonly SteeredRow[], columns: number, starts: readonly number[]): number[] {
  return rows.map(({ from = 0, interventions }, r) => {
    if (!interventions?.length) return columns;
    // Left padding has positions below 0: nothing reads it, so it need not break a row in two.
    return from <= Math.max(0, starts[r]) ? 0 : Math.min(columns, from - starts[r]);
  });
}

/**
 * Inputs of all steering sites. Rows without an intervention at a site get a zero vector, which is neutral.
 * @param columns positions that the run reads a row @param starts position of the first of them in each row; negative for left padding
 */
export function steerFeeds(
  ort: Ort,
  width: number,
  steers: readonly EditedSteer[],
  rows: readonly SteeredRow[],
  columns: number,
  starts: readonly number[],
): Feeds {
  const feeds: Feeds = {};
  const first = steeredFrom(rows, columns, starts);
  // A vector a position only where a row is steered in part.
  const length = first.every((column) => column === 0 || column === columns) ? 1 : columns;
  for (const { block, op, name, side } of steers) {
    const kind = INTERVENTIONS[op];
    const vectors = new Float32Array(rows.length * length * width);
    const directions = new Float32Array(rows.length * width);
    const values = new Float32Array(rows.length);
    rows.forEach((row, r) => {
      const found = row.interventions?.find((one) => one.block === block);
      if (!found) return;
      const factor = kind.vector === 'dose' ? found.value : kind.sign * (found.share ?? 1);
      const begin = length === 1 ? (first[r] === 0 ? 0 : 1) : first[r];
      for (let at = begin; at < length; at++) {
        const into = (r * length + at) * width;
        for (let d = 0; d < width; d++) vectors[into + d] = found.vector[d] * factor;
      }
      directions.set(found.vector, r * width);
      values[r] = found.value;
    });
    feeds[name] = new ort.Tensor('float32', vectors, [rows.length, length, width]);
    if (side.direction) feeds[side.direction] = new ort.Tensor('float32', directions, [rows.length, width, 1]);
    if (side.value) feeds[side.value] = new ort.Tensor('float32', values, [rows.length, 1, 1]);
  }
  return feeds;
}
