/** Every kernel of the fit: compiled together, because compilation is what a first run waits for. */
import type { Kernel } from '../kernel';
import { abKernel } from './ab/ab';
import { atbKernels } from './atb/atb';
import { choleskyKernels } from './cholesky/cholesky';
import { columnSumsKernel, shiftScaleKernel } from './column-sums/column-sums';
import { gatherRowsKernel } from './gather-rows/gather-rows';
import { projectKernel } from './project/project';
import { scoreKernel } from './score/score';
import { systemKernels } from './system/system';

export const ALL_KERNELS: readonly Kernel[] = [
  gatherRowsKernel,
  columnSumsKernel,
  shiftScaleKernel,
  ...atbKernels,
  abKernel,
  ...choleskyKernels,
  ...systemKernels,
  scoreKernel,
  projectKernel,
];
