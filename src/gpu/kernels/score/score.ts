/** Column reductions: residual sums of squares from moments, and squared norms. */
import { defineKernel } from '../../kernel';
import type { Recorder } from '../../recorder';
import source from './score.wgsl?raw';

export const scoreKernel = defineKernel('score', source);

/** out[j] = Σ_i V_ij (T_ij − 2 C_ij), for V of stride `strideV` from column `columnV`; T = M·V and C are d×n. */
export function explained(
  rec: Recorder,
  args: {
    V: GPUBuffer;
    strideV: number;
    columnV: number;
    T: GPUBuffer;
    C: GPUBuffer;
    d: number;
    n: number;
    out: GPUBuffer;
  },
): void {
  const { V, strideV, columnV, T, C, d, n, out } = args;
  rec.dispatch(scoreKernel, { d, n, strideV, columnV, mode: 0 }, [V, T, C, out], Math.ceil(n / 16));
}

/** out[j] = Σ_i C_ij² for a d×n matrix. */
export function columnSquares(rec: Recorder, args: { C: GPUBuffer; d: number; n: number; out: GPUBuffer }): void {
  const { C, d, n, out } = args;
  rec.dispatch(scoreKernel, { d, n, strideV: n, columnV: 0, mode: 1 }, [C, C, C, out], Math.ceil(n / 16));
}
