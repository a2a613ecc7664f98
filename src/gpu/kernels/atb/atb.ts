/** C += AᵀB, the product that moments are made of. */
import { defineKernel, type Kernel } from '../../kernel';
import type { Recorder } from '../../recorder';
import source from './atb.wgsl?raw';

interface Variant {
  kernel: Kernel;
  tile: number;
}

/** 64×64 tiles, 64 threads; for wide models 128×128 tiles, 256 threads, which read each number half as often. */
const SMALL: Variant = { kernel: defineKernel('atb', source), tile: 64 };
const LARGE: Variant = { kernel: defineKernel('atb-128', source, { BM: 128, BN: 128, BK: 8 }), tile: 128 };

export const atbKernel = SMALL.kernel;
export const atbWideKernel = LARGE.kernel;

/** Longest fold: more rows than this in one running sum cost accuracy. */
export const FOLD_ROWS = 512;

/** Both sides at least this wide: the large tile pays. */
export const WIDE = 1024;

export interface AtbArgs {
  A: GPUBuffer;
  B: GPUBuffer;
  C: GPUBuffer;
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

/** Records C += AᵀB in folds of at most 512 rows. */
export function atb(rec: Recorder, args: AtbArgs): void {
  const { A, B, C, rows, m, n, strideA, strideB, strideC, columnA = 0, columnB = 0, columnC = 0, upper = false } = args;
  for (const value of [m, n, strideA, strideB, strideC, columnA, columnB, columnC]) if (value % 4 !== 0) throw new RangeError(`atb: ${value} is not a multiple of 4.`);
  const { kernel, tile } = m >= WIDE && n >= WIDE ? LARGE : SMALL;
  for (let row0 = 0; row0 < rows; row0 += FOLD_ROWS) {
    rec.dispatch(
      kernel,
      {
        row0, row1: Math.min(rows, row0 + FOLD_ROWS), m, n,
        strideA4: strideA / 4, columnA4: columnA / 4, strideB4: strideB / 4, columnB4: columnB / 4, strideC4: strideC / 4, columnC4: columnC / 4,
        upper: upper ? 1 : 0,
      },
      [A, B, C], Math.ceil(n / tile), Math.ceil(m / tile),
    );
  }
}
