/** Sums of matrices: what the moments of several folds are joined with. */
import { defineKernel } from '../../kernel';
import type { Recorder } from '../../recorder';
import source from './accumulate.wgsl?raw';

export const accumulateKernel = defineKernel('accumulate', source);

const MAX_GROUPS = 8192;

/** into += from over `floats` numbers, rounded up to whole vec4s. */
export function accumulate(
  rec: Recorder,
  { from, into, floats }: { from: GPUBuffer; into: GPUBuffer; floats: number },
): void {
  const n4 = Math.ceil(floats / 4);
  const groups = Math.min(Math.ceil(n4 / 64), MAX_GROUPS);
  rec.dispatch(accumulateKernel, { n4, stride: groups * 64 }, [from, into], groups);
}
