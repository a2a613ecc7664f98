/** Rows of a matrix with their columns shifted and scaled, padded to the width that the products need. */
import { defineKernel } from '../../kernel';
import type { Bound, Recorder } from '../../recorder';
import source from './shift-rows.wgsl?raw';

export const shiftRowsKernel = defineKernel('shift-rows', source);

/** Rows along y before the dispatch goes on along z: the kernel's SLAB. */
const SLAB = 32768;

export interface ShiftRowsArgs {
  /** Row-major float32 with `sourceStride` numbers a row. */
  source: Bound;
  sourceStride: number;
  cols: number;
  rows: number;
  firstRow?: number;
  /** u32, one a source row: rows whose flag is not 0 become zero rows. */
  flags?: GPUBuffer;
  /** Per output column, `outColumn` included. */
  shift: GPUBuffer;
  scale: GPUBuffer;
  out: GPUBuffer;
  outStride: number;
  outColumn?: number;
  /** Output columns up to this count are written, those past `cols` with 0; default `cols`. */
  padded?: number;
}

export function shiftRows(rec: Recorder, args: ShiftRowsArgs): void {
  const {
    source: from,
    sourceStride,
    cols,
    rows,
    firstRow = 0,
    flags,
    shift,
    scale,
    out,
    outStride,
    outColumn = 0,
    padded = cols,
  } = args;
  const params = { rows, cols, padded, sourceStride, firstRow, flagged: flags ? 1 : 0, outStride, outColumn };
  // Without flags the binding still needs a buffer: any that is only read will do.
  rec.dispatch(
    shiftRowsKernel,
    params,
    [from, flags ?? shift, shift, scale, out],
    Math.ceil(padded / 64),
    Math.min(rows, SLAB),
    Math.ceil(rows / SLAB),
  );
}
