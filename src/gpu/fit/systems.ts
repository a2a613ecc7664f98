/**
 * From the moments of a GPU fit to the systems that are solved: centring and the ridge's penalty. One pair of layers:
 * pair-system.ts.
 */
import { LabError } from '../../experiment/errors';
import { type MomentScore, scoreFromSums } from '../../math/moments';
import { inverseFactor } from '../inverse-factor';
import { ab } from '../kernels/ab/ab';
import { atb } from '../kernels/atb/atb';
import { WHITENED_NOISE } from '../kernels/cholesky/cholesky';
import { centre, scaleRows } from '../kernels/system/system';
import type { Recorder } from '../recorder';
import { GpuScope } from '../scope';
import type { FitLayout } from './layout';
import { LayerMoments, type Part } from './moments';
import { type Coordinates, SECOND_PASS_FLOOR, WHITENING_FLOOR } from './whitening';

/** A fit as the solves see it: everything but `scope` is only read. */
export interface FitState {
  rec: Recorder;
  /** Scratch space of this one call. */
  scope: GpuScope;
  layout: FitLayout;
  coordinates: Coordinates;
  /** The training rows: one part, or one a fold. */
  train: Part[];
  heldOut: Part;
  secondPass: boolean;
  /** Whitened by all training rows, or not at all: a second pass could not improve it. */
  final: boolean;
}

/** One source layer's moments over all training rows. */
export const trainingMoments = (state: FitState, layer: number): LayerMoments =>
  new LayerMoments(state.rec, state.scope, state.train, layer);

/** One source layer's held-out moments. */
export const heldOutMoments = (state: FitState, layer: number): LayerMoments =>
  new LayerMoments(state.rec, state.scope, [state.heldOut], layer);

/**
 * What counts as rounding noise after a second whitening, which enlarges the noise of dependent columns to between
 * 1e-7 and 1e-6, while the smallest real direction measured (standardised condition 2e10) keeps 1e-4.
 */
const SECOND_PASS_NOISE = 1e-5;

/** What counts as rounding noise in the fit's coordinates. */
function noise({ coordinates, secondPass }: FitState): number {
  if (!coordinates.whiten) return 0;
  return secondPass ? SECOND_PASS_NOISE : WHITENED_NOISE;
}

export const floats = (scope: GpuScope, count: number, label: string): GPUBuffer => scope.buffer(count * 4, label);

/** QᵀQ of some rows about the training means, divided by the rows. */
export function centredGram(state: FitState, train: LayerMoments, of: LayerMoments, out: GPUBuffer): void {
  const d = state.layout.source;
  centre(state.rec, {
    M: of.gram,
    m: d,
    n: d,
    strideM: d,
    leftSums: of.whiteSums,
    rightSums: of.whiteSums,
    leftTrain: train.whiteSums,
    rightTrain: train.whiteSums,
    rows: of.rows,
    trainRows: train.rows,
    symmetric: true,
    out,
  });
}

/** QᵀY' of some rows about the training means, divided by the rows: `width` columns of a band from `column` on. */
export function centredCross(
  state: FitState,
  train: LayerMoments,
  of: LayerMoments,
  band: number,
  column: number,
  width: number,
  out: GPUBuffer,
): void {
  centre(state.rec, {
    M: of.cross(band),
    m: state.layout.source,
    n: width,
    strideM: state.layout.bands[band].width,
    columnM: column,
    leftSums: of.whiteSums,
    rightSums: of.targetSums(band),
    leftTrain: train.whiteSums,
    rightTrain: train.targetSums(band),
    columnSums: column,
    rows: of.rows,
    trainRows: train.rows,
    out,
  });
}

/** The centred source moments of one layer, full source×source matrices, and the ridge's penalty. */
export interface SourceSystem {
  train: GPUBuffer;
  /** Of the rows that the map is scored on; null without any. */
  test: GPUBuffer | null;
  penalty: GPUBuffer;
  /** diag(σ)·T, of which the penalty is the Gram matrix. */
  standardised: GPUBuffer;
  /** From these coordinates to the fit's own; null where they are the same. See `anchored`. */
  G: GPUBuffer | null;
  /** Pivots at or below this are rounding noise. */
  noise: number;
}

export function sourceSystem(
  state: FitState,
  layer: number,
  train: LayerMoments,
  test: LayerMoments | null,
): SourceSystem {
  const { rec, scope, layout, coordinates } = state;
  const d = layout.source;
  const B = floats(scope, d * d, 'diag(σ)·T');
  const system: SourceSystem = {
    train: floats(scope, d * d, 'M'),
    test: test && floats(scope, d * d, 'test M'),
    penalty: floats(scope, d * d, 'penalty'),
    standardised: B,
    G: null,
    noise: noise(state),
  };
  centredGram(state, train, train, system.train);
  if (test && system.test) centredGram(state, train, test, system.test);
  // λ‖Ws‖² in standardised coordinates is λ‖diag(σ) T V‖² here: P = BᵀB with B = diag(σ) T.
  scaleRows(rec, { T: coordinates.source[layer].T, sums: train.sourceSums, d, rows: train.rows, out: B });
  atb(rec, { A: B, B, C: system.penalty, rows: d, m: d, n: d, strideA: d, strideB: d, strideC: d });
  return system;
}

