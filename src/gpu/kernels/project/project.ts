/** Projections of rows on a few vectors. */
import { defineKernel } from '../../kernel';
import type { Bound, Recorder } from '../../recorder';
import source from './project.wgsl?raw';

export const projectKernel = defineKernel('project', source);

const SLAB = 32768;

export interface ProjectArgs {
  /** rows×cols, row-major with stride `stride` (default cols). */
  A: Bound;
  rows: number;
  cols: number;
  stride?: number;
  /** vectors×cols */
  vectors: GPUBuffer;
  count: number;
  /** Subtracted from every row: cols numbers. */
  shift?: GPUBuffer;
  /** rows×count */
  out: GPUBuffer;
}

export function project(rec: Recorder, args: ProjectArgs): void {
  const { A, rows, cols, stride = cols, vectors, count, shift, out } = args;
  rec.dispatch(
    projectKernel,
    { rows, cols, strideA: stride, vectors: count, shifted: shift ? 1 : 0 },
    [A, vectors, shift ?? vectors, out],
    count,
    Math.min(rows, SLAB),
    Math.ceil(rows / SLAB),
  );
}
