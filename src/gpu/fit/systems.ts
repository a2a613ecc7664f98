/** From the moments of a GPU fit to the systems that are solved: centring, the ridge's penalty, one λ at a time. */
import { LabError } from '../../experiment/errors';
import type { AffineMap } from '../../math/fit-types';
import { type MomentScore, scoreFromSums } from '../../math/moments';
import { ab } from '../kernels/ab/ab';
import { atb } from '../kernels/atb/atb';
import { type Augmented, factorise, solveUpper, WHITENED_NOISE } from '../kernels/cholesky/cholesky';
import { explained } from '../kernels/score/score';
import { augment, centre, scaleRows } from '../kernels/system/system';
import type { Recorder } from '../recorder';
import type { GpuScope } from '../scope';
import type { FitLayout } from './layout';
import { LayerMoments, type Part } from './moments';
import { type Coordinates, SECOND_PASS_FLOOR } from './whitening';

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
export const trainingMoments = (state: FitState, layer: number): LayerMoments => new LayerMoments(state.rec, state.scope, state.train, layer);

/** One source layer's held-out moments. */
export const heldOutMoments = (state: FitState, layer: number): LayerMoments => new LayerMoments(state.rec, state.scope, [state.heldOut], layer);

/** What counts as rounding noise in these coordinates: the second whitening enlarges small directions by up to 1/floor. */
export function noise({ coordinates, secondPass }: FitState): number {
  if (!coordinates.whiten) return 0;
  return secondPass ? WHITENED_NOISE / SECOND_PASS_FLOOR : WHITENED_NOISE;
}

const floats = (scope: GpuScope, count: number, label: string): GPUBuffer => scope.buffer(count * 4, label);

/** QᵀQ of some rows about the training means, divided by the rows. */
export function centredGram(state: FitState, train: LayerMoments, of: LayerMoments, out: GPUBuffer): void {
  const d = state.layout.source;
  centre(state.rec, {
    M: of.gram, m: d, n: d, strideM: d,
    leftSums: of.whiteSums, rightSums: of.whiteSums, leftTrain: train.whiteSums, rightTrain: train.whiteSums,
    rows: of.rows, trainRows: train.rows, symmetric: true, out,
  });
}

/** QᵀY' of some rows about the training means, divided by the rows: `width` columns of a band from `column` on. */
export function centredCross(state: FitState, train: LayerMoments, of: LayerMoments, band: number, column: number, width: number, out: GPUBuffer): void {
  centre(state.rec, {
    M: of.cross(band), m: state.layout.source, n: width, strideM: state.layout.bands[band].width, columnM: column,
    leftSums: of.whiteSums, rightSums: of.targetSums(band), leftTrain: train.whiteSums, rightTrain: train.targetSums(band), columnSums: column,
    rows: of.rows, trainRows: train.rows, out,
  });
}

/** The centred source moments of one layer, full source×source matrices, and the ridge's penalty. */
export interface SourceSystem {
  train: GPUBuffer;
  /** Of the rows that the map is scored on; null without any. */
  test: GPUBuffer | null;
  penalty: GPUBuffer;
}

export function sourceSystem(state: FitState, layer: number, train: LayerMoments, test: LayerMoments | null): SourceSystem {
  const { rec, scope, layout, coordinates } = state;
  const d = layout.source;
  const system: SourceSystem = { train: floats(scope, d * d, 'M'), test: test && floats(scope, d * d, 'test M'), penalty: floats(scope, d * d, 'penalty') };
  centredGram(state, train, train, system.train);
  if (test && system.test) centredGram(state, train, test, system.test);
  // λ‖Ws‖² in standardised coordinates is λ‖diag(σ) T V‖² here: P = BᵀB with B = diag(σ) T.
  const B = floats(scope, d * d, 'diag(σ)·T');
  scaleRows(rec, { T: coordinates.source[layer].T, sums: train.sourceSums, d, rows: train.rows, out: B });
  atb(rec, { A: B, B, C: system.penalty, rows: d, m: d, n: d, strideA: d, strideB: d, strideC: d });
  return system;
}

/** @throws RangeError if the layer is not one of 0 … count−1 */
export function checkLayer(layer: number, count: number, side: string): void {
  if (!Number.isInteger(layer) || layer < 0 || layer >= count) throw new RangeError(`There is no ${side} layer ${layer}: the fit has ${count}.`);
}

/** Where a target layer lies. */
export function bandOf(layout: FitLayout, targetLayer: number): { band: number; column: number } {
  const band = layout.bands.findIndex(({ firstLayer, layers }) => targetLayer < firstLayer + layers);
  return { band, column: (targetLayer - layout.bands[band].firstLayer) * layout.target };
}

/** Σ(y − b)² / rows per column, from [Σ | Σ²] of some rows and of the training rows. */
export function totalSquares(sums: Float32Array, train: Float32Array, width: number, rows: number, trainRows: number, column: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, j) => {
    const b = train[column + j] / trainRows;
    const s = sums[column + j];
    return Math.max(0, (sums[width + column + j] - 2 * b * s) / rows + b * b);
  });
}

/** SSE_j = SST_j + explained_j; float32 noise must not make it negative. */
export function scoreOf(taken: Float32Array, sst: Float64Array): MomentScore {
  return scoreFromSums(sst.map((total, j) => Math.max(0, total + taken[j])), sst);
}

/** Rows that are not finite never reach the sums: what overflows them is too large. @throws LabError non-finite */
export function checkFinite(sums: Float32Array, side: string): void {
  if (sums.every(Number.isFinite)) return;
  throw new LabError('non-finite', `The ${side} activations are too large for float32 sums.`, 'Numbers near 1e19 are not activations: try another precision of the model, or the CPU.', { side });
}

