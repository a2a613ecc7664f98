/** Blocked Cholesky of an augmented system [A | C] and its triangular solves, in place, in plain float32. */
import { defineKernel } from '../../kernel';
import type { Recorder } from '../../recorder';
import diagonalSource from './diagonal.wgsl?raw';
import panelSource from './panel.wgsl?raw';
import trailingSource from './trailing.wgsl?raw';

/** Rows of a block: the size of A must be a multiple of it. */
export const BLOCK = 32;

const diagonalKernel = defineKernel('cholesky-diagonal', diagonalSource);
const forwardPanel = defineKernel('cholesky-panel-forward', panelSource);
const backwardPanel = defineKernel('cholesky-panel-backward', panelSource, { FORWARD: false });
const forwardTrailing = defineKernel('cholesky-trailing-forward', trailingSource);
const backwardTrailing = defineKernel('cholesky-trailing-backward', trailingSource, { FORWARD: false });

export const choleskyKernels = [diagonalKernel, forwardPanel, backwardPanel, forwardTrailing, backwardTrailing];

/**
 * A pivot at or below this share of its diagonal element is rounding noise: float32
 * moments of columns that depend on each other leave pivots of a few 1e-7.
 */
export const PIVOT_TOLERANCE = 5e-7;

/**
 * In whitened coordinates a real direction has at least κ⁻¹/floor of variance (5e-6 at
 * κ = 2e10), while the rounding noise of a dependent one has 1e-10 to 1e-9: a pivot at
 * or below this is noise, whatever its diagonal element.
 */
export const WHITENED_NOISE = 1e-7;

/** A d×(d+n) row-major augmented matrix; the upper triangle of A is read. */
export interface Augmented {
  matrix: GPUBuffer;
  /** Diagonal of A before the factorisation: d numbers. */
  diagonal: GPUBuffer;
  /** A multiple of 32. */
  d: number;
  /** Right-hand sides; a multiple of 4. */
  n: number;
}

/**
 * Factorises A = UᵀU in place and turns C into U⁻ᵀC.
 * @param badPivots two u32 counters: bad pivots, and those of them whose own diagonal element was not above `absolute`
 * @param absolute see WHITENED_NOISE; 0 for matrices in other coordinates
 */
export function factorise(rec: Recorder, system: Augmented, badPivots: GPUBuffer, absolute = 0): void {
  const { matrix, diagonal, d, n } = system;
  checkShape(d, n);
  const stride = d + n;
  for (let k = 0; k < d; k += BLOCK) {
    rec.dispatch(diagonalKernel, { k, stride, relative: PIVOT_TOLERANCE, absolute }, [matrix, diagonal, badPivots], 1);
    const c0 = k + BLOCK;
    rec.dispatch(forwardPanel, { k, stride, c0, c1: stride }, [matrix], Math.ceil((stride - c0) / 64));
    rec.dispatch(
      forwardTrailing,
      { k, stride4: stride / 4, r0: c0, r1: d, c0, c1: stride, upper: 1 },
      [matrix],
      Math.ceil((stride - c0) / 32),
      Math.ceil((d - c0) / 32),
    );
  }
}

/** Turns the right-hand sides Z into U⁻¹Z, U being the factored part. After `factorise` this completes A⁻¹C. */
export function solveUpper(rec: Recorder, system: Omit<Augmented, 'diagonal'>): void {
  const { matrix, d, n } = system;
  checkShape(d, n);
  const stride = d + n;
  for (let k = d - BLOCK; k >= 0; k -= BLOCK) {
    rec.dispatch(backwardPanel, { k, stride, c0: d, c1: stride }, [matrix], Math.ceil(n / 64));
    rec.dispatch(
      backwardTrailing,
      { k, stride4: stride / 4, r0: 0, r1: k, c0: d, c1: stride, upper: 0 },
      [matrix],
      Math.ceil(n / 32),
      Math.ceil(k / 32),
    );
  }
}

function checkShape(d: number, n: number): void {
  if (d % BLOCK !== 0 || n % 4 !== 0)
    throw new RangeError(`Cholesky: d = ${d} must be a multiple of ${BLOCK} and n = ${n} of 4.`);
}
