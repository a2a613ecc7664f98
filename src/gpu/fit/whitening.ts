/**
 * Whitening: the coordinates in which float32 moments are harmless.
 *
 * With X' = (X − shift)·scale and an upper triangular T, the streamed matrix is
 * Q = X'T. T is the inverse of a Cholesky factor of the Gram matrix of warm-up rows,
 * floored relative to its diagonal, so QᵀQ/n is near the identity and its float32
 * Cholesky factor is accurate: a streaming shifted CholeskyQR2 (Fukaya, Kannan,
 * Nakatsukasa, Yamamoto & Yanagisawa 2020). A second pass multiplies T by the inverse
 * factor of all rows' QᵀQ.
 */
import { ab } from '../kernels/ab/ab';
import { atb, FOLD_ROWS } from '../kernels/atb/atb';
import { columnSums, shiftScale } from '../kernels/column-sums/column-sums';
import { gatherRows } from '../kernels/gather-rows/gather-rows';
import { centre } from '../kernels/system/system';
import { inverseFactor } from '../inverse-factor';
import type { Recorder } from '../recorder';
import { GpuScope } from '../scope';
import type { FitLayout } from './layout';
import type { SplitMoments } from './moments';

/**
 * Floor of the whitening factor, relative to each diagonal element. 1e-6 fails at
 * condition 2e10, 1e-4 is as good: between the two.
 */
export const WHITENING_FLOOR = 1e-5;

/**
 * Least floor of a second pass. A direction in which the columns depend on each other
 * holds only rounding noise (1e-10 of variance after the first pass): with a purely
 * relative floor it would be blown up to unit size and pass for a real one.
 */
export const SECOND_PASS_FLOOR = 1e-3;

/** Largest mean square of a whitened column before the warm-up counts as unrepresentative. */
export const WHITENING_LIMIT = 1e3;

/** The coordinates of one source layer. Vectors have `source` numbers, matrices source×source. */
export interface Whitening {
  shift: GPUBuffer;
  scale: GPUBuffer;
  /** T */
  T: GPUBuffer;
  /** T⁻¹ = U, upper triangular. */
  U: GPUBuffer;
}

/** Rows of one layer that are held on the GPU during the warm-up. */
export interface RowBlock {
  buffer: GPUBuffer;
  rows: number;
}

/** Space for one fold of at most 512 rows. */
export interface FoldSpace {
  /** 512×source: X' */
  shifted: GPUBuffer;
  /** 512×source: Q */
  white: GPUBuffer;
  /** Per band, 512×width: Y' */
  targets: GPUBuffer[];
}

export function createFoldSpace(scope: GpuScope, layout: FitLayout): FoldSpace {
  const floats = (count: number, label: string): GPUBuffer => scope.buffer(count * 4, label);
  return {
    shifted: floats(FOLD_ROWS * layout.source, 'fold X'),
    white: floats(FOLD_ROWS * layout.source, 'fold Q'),
    targets: layout.bands.map((band) => floats(FOLD_ROWS * band.width, 'fold Y')),
  };
}

export function createWhitening(scope: GpuScope, layout: FitLayout): Whitening {
  const d = layout.source;
  return {
    shift: scope.buffer(d * 4, 'source shift'),
    scale: scope.upload(new Float32Array(d).fill(1), 'source scale'),
    T: scope.buffer(d * d * 4, 'whitening factor'),
    U: scope.buffer(d * d * 4, 'inverse whitening factor'),
  };
}

/** Calls `each` for every fold of at most 512 rows. */
export function eachFold(rows: number, each: (first: number, count: number) => void): void {
  for (let first = 0; first < rows; first += FOLD_ROWS) each(first, Math.min(FOLD_ROWS, rows - first));
}

/**
 * Shift (the mean) and scale (a power of two near 1/σ) of a source layer from its
 * warm-up rows, then its whitening factor. The mean is taken about the first row: a
 * constant column then becomes exactly 0, which is how it is recognised.
 */
