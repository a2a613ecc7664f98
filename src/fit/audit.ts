/** The lab's proof to the user: the same rows by a fit and in float64, side by side. */
import { relativeError } from '../math/matrix';
import { Float64Fit } from './float64-fit';
import type { FitShape, StreamingFit } from './types';

export interface FitAudit {
  /** ‖W − W_f64‖_F / ‖W_f64‖_F */
  errorVsFloat64: number;
  /** |R² − R²_f64| on the rows themselves. */
  deltaR2: number;
}

/** The rows that are fitted: X is n×dS, Y n×dT, both row-major. */
export interface AuditRows {
  X: Float32Array;
  Y: Float32Array;
  rows: number;
  sourceWidth: number;
  targetWidth: number;
}

/** A fit that is audited, and the way of rows to it. */
export interface AuditedFit<M> {
  /** It is disposed of by the audit. */
  make(shape: FitShape): StreamingFit<M> | Promise<StreamingFit<M>>;
  /** Rows from the CPU as the fit takes them; `release` is called once they have been added. */
  chunk(x: Float32Array, y: Float32Array, rows: number): { source: M; target: M; release(): void | Promise<void> };
}

/** A fit that takes its rows from the CPU. */
export function onCpu(make: AuditedFit<Float32Array>['make']): AuditedFit<Float32Array> {
  return { make, chunk: (source, target) => ({ source, target, release: () => {} }) };
}

/** Rows streamed at once. */
const CHUNK = 2048;

/**
 * Fits paired rows at one λ, all of them as training and as held-out rows.
 * @throws RangeError on wrong lengths, a λ that cannot be solved, or fewer than two rows that are finite; the signal's
 *   reason; whatever the fit throws
 */
export async function auditFit<M>(
  audited: AuditedFit<M>,
  { X, Y, rows: n, sourceWidth: dS, targetWidth: dT }: AuditRows,
  lambda: number,
  signal?: AbortSignal,
): Promise<FitAudit> {
  if (X.length !== n * dS || Y.length !== n * dT)
    throw new RangeError(
      `${n} rows of ${dS} and ${dT} need ${n * dS} and ${n * dT} numbers, not ${X.length} and ${Y.length}.`,
    );
  const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: dS, targetWidth: dT };
  const reference = new Float64Fit(shape, { cka: false });
  const fit = await audited.make(shape);
  try {
    const stream = async <R>(into: StreamingFit<R>, chunk: AuditedFit<R>['chunk']): Promise<void> => {
      for (let first = 0; first < n; first += CHUNK) {
        signal?.throwIfAborted();
        const rows = Math.min(CHUNK, n - first);
        const x = X.slice(first * dS, (first + rows) * dS);
        const y = Y.slice(first * dT, (first + rows) * dT);
        const { source, target, release } = chunk(x, y, rows);
        for (const split of ['train', 'heldOut'] as const)
          await into.add({ source: [source], target: [target], rows, split });
        await release();
      }
    };
    await stream(reference, onCpu(() => reference).chunk);
    await stream(fit, audited.chunk);
    const expected = await reference.solve(0, 0, lambda, signal);
    if (await fit.needsSecondPass(lambda)) {
      await fit.restart();
      await stream(fit, audited.chunk);
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
