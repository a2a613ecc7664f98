/** The ridge systems of one pair of layers, one λ after another. */
import type { AffineMap } from '../../math/affine-map';
import type { MomentScore } from '../../math/moments';
import { ab } from '../kernels/ab/ab';
import { type Augmented, factorise, solveUpper } from '../kernels/cholesky/cholesky';
import { explained } from '../kernels/score/score';
import { augment } from '../kernels/system/system';
import type { LayerMoments } from './moments';
import {
  anchored,
  anchorOf,
  bandOf,
  centredCross,
  checkFinite,
  type FitState,
  floats,
  scoreOf,
  type SourceSystem,
  sourceSystem,
  totalSquares,
  turnedCross,
} from './systems';
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

  /**
   * Solves at one λ; the solution stays where `map` takes it from.
   * @param withTrain also score the training rows, which costs a product
   */
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
