/** The lab's proof to the user: the same rows by a fit and in float64, side by side. */
import type { FitShape, StreamingFit } from './types';
import { relativeError } from '../math/matrix';
import { Float64Fit } from './float64-fit';

export interface FitAudit {
  /** ‖W − W_f64‖_F / ‖W_f64‖_F */
  errorVsFloat64: number;
  /** |R² − R²_f64| on the rows themselves. */
  deltaR2: number;
}

/** Rows streamed at once. */
const CHUNK = 2048;

/**
 * Fits n paired rows (X: n×dS, Y: n×dT, row-major) at one λ, all of them as training and as held-out rows.
 * @param make makes the fit that is audited; it is disposed here
 * @throws RangeError on wrong lengths, a λ that cannot be solved, or fewer than two rows that are finite; the signal's reason
 */
export async function auditFit(
  make: (shape: FitShape) => StreamingFit<Float32Array> | Promise<StreamingFit<Float32Array>>,
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
  const fit = await make(shape);
  try {
    const stream = async (into: StreamingFit<Float32Array>): Promise<void> => {
      for (let first = 0; first < n; first += CHUNK) {
        signal?.throwIfAborted();
        const rows = Math.min(CHUNK, n - first);
        const source = [X.subarray(first * dS, (first + rows) * dS)];
        const target = [Y.subarray(first * dT, (first + rows) * dT)];
        for (const split of ['train', 'heldOut'] as const) await into.add({ source, target, rows, split });
      }
    };
    await stream(reference);
    await stream(fit);
    const expected = await reference.solve(0, 0, lambda, signal);
    if (await fit.needsSecondPass(lambda)) {
      await fit.restart();
      await stream(fit);
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
