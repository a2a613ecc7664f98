/** Counts the rows that a fit takes in and those it leaves out, where the flags are: on the GPU. */
import { defineKernel } from '../../kernel';
import type { Recorder } from '../../recorder';
import source from './count-rows.wgsl?raw';

export const countRowsKernel = defineKernel('count-rows', source);

export interface CountRowsArgs {
  /** u32, one a row; not 0: left out. */
  flags: GPUBuffer;
  rows: number;
  /** u32: counts[at] grows by the rows taken in, counts[at + 1] by those left out. */
  counts: GPUBuffer;
  at?: number;
  /** u32: becomes the number of the first row taken in, or 0xffffffff. */
  first: GPUBuffer;
}

export function countRows(rec: Recorder, { flags, rows, counts, at = 0, first }: CountRowsArgs): void {
  rec.dispatch(countRowsKernel, { rows, at }, [flags, counts, first], 1);
}
