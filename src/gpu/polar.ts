/**
 * The orthogonal polar factor R = UVᵀ of A = UΣVᵀ on the GPU, by Newton–Schulz
 * iteration: products only (Higham, Functions of Matrices, 2008, section 8.6).
 *
 * Two things make it fit for cross moments whose singular values span ten decades:
 * - The massive directions are found in float64 first and their singular values
 *   lowered to the size of the next one. That leaves the polar factor as it is, and
 *   float32 keeps 2⁻²⁴ of the many small values instead of 2⁻²⁴ of the giants.
 * - The steps are scaled as by Chen & Chow (2014): X ← ρX(3I − ρ²XᵀX)/2 with the best
 *   ρ for the smallest singular value so far, but at most MAX_SCALE. The best ρ alone
 *   (near √3) would send the largest singular values to the smallest, where float32's
 *   rounding would eat them.
 * Measured at 192 → 256, κ = 1e8: |RᵀR − I| 0.7 after 40 plain cubic steps, 2e-3 with
 * the scaled ones alone, 7e-7 with both.
 */
import { throwIfAborted } from '../experiment/errors';
import { matmul, type Matrix, transpose } from '../math/matrix';
import { ab } from './kernels/ab/ab';
import { atb } from './kernels/atb/atb';
import { newtonSchulzFactor } from './kernels/newton-schulz/newton-schulz';
import { leadingTriplets, withoutColumns } from '../math/subspace';
import { pauseBetween } from './pause';
import type { Recorder } from './recorder';
import { GpuScope } from './scope';

/** The largest singular value comes out of a step as ρ(3 − ρ²)/2 of itself: at least 0.56. */
const MAX_SCALE = 1.5;
/** Singular values from this share of the norm bound on become 1; below is float32's rounding noise. */
const SMALLEST = 1e-8;
const STEPS_BETWEEN_CHECKS = 8;

/** A polar factor in a GPU buffer, on the side on which its columns are orthonormal. */
export interface PolarFactor {
  /** rows×cols row-major with cols the smaller side; both rounded up to multiples of 4, padding 0. */
  buffer: GPUBuffer;
  rows: number;
  cols: number;
  /** The buffer holds Rᵀ (A is wider than tall). */
  transposed: boolean;
}

/** The scales ρ of the steps, from a smallest singular value of `smallest` to all within rounding of 1. */
export function polarSchedule(smallest: number): number[] {
  const scales: number[] = [];
  for (let l = smallest; 1 - l > 1e-3;) {
    const rho = Math.min(MAX_SCALE, Math.sqrt(3 / (1 + l + l * l)));
    scales.push(rho);
    l = Math.min((rho * l * (3 - rho * rho * l * l)) / 2, (rho * (3 - rho * rho)) / 2);
  }
  return [...scales, 1, 1]; // quadratic: 1e-3 → 2e-6 → float32's rounding
}

/**
 * The polar factor of A (d×m, float64). Where A has lost rank the factor is not unique:
 * float32's rounding completes it to an orthonormal set, where the float64 Procrustes leaves
 * zeros; rows and columns of zeros stay zero in both.
 * @param scope owner of the result
 * @throws RangeError if A is zero or not finite; LabError cancelled, out-of-memory
 */
export async function polarFactor(
  rec: Recorder,
  scope: GpuScope,
  A: Matrix,
  signal?: AbortSignal,
): Promise<PolarFactor> {
  const transposed = A.rows < A.cols;
  const tall = await lowered(transposed ? transpose(A) : A, signal);
  const bound = spectralBound(tall);
  if (!(bound > 0) || !Number.isFinite(bound))
    throw new RangeError('Procrustes: the cross moments of source and target are zero or not finite.');
  const rows = Math.ceil(tall.rows / 4) * 4;
  const cols = Math.ceil(tall.cols / 4) * 4;
  const start = new Float32Array(rows * cols);
  for (let i = 0; i < tall.rows; i++)
    for (let j = 0; j < tall.cols; j++) start[i * cols + j] = tall.data[i * tall.cols + j] / bound;
  const scratch = new GpuScope(rec.device, scope);
  try {
    const result = scope.upload(start, 'polar factor');
    let X = result;
    let next = scratch.buffer(4 * rows * cols, 'next polar factor');
    const G = scratch.buffer(4 * cols * cols, 'XᵀX');
    const factor = scratch.buffer(4 * cols * cols, 'Newton–Schulz factor');
    const scales = polarSchedule(SMALLEST);
    for (const [step, rho] of scales.entries()) {
      rec.clear(G);
      atb(rec, { A: X, B: X, C: G, rows, m: cols, n: cols, strideA: cols, strideB: cols, strideC: cols, upper: true });
      newtonSchulzFactor(rec, { G, n: cols, alpha: 1.5 * rho, beta: 0.5 * rho ** 3, out: factor });
      ab(rec, { A: X, B: factor, C: next, m: rows, k: cols, n: cols });
      [X, next] = [next, X];
      rec.submit();
      if (step % STEPS_BETWEEN_CHECKS === STEPS_BETWEEN_CHECKS - 1) {
        await rec.device.queue.onSubmittedWorkDone();
        throwIfAborted(signal);
      }
    }
    if (X !== result) rec.copy(X, result, 4 * rows * cols);
    rec.submit();
    await scope.settled();
    return { buffer: result, rows, cols, transposed };
  } finally {
    scratch.dispose();
  }
}

/** A with its massive singular values lowered to the size of the next one: the polar factor is the same. */
async function lowered(A: Matrix, signal?: AbortSignal): Promise<Matrix> {
  const { U, V, values } = await leadingTriplets(A, pauseBetween(signal));
  if (values.length === 0) return A;
  const rest = transpose(withoutColumns(transpose(withoutColumns(A, V)), U));
  const size = spectralBound(rest);
  const smallest = values[values.length - 1];
  const lead = matmul(U, transpose(V));
  // Nothing is left but float64's rounding of the largest: the triplets are the whole of A.
  if (size <= values[0] * A.rows * 2 ** -50) return lead;
  const level = Math.min(size, smallest);
  return { ...A, data: rest.data.map((x, i) => x + level * lead.data[i]) };
}

/** An upper bound of the largest singular value: the smaller of ‖A‖_F and √(‖A‖₁‖A‖_∞). */
function spectralBound(A: Matrix): number {
  const columns = new Float64Array(A.cols);
  let square = 0;
  let widest = 0;
  for (let i = 0; i < A.rows; i++) {
    let row = 0;
    for (let j = 0; j < A.cols; j++) {
      const x = Math.abs(A.data[i * A.cols + j]);
      square += x * x;
      row += x;
      columns[j] += x;
    }
    widest = Math.max(widest, row);
  }
  return Math.min(Math.sqrt(square), Math.sqrt(widest * columns.reduce((a, b) => Math.max(a, b), 0)));
}
