/** C = A·B: whitening, prediction, and the way back from whitened coordinates. */
import { defineKernel } from '../../kernel';
import type { Recorder } from '../../recorder';
import source from './ab.wgsl?raw';

export const abKernel = defineKernel('ab', source);

export interface AbArgs {
  A: GPUBuffer;
  B: GPUBuffer;
  C: GPUBuffer;
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

export function ab(rec: Recorder, args: AbArgs): void {
  const { A, B, C, m, k, n, strideA = k, strideB = n, strideC = n, columnB = 0, columnC = 0, upperB = false } = args;
  for (const value of [k, n, strideA, strideB, strideC, columnB, columnC]) if (value % 4 !== 0) throw new RangeError(`ab: ${value} is not a multiple of 4.`);
  rec.dispatch(
    abKernel,
    { m, k, n, strideA4: strideA / 4, strideB4: strideB / 4, columnB4: columnB / 4, strideC4: strideC / 4, columnC4: columnC / 4, upperB: upperB ? 1 : 0 },
    [A, B, C], Math.ceil(n / 64), Math.ceil(m / 64),
  );
}
