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
import { atb } from '../kernels/atb/atb';
import { columnSums, shiftScale } from '../kernels/column-sums/column-sums';
import { countRows } from '../kernels/count-rows/count-rows';
import { gatherRows } from '../kernels/gather-rows/gather-rows';
import { shiftRows } from '../kernels/shift-rows/shift-rows';
import { centre } from '../kernels/system/system';
import { inverseFactor } from '../inverse-factor';
import type { Recorder } from '../recorder';
import { GpuScope } from '../scope';
import type { Block } from './blocks';
import type { FitLayout } from './layout';
import type { LayerMoments, Moments } from './moments';

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

/** The coordinates of a fit, and space for one block in them. */
export interface Coordinates {
  layout: FitLayout;
  /** False: Q = X', with T the identity. */
  whiten: boolean;
  /** Per source layer. */
  source: Whitening[];
  /** Per band: shift of the target columns. */
  target: GPUBuffer[];
  ones: GPUBuffer;
  /** blockRows×source: X' */
  shifted: GPUBuffer;
  /** blockRows×source: Q; X' itself without whitening. */
  white: GPUBuffer;
  /** Per band, blockRows×width: Y' */
  targets: GPUBuffer[];
  /** Number of the first finite row of a block. */
  first: GPUBuffer;
}

export function createCoordinates(scope: GpuScope, layout: FitLayout, whiten: boolean): Coordinates {
  const { source: d, bands, blockRows, shape } = layout;
  const floats = (count: number, label: string): GPUBuffer => scope.buffer(count * 4, label);
  const matrix = (label: string): GPUBuffer => (whiten ? floats(d * d, label) : scope.upload(identity(d), label));
  const shifted = floats(blockRows * d, 'block X');
  return {
    layout,
    whiten,
    source: Array.from({ length: shape.sourceLayers }, () => ({
      shift: floats(d, 'source shift'),
      scale: scope.upload(new Float32Array(d).fill(1), 'source scale'),
      T: matrix('whitening factor'),
      U: matrix('inverse whitening factor'),
    })),
    target: bands.map((band) => floats(band.width, 'target shift')),
    ones: scope.upload(new Float32Array(Math.max(...bands.map((band) => band.width))).fill(1), 'ones'),
    shifted,
    white: whiten ? floats(blockRows * d, 'block Q') : shifted,
    targets: bands.map((band) => floats(blockRows * band.width, 'block Y')),
    first: scope.buffer(16, 'first row'),
  };
}

/** The buffers that hold what the fit has learnt about the scale, always in the same order. */
export function coordinateBuffers({ source, target }: Coordinates): GPUBuffer[] {
  return [...source.flatMap(({ shift, scale, T, U }) => [shift, scale, T, U]), ...target];
}

function identity(d: number): Float32Array {
  const out = new Float32Array(d * d);
  for (let i = 0; i < d; i++) out[i * d + i] = 1;
  return out;
}

/** X' of one source layer of a block. */
function shiftSource(rec: Recorder, at: Coordinates, block: Block, s: number): void {
  const { layout, source, shifted } = at;
  const { sourceWidth } = layout.shape;
  const { shift, scale } = source[s];
  shiftRows(rec, {
    source: block.source[s],
    sourceStride: sourceWidth,
    cols: sourceWidth,
    rows: block.rows,
    flags: block.flags,
    shift,
    scale,
    out: shifted,
    outStride: layout.source,
    padded: layout.source,
  });
}

/** Y' of all target layers of a band, side by side. */
function shiftTargets(rec: Recorder, at: Coordinates, block: Block, b: number): void {
  const { layout, target, targets, ones } = at;
  const { targetWidth } = layout.shape;
  const { firstLayer, layers, width } = layout.bands[b];
  for (let i = 0; i < layers; i++) {
    shiftRows(rec, {
      source: block.target[firstLayer + i],
      sourceStride: targetWidth,
      cols: targetWidth,
      rows: block.rows,
      flags: block.flags,
      shift: target[b],
      scale: ones,
      out: targets[b],
      outStride: width,
      outColumn: i * layout.target,
      padded: layout.target,
    });
  }
}

