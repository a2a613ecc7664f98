/** Compacts chosen rows of a float32 or float16 tensor into a float32 matrix, and finds those that are not finite. */
import { defineKernel } from '../../kernel';
import type { Bound, Recorder } from '../../recorder';
import source from './gather-rows.wgsl?raw';

export const gatherRowsKernel = defineKernel('gather-rows', source);

/** Rows along y before the dispatch goes on along z: the kernel's SLAB. */
const SLAB = 32768;

export interface GatherArgs {
  /** Row-major, `sourceStride` numbers a row. */
  source: Bound;
  /** Of the source; default float32. */
  type?: 'float32' | 'float16';
  /** Default `cols`. */
  sourceStride?: number;
  cols: number;
  rows: number;
  /** u32 row numbers, one an output row (0xffffffff: leave that output row alone); without them rows firstRow, firstRow+1, … are taken. */
  indices?: GPUBuffer;
  firstRow?: number;
  /** Row-major float32. */
  out: GPUBuffer;
  /** Default `cols`. */
  outStride?: number;
  outRow?: number;
  /** u32, one an output row. With `check` a row that holds a NaN or an infinity is marked 1 and the number replaced by 0; without it the buffer is only bound. */
  flags: GPUBuffer;
  check: boolean;
}

export function gatherRows(rec: Recorder, args: GatherArgs): void {
  const {
    source: from,
    type = 'float32',
    cols,
    sourceStride = cols,
    rows,
    indices,
    firstRow = 0,
    out,
    outStride = cols,
    outRow = 0,
    flags,
    check,
  } = args;
  const params = {
    rows,
    cols,
    sourceStride,
    firstRow,
    indexed: indices ? 1 : 0,
    half: type === 'float16' ? 1 : 0,
    check: check ? 1 : 0,
    outStride,
    outRow,
  };
  // Without indices the binding still needs a buffer: any that is only read will do.
  rec.dispatch(
    gatherRowsKernel,
    params,
    [from, indices ?? from, out, flags],
    Math.ceil(cols / 64),
    Math.min(rows, SLAB),
    Math.ceil(rows / SLAB),
  );
}
