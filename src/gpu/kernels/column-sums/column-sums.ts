/** Column sums and sums of squares, and the shift and scale that follow from a warm-up's. */
import { defineKernel } from '../../kernel';
import type { Recorder } from '../../recorder';
import sumsSource from './column-sums.wgsl?raw';
import shiftSource from './shift-scale.wgsl?raw';

export const columnSumsKernel = defineKernel('column-sums', sumsSource);
export const shiftScaleKernel = defineKernel('shift-scale', shiftSource);

/** Adds to sums = [Σ | Σ²], 2n numbers; n and the stride are multiples of 4. At most 8,192 rows a call: a lane's running sum then takes 512 of them. */
export function columnSums(
  rec: Recorder,
  args: { A: GPUBuffer; sums: GPUBuffer; rows: number; n: number; strideA?: number },
): void {
  const { A, sums, rows, n, strideA = n } = args;
  if (n % 4 !== 0 || strideA % 4 !== 0 || rows > 8192)
    throw new RangeError(`column-sums: ${rows} rows of ${n} columns with stride ${strideA}.`);
  rec.dispatch(columnSumsKernel, { rows, n, strideA4: strideA / 4 }, [A, sums], Math.ceil(n / 64));
}

/**
 * Moves the shift to the mean, or sets the scale to the power of two nearest 1/σ, from sums over `rows` rows.
 * @param args.rows a number, or a u32 buffer that begins with it; with 0 rows nothing changes
 */
export function shiftScale(
  rec: Recorder,
  args: {
    sums: GPUBuffer;
    shift: GPUBuffer;
    scale: GPUBuffer;
    n: number;
    rows: number | GPUBuffer;
    set: 'shift' | 'scale';
  },
): void {
  const { sums, shift, scale, n, rows, set } = args;
  const counted = typeof rows !== 'number';
  rec.dispatch(
    shiftScaleKernel,
    { n, rows: counted ? 0 : rows, counted: counted ? 1 : 0, mode: set === 'shift' ? 0 : 1 },
    [sums, counted ? rows : sums, shift, scale],
    Math.ceil(n / 64),
  );
}