/**
 * Shift, scale and whitening factors of all layers from the warm-up rows, of which only the
 * GPU knows how many are finite. Shifts are the mean (source scales a power of two near 1/σ).
 * The mean is taken about a first row: a constant column then becomes exactly 0, which is how
 * it is recognised.
 */
export function learnCoordinates(rec: Recorder, parent: GpuScope, at: Coordinates, blocks: readonly Block[]): void {
  const { layout } = at;
  const { source: d, bands, shape } = layout;
  const scope = new GpuScope(rec.device, parent);
  const counts = scope.buffer(16, 'warm-up rows');
  const spare = scope.buffer(16, 'no flags');
  const firsts = blocks.map((block) => {
    const first = scope.buffer(16, 'first row');
    countRows(rec, { flags: block.flags, rows: block.rows, counts, first });
    return first;
  });
  /** The first finite row of all: later blocks first, so that the earliest that has one comes last. */
  const firstRow = (pick: (block: Block) => GPUBuffer, cols: number, out: GPUBuffer): void => {
    for (let b = blocks.length - 1; b >= 0; b--)
      gatherRows(rec, { source: pick(blocks[b]), cols, rows: 1, indices: firsts[b], out, flags: spare, check: false });
  };

  bands.forEach((band, b) => {
    const sums = scope.buffer(2 * band.width * 4, 'warm-up target sums');
    for (let i = 0; i < band.layers; i++) {
      const row = scope.buffer(4 * shape.targetWidth, 'first target row');
      firstRow((block) => block.target[band.firstLayer + i], shape.targetWidth, row);
      rec.copy(row, at.target[b], shape.targetWidth * 4, 0, i * layout.target * 4);
    }
    for (const block of blocks) {
      shiftTargets(rec, at, block, b);
      columnSums(rec, { A: at.targets[b], sums, rows: block.rows, n: band.width });
    }
    shiftScale(rec, { sums, shift: at.target[b], scale: at.ones, n: band.width, rows: counts, set: 'shift' });
  });

  const sums = scope.buffer(2 * d * 4, 'warm-up sums');
  const gram = scope.buffer(d * d * 4, 'warm-up Gram');
  const centred = scope.buffer(d * d * 4, 'warm-up covariance');
  at.source.forEach(({ shift, scale, T, U }, s) => {
    const sweep = (each: (rows: number) => void): void => {
      rec.clear(sums);
      for (const block of blocks) {
        shiftSource(rec, at, block, s);
        columnSums(rec, { A: at.shifted, sums, rows: block.rows, n: d });
        each(block.rows);
      }
    };
    firstRow((block) => block.source[s], shape.sourceWidth, shift);
    sweep(() => {});
    shiftScale(rec, { sums, shift, scale, n: d, rows: counts, set: 'shift' });
    sweep(() => {});
    shiftScale(rec, { sums, shift, scale, n: d, rows: counts, set: 'scale' });
    if (!at.whiten) return;
    rec.clear(gram);
    sweep((rows) =>
      atb(rec, {
        A: at.shifted,
        B: at.shifted,
        C: gram,
        rows,
        m: d,
        n: d,
        strideA: d,
        strideB: d,
        strideC: d,
        upper: true,
      }),
    );
    centre(rec, {
      M: gram,
      m: d,
      n: d,
      strideM: d,
      leftSums: sums,
      rightSums: sums,
      leftTrain: sums,
      rightTrain: sums,
      rows: 0,
      trainRows: 1,
      counts,
      symmetric: true,
      out: centred,
    });
    const scratch = new GpuScope(rec.device, scope);
    inverseFactor(rec, scratch, { M: centred, d, floor: { relative: WHITENING_FLOOR, minimum: 0 }, U, inverse: T });
    rec.submit();
    scratch.dispose();
  });
  rec.submit();
  scope.dispose();
}

