/** C += AᵀB, the product that moments are made of. */
import { defineKernel } from '../../kernel';
import type { Recorder } from '../../recorder';
import { ProductKernels } from '../shared/product';
import { tileColumns, tileRows } from '../shared/tile';
import { tuningOf, widthOf } from '../shared/tuning';
import source from './atb.wgsl?raw';
import directReads from './direct-reads.wgsl?raw';
import direct from './direct.wgsl?raw';
import reduceSource from './reduce.wgsl?raw';
import stageLeft from './stage-left.wgsl?raw';

export const atbKernels = new ProductKernels('atb', { source, directReads, direct, stageLeft });
export const reduceKernel = defineKernel('atb-reduce', reduceSource);

/** Longest fold: more rows than this in one running sum cost accuracy. */
export const FOLD_ROWS = 512;

/** Shortest slice of rows that is worth a workgroup of its own. */
const SLICE_ROWS = 32;

/** Most scratch space for partial sums. */
const SCRATCH_BYTES = 16 * 2 ** 20;

/** Most multiply-adds of one dispatch: a second or so on the slowest GPU, within every driver's patience. */
export const DISPATCH_PRODUCTS = 2 ** 33;

export interface AtbArgs {
  A: GPUBuffer;
  B: GPUBuffer;
  C: GPUBuffer;
  /** Any number. */
  rows: number;
  /** Columns of A used; this, n, every stride and every column offset are multiples of 4. */
  m: number;
  n: number;
  strideA: number;
  strideB: number;
  strideC: number;
  columnA?: number;
  columnB?: number;
  columnC?: number;
  /** Only the tiles on and above the diagonal. */
  upper?: boolean;
}

/**
 * Records C += AᵀB in folds of at most 512 rows, which run side by side where C has fewer tiles than the GPU has cores.
 * @throws RangeError if a measure is not a multiple of 4
 */
export function atb(rec: Recorder, args: AtbArgs): void {
  const { A, B, C, rows, m, n, strideA, strideB, strideC, columnA = 0, columnB = 0, columnC = 0, upper = false } = args;
  for (const value of [m, n, strideA, strideB, strideC, columnA, columnB, columnC])
    if (value % 4 !== 0) throw new RangeError(`atb: ${value} is not a multiple of 4.`);
  if (m === 0 || n === 0) return;
  const { kernel, tile } = atbKernels.chosen(rec.device, widthOf(m, n));
  const [x, y] = [Math.ceil(n / tileColumns(tile)), Math.ceil(m / tileRows(tile))];
  const most = Math.max(FOLD_ROWS, Math.floor(DISPATCH_PRODUCTS / (m * n * FOLD_ROWS)) * FOLD_ROWS);
  for (let row0 = 0; row0 < rows; row0 += most) {
    const row1 = Math.min(rows, row0 + most);
    const common = {
      row0,
      row1,
      m,
      n,
      strideA4: strideA / 4,
      columnA4: columnA / 4,
      strideB4: strideB / 4,
      columnB4: columnB / 4,
      upper: upper ? 1 : 0,
    };
    const slice = sliceRows(row1 - row0, upper ? (x * (y + 1)) / 2 : x * y, m * n * 4, tuningOf(rec.device).workgroups);
    const slices = Math.ceil((row1 - row0) / slice);
    if (slices === 1) {
      rec.dispatch(
        kernel,
        { ...common, slice, strideC4: strideC / 4, columnC4: columnC / 4, sliceC4: 0 },
        [A, B, C],
        x,
        y,
      );
      continue;
    }
    const partial = rec.scratch(slices * m * n * 4);
    rec.dispatch(
      kernel,
      { ...common, slice, strideC4: n / 4, columnC4: 0, sliceC4: (m * n) / 4 },
      [A, B, partial],
      x,
      y,
      slices,
    );
    rec.dispatch(
      reduceKernel,
      { m, n4: n / 4, slices, strideC4: strideC / 4, columnC4: columnC / 4, upper: upper ? 1 : 0 },
      [partial, C],
      Math.ceil(n / 256),
      m,
    );
  }
}

/**
 * Rows of one slice: as many slices as bring `tiles` to `workgroups`, within the scratch space; all rows where one
 * slice is enough.
 */
export function sliceRows(rows: number, tiles: number, bytes: number, workgroups: number): number {
  const wanted = Math.min(
    Math.ceil(workgroups / tiles),
    Math.floor(rows / SLICE_ROWS),
    Math.floor(SCRATCH_BYTES / bytes),
  );
  if (wanted <= 1) return rows;
  const slice = Math.ceil(rows / wanted / 4) * 4;
  if (slice <= FOLD_ROWS) return slice;
  // A slice is one fold: more slices than wanted, if the scratch space holds them.
  return Math.ceil(rows / FOLD_ROWS) * bytes <= SCRATCH_BYTES ? FOLD_ROWS : rows;
}
