/** Compacts chosen rows of a tensor into a matrix, shifting and scaling its columns on the way. */
import { defineKernel } from '../../kernel';
import type { Bound, Recorder } from '../../recorder';
import source from './gather-rows.wgsl?raw';

export const gatherRowsKernel = defineKernel('gather-rows', source);

/** Rows along y before the dispatch goes on along z: the kernel's SLAB. */
const SLAB = 32768;

export interface GatherArgs {
  /** Row-major float32 with `sourceStride` numbers a row. */
  source: Bound;
  sourceStride: number;
  cols: number;
  rows: number;
  /** u32 row numbers, one an output row; without them rows firstRow, firstRow+1, … are taken. */
  indices?: GPUBuffer;
  firstRow?: number;
  /** Per output column, `outColumn` included. */
  shift: GPUBuffer;
  scale: GPUBuffer;
  out: GPUBuffer;
  outStride: number;
  outColumn?: number;
  outRow?: number;
  /** Output columns up to this count are written, those past `cols` with 0; default `cols`. */
  padded?: number;
}

export function gatherRows(rec: Recorder, args: GatherArgs): void {
  const { source: from, sourceStride, cols, rows, indices, firstRow = 0, shift, scale, out, outStride, outColumn = 0, outRow = 0, padded = cols } = args;
  const params = { rows, cols, padded, sourceStride, firstRow, indexed: indices ? 1 : 0, outStride, outColumn, outRow };
  // Without indices the binding still needs a buffer: any that is only read will do.
  rec.dispatch(gatherRowsKernel, params, [from, indices ?? shift, shift, scale, out], Math.ceil(padded / 64), Math.min(rows, SLAB), Math.ceil(rows / SLAB));
}
