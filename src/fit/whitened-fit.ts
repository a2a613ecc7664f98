/**
 * The streaming affine fit by float32 products: the CPU twin of the WGSL fit. The first
 * training rows are held back as a warm-up, which sets shift, scale and whitening
 * (whitening.ts); from then on rows stream through in folds of at most 512, whose products
 * are added up in float64. Moments are turned back into the original coordinates and solved in float64.
 *
 * The whitened rows Q = X'T alone are computed in float64 and rounded once: small directions are
 * what is left of large terms, and in float32 their rounding would be most of the error. The long
 * products, QᵀQ and QᵀY, are float32: there the columns are of unit size and hardly correlated.
 */
import type { FitChunk, FitOptions, FitShape, SecondPassReason } from './types';
import { NonFiniteError } from '../math/errors';
import { type Matrix, multiplyUpper, packUpper, type PackedUpper, zeros } from '../math/matrix';
import type { Accumulator, SourceCoordinates } from './accumulator';
import { MomentFit } from './moment-fit';
import type { PairMoments } from '../math/moments';
import type { Products } from './products';
import { renewedFactor, scaleOf, unwhitening, type Whitening, whiteningFactor, whiteningFlaw } from './whitening';

/** Rows of a fold: the longest chain of float32 additions. */
export const STREAM_FOLD_ROWS = 512;

/**
 * Pivots of the standardised covariance that are rounding noise. Measured on widths 12 … 192: columns that depend on
 * others leave up to 1e-12 here (rank lost to few rows: 1e-10), while at condition 2e10 the least true pivot is 2e-8.
 */
const PIVOT_NOISE = 1e-10;

export interface WhitenedFitOptions extends FitOptions {
  /** Training rows held back before whitening; default max(4·dS, 1024). Fewer than dS makes a second pass likely. */
  warmUpRows?: number;
}

/** Rows on their way into the products, shifted and scaled. */
interface Fold {
  rows: number;
  /** Per source layer: 512×dS, exact: a difference of float32 numbers need not be one. */
  source: Float64Array[];
  /** 512×(L_T·dT + 1 + dS): all target layers side by side, a one, and room for Q. */
  right: Float32Array;
}

export class WhitenedFit extends MomentFit {
  protected override readonly pivotTolerance = PIVOT_NOISE;
  readonly #products: Products;
  readonly #warmUpRows: number;
  /** L_T·dT */
  readonly #targets: number;
  readonly #rightWidth: number;
  /** Chunks of the warm-up; null once whitening is set. */
  #held: FitChunk<Float32Array>[] | null = [];
  #heldTrainRows = 0;
  #whitening: Whitening[] = [];
  /** Per source layer: T, packed. */
  #factors: PackedUpper[] = [];
  #targetShift: Float32Array = new Float32Array(0);
  /** Unfinished folds by accumulator. */
  readonly #folds = new Map<Accumulator, Fold>();
  #whitenedByAll = false;
  #secondPass = false;

  /**
   * @param products stay the caller's: `dispose` leaves them alone
   * @throws RangeError unless all four sizes are whole numbers of at least 1, folds is one of 2 … 16 and warmUpRows at
   *   least 1, if given
   */
  constructor(shape: FitShape, products: Products, options: WhitenedFitOptions = {}) {
    super(shape, options, { source: shape.sourceWidth, target: shape.targetWidth });
    const warmUpRows = options.warmUpRows ?? Math.max(4 * shape.sourceWidth, 1024);
    if (!Number.isInteger(warmUpRows) || warmUpRows < 1)
      throw new RangeError(`warmUpRows must be a whole number of at least 1, not ${warmUpRows}.`);
    this.#products = products;
    this.#warmUpRows = warmUpRows;
    this.#targets = shape.targetLayers * shape.targetWidth;
    this.#rightWidth = this.#targets + 1 + shape.sourceWidth;
  }

  /**
   * The arrays may be reused once this has returned its promise's value.
   * @throws RangeError if a matrix does not have rows × width numbers, a layer is missing or the fold is not one of the
   *   fit's
   */
  async add(chunk: FitChunk<Float32Array>): Promise<void> {
    const finite = this.accept(chunk);
    if (!finite) return;
    if (!this.#held) return this.#stream(finite);
    this.#held.push({
      ...finite,
      source: finite.source.map((m) => m.slice()),
      target: finite.target.map((m) => m.slice()),
    });
    if (finite.split === 'train') this.#heldTrainRows += finite.rows;
    if (this.#heldTrainRows >= this.#warmUpRows) await this.#whiten();
  }

  async secondPassReason(smallestLambda = 0): Promise<SecondPassReason | null> {
    await this.#settled();
    for (let s = 0; s < this.shape.sourceLayers; s++) {
      const flaw = this.secondPassCause(s, this.trainMoments(s, 0), smallestLambda); // trainMoments refuses what has overflowed
      if (flaw) return { sourceLayer: s, ...flaw };
    }
    return null;
  }

