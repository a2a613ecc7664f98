/**
 * The self-test of a device: every kernel once, on small seeded data, against float64.
 * Drivers do get WGSL wrong; a lab must not show numbers from one that does.
 */
import { LabError, throwIfAborted } from '../experiment/errors';
import { message } from '../experiment/message';
import { activationLike } from '../math/testing/activations';
import { relativeError } from '../math/matrix';
import { Float64Fit } from '../fit/float64-fit';
import { GpuFit } from './fit/gpu-fit';
import { KERNEL_CASES } from './kernels/cases';
import { kernelsFor } from './kernels/all';
import { maxRelativeError, runCase } from './kernels/testing';
import { gpuPca } from './pca';
import { pca } from '../math/pca';
import { GpuScope } from './scope';
import { compileKernels } from './kernel';

export interface SelfTestCase {
  /** The kernel, or `fit`, or `pca`. */
  kernel: string;
  /** What is special about the case. */
  name: string;
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
  const check = async (
    kernel: string,
    name: string,
    tolerance: number,
    run: () => Promise<number>,
  ): Promise<SelfTestCase> => {
    throwIfAborted(signal);
    let error: number;
    try {
      error = await run();
    } catch (thrown) {
      if (thrown instanceof LabError && ['webgpu-device-lost', 'shader-compile', 'cancelled'].includes(thrown.code))
        throw thrown;
      error = Infinity;
    }
    return { kernel, name, maxRelativeError: error, tolerance, passed: error <= tolerance };
  };
  // Side by side: most of the time goes into waiting for what is read back.
  const cases = await Promise.all([
    ...KERNEL_CASES.filter(({ quick }) => quick).map((item) =>
      check(item.kernel, item.name, item.tolerance, () => runCase(device, item, kernels)),
    ),
    check('fit', 'λ path, three rows left out', 1e-4, () => fitError(device, signal)),
    check('pca', 'two components', 1e-4, () => pcaError(device)),
  ]);
  return { passed: cases.every((item) => item.passed), milliseconds: performance.now() - start, cases };
}

/** @throws LabError self-test naming the kernels that were wrong */
export function requireSelfTest(report: SelfTestReport): void {
  if (report.passed) return;
  const failed = report.cases.filter((item) => !item.passed);
  throw new LabError('self-test.kernels', {
    failed: failed.length,
    kernels: failed.map((item) =>
      message('selftest.case', {
        kernel: item.kernel,
        name: item.name,
        error: item.maxRelativeError.toExponential(1),
        allowed: item.tolerance.toExponential(0),
      }),
    ),
  });
}

/**
 * A λ path over rows of which some are not finite, against float64: the worst of the map, R² along the path, and the
 * count.
 */
async function fitError(device: GPUDevice, signal?: AbortSignal): Promise<number> {
  const [sourceWidth, targetWidth, rows, trainRows] = [16, 12, 384, 288];
  const { X, Y } = activationLike({ sourceWidth, targetWidth, rows, kappa: 1e4, seed: 90 });
  X[5] = NaN;
  Y[100 * targetWidth] = Infinity;
  Y[300 * targetWidth + 7] = -Infinity;
  const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth, targetWidth };
  const reference = new Float64Fit(shape, { cka: false });
  const fit = await GpuFit.create(device, shape, { cka: false });
  const scope = new GpuScope(device);
  try {
    for (const [split, from, to] of [
      ['train', 0, trainRows],
      ['heldOut', trainRows, rows],
    ] as const) {
      const count = to - from;
      const [x, y] = [X.slice(from * sourceWidth, to * sourceWidth), Y.slice(from * targetWidth, to * targetWidth)];
      reference.add({ source: [x], target: [y], rows: count, split });
      fit.add({
        source: [scope.uploadMatrix(x, count, sourceWidth, 'X')],
        target: [scope.uploadMatrix(y, count, targetWidth, 'Y')],
        rows: count,
        split,
      });
    }
    const lambdas = [0, 1e-3, 1];
    const [got, expected] = [await fit.solve(0, 0, lambdas, signal), await reference.solve(0, 0, lambdas, signal)];
    const { excluded } = await fit.rows();
    const path = got.lambdaPath.map(({ heldOutR2 }, i) => Math.abs(heldOutR2 - expected.lambdaPath[i].heldOutR2));
    return Math.max(relativeError(got.best.W, expected.best.W), ...path, Math.abs(excluded - 3));
  } finally {
    scope.dispose();
    fit.dispose();
    reference.dispose();
  }
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
