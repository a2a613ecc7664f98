/** The lab's proof to the user: the same rows fitted on this device and in float64, side by side. */
import { throwIfAborted } from '../experiment/errors';
import type { FitAudit } from '../fit/audit';
import { relativeError } from '../math/matrix';
import { Float64Fit } from '../fit/float64-fit';
import { GpuFit } from './fit/gpu-fit';
import { GpuScope } from './scope';

/** Rows sent to the GPU at once. */
const CHUNK = 2048;

/**
 * Fits n paired rows (X: n×dS, Y: n×dT, row-major) by both paths at one λ.
 * @throws RangeError on wrong lengths or a λ that cannot be solved in float64; LabError from the GPU fit
 */
export async function auditFit(
  device: GPUDevice,
  X: Float32Array,
  Y: Float32Array,
  n: number,
  dS: number,
  dT: number,
  lambda: number,
  signal?: AbortSignal,
): Promise<FitAudit> {
  if (X.length !== n * dS || Y.length !== n * dT)
    throw new RangeError(
      `${n} rows of ${dS} and ${dT} need ${n * dS} and ${n * dT} numbers, not ${X.length} and ${Y.length}.`,
    );
  const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: dS, targetWidth: dT };
  const reference = new Float64Fit(shape, { cka: false });
  const fit = await GpuFit.create(device, shape, { cka: false });
  try {
    const stream = async (alsoReference: boolean): Promise<void> => {
      for (let first = 0; first < n; first += CHUNK) {
        throwIfAborted(signal);
        const rows = Math.min(CHUNK, n - first);
        const x = X.slice(first * dS, (first + rows) * dS);
        const y = Y.slice(first * dT, (first + rows) * dT);
        const scope = new GpuScope(device);
        const source = [scope.uploadMatrix(x, rows, dS, 'X')];
        const target = [scope.uploadMatrix(y, rows, dT, 'Y')];
        for (const split of ['train', 'heldOut'] as const) {
          fit.add({ source, target, rows, split });
          if (alsoReference) reference.add({ source: [x], target: [y], rows, split });
        }
        scope.dispose();
        await device.queue.onSubmittedWorkDone(); // or a long audit would queue all its rows at once
      }
    };
    await stream(true);
    const expected = await reference.solve(0, 0, lambda, signal);
    if (await fit.needsSecondPass(lambda)) {
      await fit.restart();
      await stream(false);
    }
    const got = await fit.solve(0, 0, lambda, signal);
    return {
      errorVsFloat64: relativeError(got.best.W, expected.best.W),
      deltaR2: Math.abs(got.heldOutR2 - expected.heldOutR2),
    };
  } finally {
    reference.dispose();
    fit.dispose();
  }
}