  override async restart(): Promise<void> {
    await this.#settled();
    const { sourceLayers, targetLayers, targetWidth } = this.shape;
    const sums = this.trainSums();
    for (let s = 0; s < sourceLayers; s++) {
      const { sourceMean } = this.trainMoments(s, 0); // refuses what has overflowed
      const { scale, T } = this.#whitening[s];
      this.#whitening[s] = { shift: Float32Array.from(sourceMean), scale, T: renewedFactor(T, this.#whitenedGram(s)) };
    }
    for (let t = 0; t < targetLayers; t++)
      for (let j = 0; j < targetWidth; j++) this.#targetShift[t * targetWidth + j] += sums.targetSums[t][j] / sums.rows;
    this.#factors = this.#whitening.map(({ T }) => packUpper(T, this.shape.sourceWidth));
    this.#folds.clear();
    await super.restart();
    this.#secondPass = true;
  }

  override dispose(): void {
    super.dispose();
    this.#held = [];
    this.#heldTrainRows = 0;
    this.#whitening = [];
    this.#factors = [];
    this.#folds.clear();
  }

  protected override get secondPass(): boolean {
    return this.#secondPass;
  }

  protected override secondPassCause(
    s: number,
    { ss }: PairMoments,
    lambda: number,
  ): Omit<SecondPassReason, 'sourceLayer'> | null {
    if (this.#secondPass || this.#whitenedByAll) return null;
    const d = this.shape.sourceWidth;
    const { rows, gram } = this.trainSums();
    const meanSquares = Float64Array.from({ length: d }, (_, i) => gram[s][i * d + i] / rows);
    const variances = Float64Array.from({ length: d }, (_, i) => ss.data[i * d + i] * this.#whitening[s].scale[i] ** 2);
    return whiteningFlaw(this.#whitening[s], this.#whitenedGram(s), meanSquares, variances, lambda);
  }

  protected coordinates(s: number): SourceCoordinates {
    const back = unwhitening(this.#whitening[s]);
    const finite = (m: Matrix): Matrix => {
      if (m.data.every(Number.isFinite)) return m;
      throw new NonFiniteError(`The states of source layer ${s} or of the target are too large for sums in float32.`);
    };
    return { mean: back.mean, gram: (ss) => back.gram(finite(ss)), cross: (st) => back.cross(finite(st)) };
  }

  protected targetShift(t: number): Float64Array {
    const m = this.shape.targetWidth;
    return Float64Array.from(this.#targetShift.subarray(t * m, (t + 1) * m));
  }

  protected override async settle(): Promise<void> {
    if (this.#held) await this.#whiten();
    for (const [acc, fold] of this.#folds) await this.#multiply(acc, fold);
  }

  /** QᵀQ/n of the training rows, centred. */
  #whitenedGram(s: number): Matrix {
    const d = this.shape.sourceWidth;
    const { rows, gram, sourceSums } = this.trainSums();
    const mean = sourceSums[s].map((q) => q / rows);
    const out = zeros(d, d);
    for (let i = 0; i < d; i++)
      for (let j = 0; j < d; j++) out.data[i * d + j] = gram[s][i * d + j] / rows - mean[i] * mean[j];
    return out;
  }

  /** @throws RangeError without training rows */
  async #settled(): Promise<void> {
    const { train } = await this.rows();
    if (train < 2) throw new RangeError(`A fit needs at least two training rows, not ${train}.`);
    await this.settle();
  }

  /** Sets shift, scale and whitening from the training rows held back, then streams them all. */
  async #whiten(): Promise<void> {
    const held = this.#held ?? [];
    const train = held.filter((chunk) => chunk.split === 'train');
    const { sourceLayers, targetLayers, sourceWidth, targetWidth } = this.shape;
    for (let s = 0; s < sourceLayers; s++)
      this.#whitening.push(
        await this.#whiteningOf(
          train.map((chunk) => chunk.source[s]),
          sourceWidth,
        ),
      );
    this.#factors = this.#whitening.map(({ T }) => packUpper(T, sourceWidth));
    this.#targetShift = new Float32Array(this.#targets);
    for (let t = 0; t < targetLayers; t++)
      this.#targetShift.set(
        meanOf(
          train.map((chunk) => chunk.target[t]),
          targetWidth,
        ),
        t * targetWidth,
      );
    this.#held = null;
    for (const chunk of held) await this.#stream(chunk);
    this.#whitenedByAll = true;
  }

  async #whiteningOf(blocks: Float32Array[], d: number): Promise<Whitening> {
    const shift = meanOf(blocks, d);
    const squares = new Float64Array(d);
    let rows = 0;
    for (const m of blocks) {
      for (let i = 0; i < m.length; i++) squares[i % d] += (m[i] - shift[i % d]) ** 2;
      rows += m.length / d;
    }
    const scale = Float32Array.from(squares, (square) => scaleOf(square / rows));
    const space = new Float32Array(STREAM_FOLD_ROWS * d);
    const covariance = zeros(d, d);
    for (const m of blocks) {
      for (let first = 0; first < m.length; first += space.length) {
        const part = m.subarray(first, first + space.length);
        shiftAndScale(part, d, shift, scale, space, 0);
        const X = space.subarray(0, part.length);
        const product = await this.#products.atb(X, part.length / d, d, X, d);
        for (let i = 0; i < product.length; i++) covariance.data[i] += product[i] / rows;
      }
    }
    return { shift, scale, T: whiteningFactor(covariance) };
  }

