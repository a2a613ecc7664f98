/**
 * Whitening on the CPU: the coordinates in which float32 moments are harmless.
 *
 * With X' = (X − shift)·scale and an upper triangular T, the streamed matrix is
 * Q = X'T. T is the inverse of a Cholesky factor of the covariance of X', floored
 * relative to its diagonal, so that QᵀQ/n is near the identity: a streaming shifted
 * CholeskyQR2 (Fukaya, Kannan, Nakatsukasa, Yamamoto & Yanagisawa 2020).
 */
import type { SecondPassReason } from './types';
import { cholesky, solveBackward, solveForward } from '../math/cholesky';
import { identity, type Matrix, matmul, matmulTN, transpose, zeros } from '../math/matrix';
import type { SourceCoordinates } from './accumulator';

/**
 * Floor of the whitening factor, relative to each diagonal element. 1e-6 fails at condition 2e10, 1e-4 is as good:
 * between the two.
 */
export const WHITENING_FLOOR = 1e-5;

/**
 * Least floor of a second pass. A direction in which the columns depend on each other holds only rounding noise (1e-10
 * of variance after the first pass): with a relative floor alone the noise would be blown up and mixed into the other
 * columns.
 */
export const SECOND_PASS_FLOOR = 1e-3;

/** Largest mean square of a whitened column before the rows that whitened it count as unrepresentative. */
export const WHITENING_LIMIT = 1e3;

/** Least pivot of QᵀQ + λP, relative to its diagonal: below it the float32 sums are too coarse for the solve. */
export const WHITENING_PIVOT = 1e-3;

/** The streamed coordinates of one source layer of width d. */
export interface Whitening {
  /** d, rounded to float32: exactly what is subtracted. */
  shift: Float32Array;
  /** d powers of two near 1/σ; 1 where σ is 0. */
  scale: Float32Array;
  /** d×d, upper triangular, rounded to float32: exactly what is multiplied by. */
  T: Float32Array;
}

/** A power of two near 1/σ: multiplying by it is exact. */
export function scaleOf(variance: number): number {
  return variance > 0 ? 2 ** Math.max(-126, Math.min(126, -Math.round(Math.log2(variance) / 2))) : 1;
}

/**
 * T for columns of this covariance (d×d, of X' = (X − shift)·scale). Columns without variance are left as they are.
 * @param minimum least that is added to a diagonal element
 */
export function whiteningFactor(covariance: Matrix, minimum = 0): Float32Array {
  const d = covariance.rows;
  const floored: Matrix = { ...covariance, data: covariance.data.slice() };
  for (let i = 0; i < d; i++) {
    const v = covariance.data[i * d + i];
    floored.data[i * d + i] = v > 0 ? v + Math.max(minimum, v * WHITENING_FLOOR) : 1;
  }
  return Float32Array.from(solveBackward(cholesky(floored).U, identity(d)).data);
}

/** T of a second pass, from the centred QᵀQ/n (d×d) of the first: T·R⁻¹ with RᵀR the floored QᵀQ/n. */
export function renewedFactor(T: Float32Array, gram: Matrix): Float32Array {
  const d = gram.rows;
  const inverse: Matrix = { rows: d, cols: d, data: Float64Array.from(whiteningFactor(gram, SECOND_PASS_FLOOR)) };
  return Float32Array.from(matmul({ rows: d, cols: d, data: T }, inverse).data);
}

/**
 * The way back from Q to X for centred moments, in float64: T⁻ᵀ · mean, T⁻ᵀ · ss · T⁻¹ and T⁻ᵀ · st, then scale and
 * shift undone.
 */
export function unwhitening({ shift, scale, T }: Whitening): SourceCoordinates {
  const d = shift.length;
  const factor: Matrix = { rows: d, cols: d, data: Float64Array.from(T) };
  return {
    mean: (mean) => solveForward(factor, { rows: d, cols: 1, data: mean }).data.map((x, i) => x / scale[i] + shift[i]),
    gram: (ss) => {
      const out = solveForward(factor, transpose(solveForward(factor, ss)));
      for (let i = 0; i < d; i++) {
        for (let j = i; j < d; j++)
          out.data[i * d + j] = out.data[j * d + i] =
            (out.data[i * d + j] + out.data[j * d + i]) / 2 / scale[i] / scale[j];
      }
      return out;
    },
    cross: (st) => {
      const out = solveForward(factor, st);
      for (let i = 0; i < d; i++) for (let c = 0; c < st.cols; c++) out.data[i * st.cols + c] /= scale[i];
      return out;
    },
  };
}

/**
 * What is wrong with a whitening on the rows it was used on, or null: a column of Q far larger than 1,
 * or small pivots of QᵀQ/n + λP, with P = BᵀB, B = diag(σ)T the ridge's penalty in these coordinates.
 * @param gram QᵀQ/n, centred; zero rows and columns are constants
 * @param meanSquares d: diagonal of QᵀQ/n, not centred
 * @param variances d: of X'
 */
export function whiteningFlaw(
  whitening: Whitening,
  gram: Matrix,
  meanSquares: ArrayLike<number>,
  variances: ArrayLike<number>,
  lambda: number,
): Omit<SecondPassReason, 'sourceLayer'> | null {
  const d = gram.rows;
  let meanSquare = 0;
  for (let i = 0; i < d; i++) meanSquare = Math.max(meanSquare, meanSquares[i]);
  if (!(meanSquare <= WHITENING_LIMIT)) return { badPivots: 0, meanSquare, limit: WHITENING_LIMIT };
  const system: Matrix = { ...gram, data: gram.data.slice() };
  if (lambda > 0) {
    const B = zeros(d, d);
    for (let i = 0; i < d; i++)
      for (let j = i; j < d; j++) B.data[i * d + j] = Math.sqrt(Math.max(0, variances[i])) * whitening.T[i * d + j];
    const P = matmulTN(B, B);
    for (let i = 0; i < d * d; i++) system.data[i] += lambda * P.data[i];
  }
  for (let i = 0; i < d; i++) if (gram.data[i * d + i] === 0) system.data[i * d + i] = 1;
  const { badPivots } = cholesky(system, WHITENING_PIVOT);
  return badPivots > 0 ? { badPivots, meanSquare, limit: WHITENING_LIMIT } : null;
}
