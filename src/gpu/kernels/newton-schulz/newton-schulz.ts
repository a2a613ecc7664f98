/** The factor αI − βG of a Newton–Schulz step, G = XᵀX. */
import { defineKernel } from '../../kernel';
import type { Recorder } from '../../recorder';
import source from './newton-schulz.wgsl?raw';

export const newtonSchulzKernel = defineKernel('newton-schulz', source);

/** out = alpha·I − beta·G; both n×n, of G the upper part is read. */
export function newtonSchulzFactor(
  rec: Recorder,
  args: { G: GPUBuffer; n: number; alpha: number; beta: number; out: GPUBuffer },
): void {
  const { G, n, alpha, beta, out } = args;
  rec.dispatch(newtonSchulzKernel, { n, alpha, beta }, [G, out], Math.ceil(n / 64), n);
}