export function whitenFromRows(rec: Recorder, parent: GpuScope, layout: FitLayout, whitening: Whitening, blocks: RowBlock[], fold: FoldSpace): void {
  const d = layout.source;
  const width = layout.shape.sourceWidth;
  const { shift, scale } = whitening;
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  const scope = new GpuScope(rec.device, parent);
  const sums = scope.buffer(2 * d * 4, 'warm-up sums');
  const gram = scope.buffer(d * d * 4, 'warm-up Gram');
  const centred = scope.buffer(d * d * 4, 'warm-up covariance');
  const sweep = (each: (count: number) => void): void => {
    rec.clear(sums);
    for (const block of blocks) {
      eachFold(block.rows, (firstRow, count) => {
        gatherRows(rec, { source: block.buffer, sourceStride: width, cols: width, rows: count, firstRow, shift, scale, out: fold.shifted, outStride: d, padded: d });
        columnSums(rec, { A: fold.shifted, sums, rows: count, n: d });
        each(count);
      });
    }
  };
  rec.copy(blocks[0].buffer, shift, width * 4);
  sweep(() => {});
  shiftScale(rec, { sums, shift, scale, n: d, rows, set: 'shift' });
  sweep(() => {});
  shiftScale(rec, { sums, shift, scale, n: d, rows, set: 'scale' });
  sweep((count) => atb(rec, { A: fold.shifted, B: fold.shifted, C: gram, rows: count, m: d, n: d, strideA: d, strideB: d, strideC: d, upper: true }));
  centre(rec, { M: gram, m: d, n: d, strideM: d, leftSums: sums, rightSums: sums, leftTrain: sums, rightTrain: sums, rows, trainRows: rows, symmetric: true, out: centred });
  inverseFactor(rec, scope, { M: centred, d, floor: { relative: WHITENING_FLOOR, minimum: 0 }, U: whitening.U, inverse: whitening.T });
  rec.submit();
  scope.dispose();
}

/** Shift of all target layers of a band: the mean of the warm-up rows, about their first row. */
export function shiftTargets(rec: Recorder, parent: GpuScope, layout: FitLayout, band: number, layers: RowBlock[][], shift: GPUBuffer, ones: GPUBuffer, fold: FoldSpace): void {
  const { width } = layout.bands[band];
  const scope = new GpuScope(rec.device, parent);
  const sums = scope.buffer(2 * width * 4, 'warm-up target sums');
  layers.forEach((blocks, i) => rec.copy(blocks[0].buffer, shift, layout.shape.targetWidth * 4, 0, i * layout.target * 4));
  const blocks = layers[0];
  blocks.forEach((block, b) => {
    eachFold(block.rows, (firstRow, count) => {
      layers.forEach((layer, i) => {
        gatherTarget(rec, layout, layer[b].buffer, firstRow, count, shift, ones, fold.targets[band], width, i);
      });
      columnSums(rec, { A: fold.targets[band], sums, rows: count, n: width });
    });
  });
  const rows = blocks.reduce((sum, block) => sum + block.rows, 0);
  shiftScale(rec, { sums, shift, scale: ones, n: width, rows, set: 'shift' });
  rec.submit();
  scope.dispose();
}

/** Packs rows of the i-th target layer of a band beside the others. */
export function gatherTarget(rec: Recorder, layout: FitLayout, source: GPUBuffer, firstRow: number, rows: number, shift: GPUBuffer, ones: GPUBuffer, out: GPUBuffer, width: number, i: number): void {
  const { targetWidth } = layout.shape;
  gatherRows(rec, { source, sourceStride: targetWidth, cols: targetWidth, rows, firstRow, shift, scale: ones, out, outStride: width, outColumn: i * layout.target, padded: layout.target });
}

/** Renews a whitening from the moments of all training rows: T ← T·R⁻¹, U ← R·U with RᵀR the floored QᵀQ/n; the shift moves to the true mean. */
export function renewWhitening(rec: Recorder, parent: GpuScope, layout: FitLayout, whitening: Whitening, train: SplitMoments, layer: number): void {
  const d = layout.source;
  const scope = new GpuScope(rec.device, parent);
  const matrix = (label: string): GPUBuffer => scope.buffer(d * d * 4, label);
  const [centred, R, inverse, T, U] = ['covariance of Q', 'R', 'R⁻¹', 'new T', 'new U'].map(matrix);
  const sums = train.whiteSums[layer];
  centre(rec, { M: train.gram[layer], m: d, n: d, strideM: d, leftSums: sums, rightSums: sums, leftTrain: sums, rightTrain: sums, rows: train.rows, trainRows: train.rows, symmetric: true, out: centred });
  inverseFactor(rec, scope, { M: centred, d, floor: { relative: WHITENING_FLOOR, minimum: SECOND_PASS_FLOOR }, U: R, inverse });
  ab(rec, { A: whitening.T, B: inverse, C: T, m: d, k: d, n: d, upperB: true });
  ab(rec, { A: R, B: whitening.U, C: U, m: d, k: d, n: d, upperB: true });
  rec.copy(T, whitening.T, d * d * 4);
  rec.copy(U, whitening.U, d * d * 4);
  shiftScale(rec, { sums: train.sourceSums[layer], shift: whitening.shift, scale: whitening.scale, n: d, rows: train.rows, set: 'shift' });
  rec.submit();
  scope.dispose();
}
