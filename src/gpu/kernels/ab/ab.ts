/** C = A·B: whitening, prediction, and the way back from whitened coordinates. */
import type { Recorder } from '../../recorder';
import { DISPATCH_PRODUCTS } from '../atb/atb';
import { ProductKernels } from '../shared/product';
import { tileColumns, tileRows } from '../shared/tile';
import { widthOf } from '../shared/tuning';
import source from './ab.wgsl?raw';
import directReads from './direct-reads.wgsl?raw';
import direct from './direct.wgsl?raw';
import stageLeft from './stage-left.wgsl?raw';

export const abKernels = new ProductKernels('ab', { source, directReads, direct, stageLeft });

export interface AbArgs {
  A: GPUBuffer;
  B: GPUBuffer;
  C: GPUBuffer;
  /** Any number of rows. */
  m: number;
  /** Inner dimension; this, n, every stride and every column offset are multiples of 4. */
  k: number;
  n: number;
  strideA?: number;
  strideB?: number;
  strideC?: number;
  columnB?: number;
  columnC?: number;
  /** B is upper triangular. */
  upperB?: boolean;
}

/**
 * Records C = A·B.
 * @throws RangeError if a measure is not a multiple of 4
 */
export function ab(rec: Recorder, args: AbArgs): void {
  const { A, B, C, m, k, n, strideA = k, strideB = n, strideC = n, columnB = 0, columnC = 0, upperB = false } = args;
  for (const value of [k, n, strideA, strideB, strideC, columnB, columnC])
    if (value % 4 !== 0) throw new RangeError(`ab: ${value} is not a multiple of 4.`);
  if (n === 0) return;
  const { kernel, tile } = abKernels.chosen(rec.device, widthOf(m, n));
  const most = Math.max(1, Math.floor(DISPATCH_PRODUCTS / (Math.max(1, k) * n * tileRows(tile)))) * tileRows(tile);
  for (let row0 = 0; row0 < m; row0 += most) {
    const row1 = Math.min(m, row0 + most);
    rec.dispatch(
      kernel,
      {
        row0,
        row1,
        k,
        n,
        strideA4: strideA / 4,
        strideB4: strideB / 4,
        columnB4: columnB / 4,
        strideC4: strideC / 4,
        columnC4: columnC / 4,
        upperB: upperB ? 1 : 0,
      },
      [A, B, C],
      Math.ceil(n / tileColumns(tile)),
      Math.ceil((row1 - row0) / tileRows(tile)),
    );
  }
}