/** Folds a block into its bucket's moments; counts[at] grows by its finite rows and counts[at + 1] by the others. */
export function streamBlock(
  rec: Recorder,
  space: Coordinates,
  block: Block,
  moments: Moments,
  counts: GPUBuffer,
  at: number,
): void {
  const { layout, whiten, shifted, white, targets } = space;
  const { source: d, target, bands } = layout;
  const { rows } = block;
  countRows(rec, { flags: block.flags, rows, counts, at, first: space.first });
  bands.forEach((band, b) => {
    const Y = targets[b];
    shiftTargets(rec, space, block, b);
    columnSums(rec, { A: Y, sums: moments.targetSums[b], rows, n: band.width });
    for (let i = 0; i < band.layers && moments.targetGram.length > 0; i++) {
      atb(rec, {
        A: Y,
        B: Y,
        C: moments.targetGram[band.firstLayer + i],
        rows,
        m: target,
        n: target,
        strideA: band.width,
        strideB: band.width,
        strideC: target,
        columnA: i * target,
        columnB: i * target,
        upper: true,
      });
    }
  });
  space.source.forEach(({ T }, s) => {
    shiftSource(rec, space, block, s);
    columnSums(rec, { A: shifted, sums: moments.sourceSums[s], rows, n: d });
    if (whiten) {
      ab(rec, { A: shifted, B: T, C: white, m: rows, k: d, n: d, upperB: true });
      columnSums(rec, { A: white, sums: moments.whiteSums[s], rows, n: d });
    }
    atb(rec, {
      A: white,
      B: white,
      C: moments.gram[s],
      rows,
      m: d,
      n: d,
      strideA: d,
      strideB: d,
      strideC: d,
      upper: true,
    });
    bands.forEach((band, b) =>
      atb(rec, {
        A: white,
        B: targets[b],
        C: moments.cross[s][b],
        rows,
        m: d,
        n: band.width,
        strideA: d,
        strideB: band.width,
        strideC: band.width,
      }),
    );
  });
}

/** Renews all coordinates from the moments of all training rows: T ← T·R⁻¹, U ← R·U with RᵀR the floored QᵀQ/n; shifts move to the true means. */
export function renewCoordinates(
  rec: Recorder,
  parent: GpuScope,
  at: Coordinates,
  train: (scope: GpuScope, layer: number) => LayerMoments,
): void {
  const d = at.layout.source;
  at.source.forEach(({ shift, scale, T, U }, layer) => {
    const scope = new GpuScope(rec.device, parent);
    const { gram, whiteSums: sums, sourceSums, rows } = train(scope, layer);
    if (at.whiten) {
      const [centred, R, inverse, newT, newU] = ['covariance of Q', 'R', 'R⁻¹', 'new T', 'new U'].map((label) =>
        scope.buffer(d * d * 4, label),
      );
      centre(rec, {
        M: gram,
        m: d,
        n: d,
        strideM: d,
        leftSums: sums,
        rightSums: sums,
        leftTrain: sums,
        rightTrain: sums,
        rows,
        trainRows: rows,
        symmetric: true,
        out: centred,
      });
      inverseFactor(rec, scope, {
        M: centred,
        d,
        floor: { relative: WHITENING_FLOOR, minimum: SECOND_PASS_FLOOR },
        U: R,
        inverse,
      });
      ab(rec, { A: T, B: inverse, C: newT, m: d, k: d, n: d, upperB: true });
      ab(rec, { A: R, B: U, C: newU, m: d, k: d, n: d, upperB: true });
      rec.copy(newT, T, d * d * 4);
      rec.copy(newU, U, d * d * 4);
    }
    shiftScale(rec, { sums: sourceSums, shift, scale, n: d, rows, set: 'shift' });
    rec.submit();
    scope.dispose();
  });
  const scope = new GpuScope(rec.device, parent);
  const moments = train(scope, 0);
  at.layout.bands.forEach((band, b) =>
    shiftScale(rec, {
      sums: moments.targetSums(b),
      shift: at.target[b],
      scale: at.ones,
      n: band.width,
      rows: moments.rows,
      set: 'shift',
    }),
  );
  rec.submit();
  scope.dispose();
}
