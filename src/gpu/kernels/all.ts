/** The kernels, listed for compilation: together, because compilation is what a first run waits for. */
import type { Kernel, KernelChoice } from '../kernel';
import { abKernels } from './ab/ab';
import { accumulateKernel } from './accumulate/accumulate';
import { atbKernels, reduceKernel } from './atb/atb';
import { choleskyKernels } from './cholesky/cholesky';
import { columnSumsKernel, shiftScaleKernel } from './column-sums/column-sums';
import { countRowsKernel } from './count-rows/count-rows';
import { gatherRowsKernel } from './gather-rows/gather-rows';
import { newtonSchulzKernel } from './newton-schulz/newton-schulz';
import { scoreKernel } from './score/score';
import { WIDE } from './shared/tuning';
import { shiftRowsKernel } from './shift-rows/shift-rows';
import { systemKernels } from './system/system';

/** What every product of matrices narrower than 1,024 needs. */
const NARROW_KERNELS: readonly (Kernel | KernelChoice)[] = [
  gatherRowsKernel,
  shiftRowsKernel,
  countRowsKernel,
  accumulateKernel,
  columnSumsKernel,
  shiftScaleKernel,
  atbKernels.choice('narrow'),
  reduceKernel,
  abKernels.choice('narrow'),
  ...choleskyKernels,
  ...systemKernels,
  scoreKernel,
  newtonSchulzKernel,
];

export const ALL_KERNELS: readonly (Kernel | KernelChoice)[] = [
  ...NARROW_KERNELS,
  atbKernels.choice('wide'),
  abKernels.choice('wide'),
];

/** The kernels for matrices of this width: those of wide products only where they are used, for they compile slowly. */
export function kernelsFor(width: number): readonly (Kernel | KernelChoice)[] {
  return width >= WIDE ? ALL_KERNELS : NARROW_KERNELS;
}
