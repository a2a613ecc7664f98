/** From the moments of a GPU fit to the systems that are solved: centring, the ridge's penalty, one λ at a time. */
import { LabError } from '../../experiment/errors';
import type { AffineMap } from '../../math/fit-types';
import { type MomentScore, scoreFromSums } from '../../math/moments';
import { inverseFactor } from '../inverse-factor';
import { ab } from '../kernels/ab/ab';
import { atb } from '../kernels/atb/atb';
import { type Augmented, factorise, solveUpper, WHITENED_NOISE } from '../kernels/cholesky/cholesky';
import { explained } from '../kernels/score/score';
import { augment, centre, scaleRows } from '../kernels/system/system';
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

const floats = (scope: GpuScope, count: number, label: string): GPUBuffer => scope.buffer(count * 4, label);

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

/** @throws RangeError if the layer is not one of 0 … count−1 */
export function checkLayer(layer: number, count: number, side: string): void {
  if (!Number.isInteger(layer) || layer < 0 || layer >= count)
    throw new RangeError(`There is no ${side} layer ${layer}: the fit has ${count}.`);
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

/** The outcome of one λ. The scores mean nothing where `bad` is not 0. */
export interface Solved {
  bad: number;
  /** Bad pivots of columns without substance, which no better whitening can help. */
  empty: number;
  train: MomentScore | null;
  test: MomentScore;
}

/** A pair's system in the coordinates of one anchor. */
interface Anchored {
  anchor: number;
  source: SourceSystem;
  C: GPUBuffer;
  testC: GPUBuffer;
}

/** Scratch space of one pair. */
interface PairBuffers {
  product: GPUBuffer;
  taken: GPUBuffer;
  takenTest: GPUBuffer;
  counters: GPUBuffer;
}

/** The system of one pair of layers, trained on some rows and scored on others. */
export class PairSystem {
  readonly sourceSums: Float32Array;
  readonly whiteSums: Float32Array;
  readonly #state: FitState;
  /** In the fit's own coordinates. */
  readonly #own: Anchored;
  /** In those of the last λ. */
  #now: Anchored;
  readonly #solver: Augmented;
  readonly #buffers: PairBuffers;
  readonly #targetSums: Float32Array;
  readonly #sst: { train: Float64Array; test: Float64Array };
  readonly #trainRows: number;
  readonly #layers: [source: number, target: number];

  private constructor(
    state: FitState,
    parts: {
      own: Anchored;
      solver: Augmented;
      sums: Float32Array[];
      sst: { train: Float64Array; test: Float64Array };
      trainRows: number;
      layers: [number, number];
    },
    buffers: PairBuffers,
  ) {
    this.#state = state;
    this.#own = this.#now = parts.own;
    this.#solver = parts.solver;
    [this.sourceSums, this.whiteSums, this.#targetSums] = parts.sums;
    this.#sst = parts.sst;
    this.#trainRows = parts.trainRows;
    this.#layers = parts.layers;
    this.#buffers = buffers;
  }

  /** @throws RangeError on a bad layer; LabError non-finite, out-of-memory */
  static async create(
    state: FitState,
    sourceLayer: number,
    targetLayer: number,
    train: LayerMoments,
    test: LayerMoments,
  ): Promise<PairSystem> {
    const { rec, scope, layout } = state;
    const { source: d, target: n, shape } = layout;
    const { band, column } = bandOf(layout, targetLayer);
    const width = layout.bands[band].width;
    const source = sourceSystem(state, sourceLayer, train, test);
    const [C, testC, product] = ['C', 'test C', 'M·V'].map((label) => floats(scope, d * n, label));
    centredCross(state, train, train, band, column, n, C);
    centredCross(state, train, test, band, column, n, testC);
    const solver: Augmented = {
      matrix: floats(scope, d * (d + n), '[M | C]'),
      diagonal: floats(scope, d, 'diagonal'),
      d,
      n,
    };
    const buffers = {
      product,
      taken: floats(scope, n, 'explained'),
      takenTest: floats(scope, n, 'explained of the test'),
      counters: scope.buffer(16, 'bad pivots'),
    };
    await scope.settled();
    const sums = (
      await rec.read(
        { buffer: train.sourceSums, bytes: 8 * d },
        { buffer: train.whiteSums, bytes: 8 * d },
        { buffer: train.targetSums(band), bytes: 8 * width },
        { buffer: test.targetSums(band), bytes: 8 * width },
      )
    ).map((data) => new Float32Array(data));
    checkFinite(sums[0], 'source');
    checkFinite(sums[2], 'target');
    checkFinite(sums[3], 'held-out');
    const total = (of: Float32Array, rows: number): Float64Array =>
      totalSquares(of, sums[2], width, rows, train.rows, column, shape.targetWidth);
    const sst = { train: total(sums[2], train.rows), test: total(sums[3], test.rows) };
    return new PairSystem(
      state,
      {
        own: { anchor: 0, source, C, testC },
        solver,
        sums,
        sst,
        trainRows: train.rows,
        layers: [sourceLayer, targetLayer],
      },
      buffers,
    );
  }

  /** Solves at one λ; the solution stays where `map` takes it from. @param withTrain also score the training rows, which costs a product */
  async solve(lambda: number, withTrain: boolean): Promise<Solved> {
    const { rec } = this.#state;
    const { taken, takenTest, counters } = this.#buffers;
    this.#factorise(lambda);
    const { source, C, testC } = this.#now;
    if (withTrain) this.#explain(source.train, C, taken);
    this.#explain(source.test as GPUBuffer, testC, takenTest);
    await this.#state.scope.settled();
    const bytes = 4 * this.#state.layout.shape.targetWidth;
    const [a, b, c] = await rec.read(
      { buffer: taken, bytes },
      { buffer: takenTest, bytes },
      { buffer: counters, bytes: 8 },
    );
    const [bad, empty] = new Uint32Array(c);
    return {
      bad,
      empty,
      train: withTrain ? scoreOf(new Float32Array(a), this.#sst.train) : null,
      test: scoreOf(new Float32Array(b), this.#sst.test),
    };
  }

  /** W = diag(scale)·T·G·V at one λ and its intercept; the intercept in float64, from the rounded W. */
  async map(lambda: number): Promise<AffineMap> {
    const { rec, scope, layout, coordinates } = this.#state;
    const { source: d, target: n, shape } = layout;
    const [sourceLayer, targetLayer] = this.#layers;
    const { band, column } = bandOf(layout, targetLayer);
    const { T, shift, scale } = coordinates.source[sourceLayer];
    const { product } = this.#buffers;
    this.#factorise(lambda);
    const { matrix } = this.#solver;
    const { G } = this.#now.source;
    if (G) {
      const V = floats(scope, d * n, 'G·V');
      ab(rec, { A: G, B: matrix, C: V, m: d, k: d, n, strideB: d + n, columnB: d });
      ab(rec, { A: T, B: V, C: product, m: d, k: d, n });
    } else {
      ab(rec, { A: T, B: matrix, C: product, m: d, k: d, n, strideB: d + n, columnB: d });
    }
    const [w, sh, sc, ts] = (
      await rec.read(
        { buffer: product, bytes: 4 * d * n },
        { buffer: shift, bytes: 4 * d },
        { buffer: scale, bytes: 4 * d },
        { buffer: coordinates.target[band], bytes: 4 * layout.bands[band].width },
      )
    ).map((data) => new Float32Array(data));
    const { sourceWidth, targetWidth } = shape;
    const rows = this.#trainRows;
    const W = new Float32Array(sourceWidth * targetWidth);
    const p = Float64Array.from(
      { length: targetWidth },
      (_, j) => ts[column + j] + this.#targetSums[column + j] / rows,
    );
    for (let i = 0; i < sourceWidth; i++) {
      const mean = sh[i] + this.sourceSums[i] / rows / sc[i];
      for (let j = 0; j < targetWidth; j++) {
        const value = w[i * n + j] * sc[i]; // a power of two: exact
        W[i * targetWidth + j] = value;
        p[j] -= mean * value;
      }
    }
    return { W, p: Float32Array.from(p), sourceWidth, targetWidth, lambda };
  }

  #factorise(lambda: number): void {
    const { rec } = this.#state;
    const { d, n, matrix, diagonal } = this.#solver;
    const { counters } = this.#buffers;
    this.#turn(anchorOf(this.#state, lambda));
    const { source, C } = this.#now;
    rec.clear(counters);
    augment(rec, { M: source.train, d, right: C, n, ridge: { lambda, penalty: source.penalty }, matrix, diagonal });
    factorise(rec, this.#solver, counters, source.noise);
    solveUpper(rec, this.#solver);
  }

  /** Goes to the coordinates of an anchor; those of the last one are given back. */
  #turn(anchor: number): void {
    if (anchor === this.#now.anchor) return;
    const { scope, rec } = this.#state;
    if (this.#now !== this.#own) {
      rec.submit();
      const { source, C, testC } = this.#now;
      for (const buffer of [source.train, source.test, source.penalty, source.standardised, source.G, C, testC])
        if (buffer) scope.release(buffer);
    }
    this.#now = this.#own;
    if (anchor === 0) return;
    const source = anchored(this.#state, this.#own.source, anchor);
    const G = source.G as GPUBuffer;
    const { n } = this.#solver;
    this.#now = {
      anchor,
      source,
      C: turnedCross(this.#state, G, this.#own.C, n),
      testC: turnedCross(this.#state, G, this.#own.testC, n),
    };
  }

  #explain(M: GPUBuffer, C: GPUBuffer, out: GPUBuffer): void {
    const { rec } = this.#state;
    const { d, n, matrix } = this.#solver;
    const { product } = this.#buffers;
    ab(rec, { A: M, B: matrix, C: product, m: d, k: d, n, strideB: d + n, columnB: d });
    explained(rec, { V: matrix, strideV: d + n, columnV: d, T: product, C, d, n, out });
  }
}