  async #stream(chunk: FitChunk<Float32Array>): Promise<void> {
    const { targetWidth: m, sourceWidth: d } = this.shape;
    const acc = chunk.split === 'train' ? this.train[this.foldOf(chunk)] : this.heldOut;
    if (chunk.split === 'train') this.#whitenedByAll = false;
    const fold = this.#folds.get(acc) ?? this.#newFold(acc);
    const wide = this.#rightWidth;
    for (let first = 0; first < chunk.rows;) {
      const count = Math.min(STREAM_FOLD_ROWS - fold.rows, chunk.rows - first);
      chunk.source.forEach((source, s) => {
        const { shift, scale } = this.#whitening[s];
        shiftAndScale(source.subarray(first * d, (first + count) * d), d, shift, scale, fold.source[s], fold.rows * d);
      });
      chunk.target.forEach((target, t) => {
        const shift = this.#targetShift.subarray(t * m, (t + 1) * m);
        const sums = acc.targetSums[t];
        const squares = acc.squares[t];
        for (let r = 0; r < count; r++) {
          const from = (first + r) * m;
          const to = (fold.rows + r) * wide + t * m;
          for (let j = 0; j < m; j++) {
            const y = Math.fround(target[from + j] - shift[j]);
            fold.right[to + j] = y;
            sums[j] += y;
            squares[j] += y * y;
          }
        }
      });
      fold.rows += count;
      first += count;
      if (fold.rows === STREAM_FOLD_ROWS) await this.#multiply(acc, fold);
    }
  }

  #newFold(acc: Accumulator): Fold {
    const { sourceLayers, sourceWidth } = this.shape;
    const wide = this.#rightWidth;
    const right = new Float32Array(STREAM_FOLD_ROWS * wide);
    for (let r = 0; r < STREAM_FOLD_ROWS; r++) right[r * wide + this.#targets] = 1; // its product with Q is ΣQ
    const fold: Fold = {
      rows: 0,
      source: Array.from({ length: sourceLayers }, () => new Float64Array(STREAM_FOLD_ROWS * sourceWidth)),
      right,
    };
    this.#folds.set(acc, fold);
    return fold;
  }

  /** Adds the products of a fold to its accumulator, and empties it. */
  async #multiply(acc: Accumulator, fold: Fold): Promise<void> {
    const { sourceWidth: d, targetWidth: m } = this.shape;
    const { rows } = fold;
    if (rows === 0) return;
    const n = this.#targets;
    const wide = this.#rightWidth;
    const right = fold.right.subarray(0, rows * wide);
    for (let s = 0; s < fold.source.length; s++) {
      const Q = multiplyUpper(fold.source[s].subarray(0, rows * d), rows, this.#factors[s]);
      for (let r = 0; r < rows; r++) right.set(Q.subarray(r * d, (r + 1) * d), r * wide + n + 1);
      const product = await this.#products.atb(Q, rows, d, right, wide); // QᵀY, ΣQ and QᵀQ
      const cross = acc.cross[s];
      const gram = acc.gram[s];
      for (let i = 0; i < d; i++) {
        const row = i * wide;
        for (let c = 0; c < n; c++) cross[i * n + c] += product[row + c];
        acc.sourceSums[s][i] += product[row + n];
        for (let k = 0; k < d; k++) gram[i * d + k] += product[row + n + 1 + k];
      }
    }
    for (let t = 0; t < acc.targetGram.length; t++) {
      const Y = new Float32Array(rows * m);
      for (let r = 0; r < rows; r++) Y.set(right.subarray(r * wide + t * m, r * wide + (t + 1) * m), r * m);
      const product = await this.#products.atb(Y, rows, m, Y, m);
      const gram = acc.targetGram[t];
      for (let i = 0; i < product.length; i++) gram[i] += product[i];
    }
    acc.rows += rows;
    fold.rows = 0;
  }
}

/** (x − shift)·scale; the scale is a power of two. */
function shiftAndScale(
  rows: Float32Array,
  width: number,
  shift: Float32Array,
  scale: Float32Array,
  out: Float64Array | Float32Array,
  at: number,
): void {
  for (let first = 0; first < rows.length; first += width)
    for (let j = 0; j < width; j++) out[at + first + j] = (rows[first + j] - shift[j]) * scale[j];
}

/** Means of the columns, about the first row: a constant column has exactly its constant as mean. */
function meanOf(blocks: Float32Array[], width: number): Float32Array {
  const first = blocks[0];
  const sums = new Float64Array(width);
  let rows = 0;
  for (const m of blocks) {
    for (let at = 0; at < m.length; at += width) for (let j = 0; j < width; j++) sums[j] += m[at + j] - first[j];
    rows += m.length / width;
  }
  return Float32Array.from(sums, (sum, j) => first[j] + sum / rows);
}
