/**
 * The self-test of a device: every kernel once, on small seeded data, against float64.
 * Drivers do get WGSL wrong; a lab must not show numbers from one that does.
 */
import { LabError, throwIfAborted } from '../experiment/errors';
import { activationLike } from '../math/testing/activations';
import { auditFit } from './audit';
import { KERNEL_CASES } from './kernels/cases';
import { kernelsFor } from './kernels/all';
import { maxRelativeError, runCase } from './kernels/testing';
import { gpuPca } from './pca';
import { pca } from '../math/pca';
import { GpuScope } from './scope';
import { compileKernels } from './kernel';

export interface SelfTestCase {
  kernel: string;
  /** Infinity when a value is not finite, or the case could not run. */
  maxRelativeError: number;
  tolerance: number;
  passed: boolean;
}

export interface SelfTestReport {
  passed: boolean;
  /** Without the compilation of the kernels, which is waited for first. */
  milliseconds: number;
  cases: SelfTestCase[];
}

/**
 * Runs the quick cases of all kernels, one streaming fit and one PCA.
 * @throws LabError shader-compile, webgpu-device-lost, cancelled
 */
export async function runSelfTest(device: GPUDevice, signal?: AbortSignal): Promise<SelfTestReport> {
  const kernels = kernelsFor(1);
  await compileKernels(device, kernels);
  const start = performance.now();
  const cases: SelfTestCase[] = [];
  const check = async (kernel: string, tolerance: number, run: () => Promise<number>): Promise<void> => {
    throwIfAborted(signal);
    let error: number;
    try {
      error = await run();
    } catch (thrown) {
      if (thrown instanceof LabError && ['webgpu-device-lost', 'shader-compile', 'cancelled'].includes(thrown.code)) throw thrown;
      error = Infinity;
    }
    cases.push({ kernel, maxRelativeError: error, tolerance, passed: error <= tolerance });
  };
  for (const item of KERNEL_CASES) if (item.quick) await check(item.kernel, item.tolerance, () => runCase(device, item, kernels));
  await check('fit', 1e-4, async () => {
    const data = activationLike({ sourceWidth: 16, targetWidth: 12, rows: 512, kappa: 1e4, seed: 90 });
    const { errorVsFloat64, deltaR2 } = await auditFit(device, data.X, data.Y, data.rows, 16, 12, 1e-4, signal);
    return Math.max(errorVsFloat64, deltaR2);
  });
  await check('pca', 1e-4, () => pcaError(device));
  return { passed: cases.every((item) => item.passed), milliseconds: performance.now() - start, cases };
}

/** @throws LabError self-test naming the kernels that were wrong */
export function requireSelfTest(report: SelfTestReport): void {
  if (report.passed) return;
  const failed = report.cases.filter((item) => !item.passed);
  throw new LabError(
    'self-test',
    `This graphics device computes wrongly: ${failed.map((item) => `${item.kernel} (error ${item.maxRelativeError.toExponential(1)}, allowed ${item.tolerance.toExponential(0)})`).join(', ')}.`,
    'Update the graphics driver or use another browser; meanwhile let the lab compute on the CPU.',
    { failed: failed.length },
  );
}

async function pcaError(device: GPUDevice): Promise<number> {
  const { X, rows, sourceWidth } = activationLike({ sourceWidth: 12, targetWidth: 4, rows: 100, kappa: 1e3, seed: 91 });
  const scope = new GpuScope(device);
  try {
    const got = await gpuPca(device, scope.uploadMatrix(X, rows, sourceWidth, 'rows'), 2);
    return maxRelativeError(got.variances, pca({ rows, cols: sourceWidth, data: X }, 2).variances);
  } finally {
    scope.dispose();
  }
}
