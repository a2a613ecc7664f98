/** Column sums and sums of squares, and the shift and scale that follow from a warm-up's. */
import { defineKernel } from '../../kernel';
import type { Bound, Recorder } from '../../recorder';
import sumsSource from './column-sums.wgsl?raw';
import shiftSource from './shift-scale.wgsl?raw';

export const columnSumsKernel = defineKernel('column-sums', sumsSource);
export const shiftScaleKernel = defineKernel('shift-scale', shiftSource);

/** Adds to sums = [Σ | Σ²], 2n numbers. At most 512 rows a call (a fold); n and the stride are multiples of 4. */
export function columnSums(rec: Recorder, args: { A: GPUBuffer; sums: GPUBuffer; rows: number; n: number; strideA?: number }): void {
  const { A, sums, rows, n, strideA = n } = args;
  if (n % 4 !== 0 || strideA % 4 !== 0) throw new RangeError(`column-sums: ${n} columns with stride ${strideA}.`);
  rec.dispatch(columnSumsKernel, { rows, n, strideA4: strideA / 4 }, [A, sums], Math.ceil(n / 64));
}

/** Moves the shift to the mean, or sets the scale to the power of two nearest 1/σ, from sums over `rows` rows. */
export function shiftScale(rec: Recorder, args: { sums: Bound; shift: GPUBuffer; scale: GPUBuffer; n: number; rows: number; set: 'shift' | 'scale' }): void {
  const { sums, shift, scale, n, rows, set } = args;
  rec.dispatch(shiftScaleKernel, { n, rows, mode: set === 'shift' ? 0 : 1 }, [sums, shift, scale], Math.ceil(n / 64));
}