/** The outcome of one λ. The scores mean nothing where `bad` is not 0. */
export interface Solved {
  bad: number;
  /** Bad pivots of columns without substance, which no better whitening can help. */
  empty: number;
  train: MomentScore | null;
  test: MomentScore;
}

/** Scratch space of one pair. */
interface PairBuffers {
  C: GPUBuffer;
  testC: GPUBuffer;
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
  readonly #source: SourceSystem;
  readonly #solver: Augmented;
  readonly #buffers: PairBuffers;
  readonly #targetSums: Float32Array;
  readonly #sst: { train: Float64Array; test: Float64Array };
  readonly #trainRows: number;
  readonly #layers: [source: number, target: number];

  private constructor(state: FitState, parts: { source: SourceSystem; solver: Augmented; sums: Float32Array[]; sst: { train: Float64Array; test: Float64Array }; trainRows: number; layers: [number, number] }, buffers: PairBuffers) {
    this.#state = state;
    this.#source = parts.source;
    this.#solver = parts.solver;
    [this.sourceSums, this.whiteSums, this.#targetSums] = parts.sums;
    this.#sst = parts.sst;
    this.#trainRows = parts.trainRows;
    this.#layers = parts.layers;
    this.#buffers = buffers;
  }

  /** @throws RangeError on a bad layer; LabError non-finite, out-of-memory */
  static async create(state: FitState, sourceLayer: number, targetLayer: number, train: LayerMoments, test: LayerMoments): Promise<PairSystem> {
    const { rec, scope, layout } = state;
    const { source: d, target: n, shape } = layout;
    const { band, column } = bandOf(layout, targetLayer);
    const width = layout.bands[band].width;
    const source = sourceSystem(state, sourceLayer, train, test);
    const [C, testC, product] = ['C', 'test C', 'M·V'].map((label) => floats(scope, d * n, label));
    centredCross(state, train, train, band, column, n, C);
    centredCross(state, train, test, band, column, n, testC);
    const solver: Augmented = { matrix: floats(scope, d * (d + n), '[M | C]'), diagonal: floats(scope, d, 'diagonal'), d, n };
    const buffers = { C, testC, product, taken: floats(scope, n, 'explained'), takenTest: floats(scope, n, 'explained of the test'), counters: scope.buffer(16, 'bad pivots') };
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
    checkFinite(sums[3], 'held-out target');
    const total = (of: Float32Array, rows: number): Float64Array => totalSquares(of, sums[2], width, rows, train.rows, column, shape.targetWidth);
    const sst = { train: total(sums[2], train.rows), test: total(sums[3], test.rows) };
    return new PairSystem(state, { source, solver, sums, sst, trainRows: train.rows, layers: [sourceLayer, targetLayer] }, buffers);
  }

  /** Solves at one λ; the solution stays where `map` takes it from. @param withTrain also score the training rows, which costs a product */
  async solve(lambda: number, withTrain: boolean): Promise<Solved> {
    const { rec } = this.#state;
    const { C, testC, taken, takenTest, counters } = this.#buffers;
    this.#factorise(lambda);
    if (withTrain) this.#explain(this.#source.train, C, taken);
    this.#explain(this.#source.test as GPUBuffer, testC, takenTest);
    const bytes = 4 * this.#state.layout.shape.targetWidth;
    const [a, b, c] = await rec.read({ buffer: taken, bytes }, { buffer: takenTest, bytes }, { buffer: counters, bytes: 8 });
    const [bad, empty] = new Uint32Array(c);
    return { bad, empty, train: withTrain ? scoreOf(new Float32Array(a), this.#sst.train) : null, test: scoreOf(new Float32Array(b), this.#sst.test) };
  }

  /** W = diag(scale)·T·V at one λ and its intercept; the intercept in float64, from the rounded W. */
  async map(lambda: number): Promise<AffineMap> {
    const { rec, layout, coordinates } = this.#state;
    const { source: d, target: n, shape } = layout;
    const [sourceLayer, targetLayer] = this.#layers;
    const { band, column } = bandOf(layout, targetLayer);
    const { T, shift, scale } = coordinates.source[sourceLayer];
    const { product } = this.#buffers;
    this.#factorise(lambda);
    ab(rec, { A: T, B: this.#solver.matrix, C: product, m: d, k: d, n, strideB: d + n, columnB: d });
    const [w, sh, sc, ts] = (
      await rec.read({ buffer: product, bytes: 4 * d * n }, { buffer: shift, bytes: 4 * d }, { buffer: scale, bytes: 4 * d }, { buffer: coordinates.target[band], bytes: 4 * layout.bands[band].width })
    ).map((data) => new Float32Array(data));
    const { sourceWidth, targetWidth } = shape;
    const rows = this.#trainRows;
    const W = new Float32Array(sourceWidth * targetWidth);
    const p = Float64Array.from({ length: targetWidth }, (_, j) => ts[column + j] + this.#targetSums[column + j] / rows);
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
    const { C, counters } = this.#buffers;
    rec.clear(counters);
    augment(rec, { M: this.#source.train, d, right: C, n, ridge: { lambda, penalty: this.#source.penalty }, matrix, diagonal });
    factorise(rec, this.#solver, counters, noise(this.#state));
    solveUpper(rec, this.#solver);
  }

  #explain(M: GPUBuffer, C: GPUBuffer, out: GPUBuffer): void {
    const { rec } = this.#state;
    const { d, n, matrix } = this.#solver;
    const { product } = this.#buffers;
    ab(rec, { A: M, B: matrix, C: product, m: d, k: d, n, strideB: d + n, columnB: d });
    explained(rec, { V: matrix, strideV: d + n, columnV: d, T: product, C, d, n, out });
  }
}