/**
 * The λ in whose coordinates a system is solved at `lambda`; 0: in the fit's own. Whitening makes M ≈ I, but λP then
 * has eigenvalues from λ to λ/floor: a large λ is as ill-conditioned there as λ = 0 is without whitening. Anchors are
 * two decades apart, which leaves a condition of at most 10.
 */
export function anchorOf({ coordinates, secondPass }: FitState, lambda: number): number {
  const floor = secondPass ? WHITENING_FLOOR * SECOND_PASS_FLOOR : WHITENING_FLOOR;
  if (!coordinates.whiten || lambda <= 100 * floor) return 0;
  return 10 ** (2 * Math.round(Math.log10(lambda) / 2));
}

/**
 * The same system in coordinates in which M + anchor·P is the identity up to rounding: V = G·V' with G the inverse of
 * the Cholesky factor of M + anchor·P. A CholeskyQR again: what rounding spoilt in the first factor, the second,
 * of GᵀMG + λ(BG)ᵀ(BG), makes good.
 */
export function anchored(state: FitState, system: SourceSystem, anchor: number): SourceSystem {
  const { rec, scope } = state;
  const d = state.layout.source;
  const scratch = new GpuScope(rec.device, scope);
  const matrix = (label: string): GPUBuffer => floats(scope, d * d, label);
  const [G, BG, penalty] = ['G', 'B·G', 'GᵀPG'].map(matrix);
  inverseFactor(rec, scratch, {
    M: system.train,
    d,
    ridge: { lambda: anchor, penalty: system.penalty },
    U: floats(scratch, d * d, 'factor'),
    inverse: G,
  });
  ab(rec, { A: system.standardised, B: G, C: BG, m: d, k: d, n: d, upperB: true });
  atb(rec, { A: BG, B: BG, C: penalty, rows: d, m: d, n: d, strideA: d, strideB: d, strideC: d });
  const turned = (M: GPUBuffer): GPUBuffer => {
    const MG = floats(scratch, d * d, 'M·G');
    ab(rec, { A: M, B: G, C: MG, m: d, k: d, n: d, upperB: true });
    return turnedCross(state, G, MG, d);
  };
  const result: SourceSystem = {
    train: turned(system.train),
    test: system.test && turned(system.test),
    penalty,
    standardised: BG,
    G,
    noise: 0,
  };
  rec.submit();
  scratch.dispose();
  return result;
}

/** GᵀC for a d×n matrix. */
export function turnedCross(state: FitState, G: GPUBuffer, C: GPUBuffer, n: number): GPUBuffer {
  const d = state.layout.source;
  const out = floats(state.scope, d * n, 'GᵀC');
  atb(state.rec, { A: G, B: C, C: out, rows: d, m: d, n, strideA: d, strideB: n, strideC: n });
  return out;
}

/** Where a target layer lies. */
export function bandOf(layout: FitLayout, targetLayer: number): { band: number; column: number } {
  const band = layout.bands.findIndex(({ firstLayer, layers }) => targetLayer < firstLayer + layers);
  return { band, column: (targetLayer - layout.bands[band].firstLayer) * layout.target };
}

/** Σ(y − b)² / rows per column, from [Σ | Σ²] of some rows and of the training rows. */
export function totalSquares(
  sums: Float32Array,
  train: Float32Array,
  width: number,
  rows: number,
  trainRows: number,
  column: number,
  count: number,
): Float64Array {
  return Float64Array.from({ length: count }, (_, j) => {
    const b = train[column + j] / trainRows;
    const s = sums[column + j];
    return Math.max(0, (sums[width + column + j] - 2 * b * s) / rows + b * b);
  });
}

/** SSE_j = SST_j + explained_j; float32 noise must not make it negative. */
export function scoreOf(taken: Float32Array, sst: Float64Array): MomentScore {
  return scoreFromSums(
    sst.map((total, j) => Math.max(0, total + taken[j])),
    sst,
  );
}

/** Rows that are not finite never reach the sums: what overflows them is too large. @throws LabError non-finite */
export function checkFinite(sums: Float32Array, side: 'source' | 'target' | 'held-out'): void {
  if (sums.every(Number.isFinite)) return;
  throw new LabError('non-finite.sums', { side });
}
