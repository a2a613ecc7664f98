/** The kernels, listed for compilation: together, because compilation is what a first run waits for. */
import type { Kernel } from '../kernel';
import { abKernel } from './ab/ab';
import { atbKernel, atbWideKernel, WIDE } from './atb/atb';
import { choleskyKernels } from './cholesky/cholesky';
import { columnSumsKernel, shiftScaleKernel } from './column-sums/column-sums';
import { gatherRowsKernel } from './gather-rows/gather-rows';
import { newtonSchulzKernel } from './newton-schulz/newton-schulz';
import { projectKernel } from './project/project';
import { scoreKernel } from './score/score';
import { systemKernels } from './system/system';

/** What every product of matrices narrower than 1,024 needs. */
const NARROW_KERNELS: readonly Kernel[] = [
  gatherRowsKernel,
  columnSumsKernel,
  shiftScaleKernel,
  atbKernel,
  abKernel,
  ...choleskyKernels,
  ...systemKernels,
  scoreKernel,
  projectKernel,
  newtonSchulzKernel,
];

export const ALL_KERNELS: readonly Kernel[] = [...NARROW_KERNELS, atbWideKernel];

/** The kernels for matrices of this width: the large tile takes seconds to compile on a software adapter, so only where it is used. */
export function kernelsFor(width: number): readonly Kernel[] {
  return width >= WIDE ? ALL_KERNELS : NARROW_KERNELS;
}
