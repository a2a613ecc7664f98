/**
 * What every fit on the CPU shares: which rows count, the moments of folds and splits,
 * and everything that is asked of them (grid, λ path, cross-validation, CKA). A fit adds
 * how rows become moments: in float64 as they are (ridge.ts), or by float32 products in
 * whitened coordinates (whitened-fit.ts). Solving is float64 in both.
 */
import { centredNorm, ckaFromNorms } from '../math/cka';
import type {
  AffineMap,
  CrossValidationPoint,
  FitChunk,
  FitOptions,
  FitShape,
  LambdaPoint,
  OnLayer,
  PairFit,
  RowCounts,
  SecondPassReason,
  StreamingFit,
} from './types';
import { checkLayers, ConstantColumns, finiteRows } from './rows';
import { type Matrix, zeros } from '../math/matrix';
import {
  checkLambda,
  intercept,
  medianOfFinite,
  type MomentScore,
  type PairMoments,
  ridgeFromMoments,
  type RidgeSolution,
  scoreFromMoments,
  scoreFromSums,
} from '../math/moments';

/** Sums over the rows of a split or a fold, in the coordinates in which the fit streams. */
export interface Accumulator {
  rows: number;
  /** Per source layer: Σx. */
  sourceSums: Float64Array[];
  /** Per target layer: Σy. */
  targetSums: Float64Array[];
  /** Per source layer: Σxxᵀ with the source stride; the part on and above the diagonal counts. */
  gram: Float64Array[];
  /** Per source layer: Σxyᵀ with all target layers side by side, each of the target stride. */
  cross: Float64Array[];
  /** Per target layer: Σy². */
  squares: Float64Array[];
  /** Per target layer: Σyyᵀ, as `gram` (training rows, for CKA; else empty). */
  targetGram: Float64Array[];
}

/** Widths with padding. */
export interface Strides {
  source: number;
  target: number;
}

/** Streamed source coordinates turned into the original ones. Arguments may be changed in place. */
export interface SourceCoordinates {
  /** dS */
  mean(mean: Float64Array): Float64Array;
  /** Centred moments, dS×dS. */
  gram(ss: Matrix): Matrix;
  /** Centred cross moments, dS×m. */
  cross(st: Matrix): Matrix;
}

/** Most folds of a cross-validation. */
export const MAX_FOLDS = 16;

/** Lets an abort or a message through between two steps of a long solve. */
const yieldToEventLoop = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

export abstract class MomentFit implements StreamingFit<Float32Array> {
  readonly shape: FitShape;
  protected readonly strides: Strides;
  /** One per fold. */
  protected train: Accumulator[];
  protected heldOut: Accumulator;
  readonly #wantCka: boolean;
  #counts: RowCounts = { train: 0, heldOut: 0, excluded: 0 };
  #constant: ConstantColumns[];
  /** All training rows, until the next chunk. */
  #total: Accumulator | null = null;
  /** ss of all training and of the held-out rows by source layer, until the next chunk: every target layer shares it. */
  #grams = new Map<Accumulator, Map<number, Matrix>>();

  /** @throws RangeError unless all four sizes are whole numbers of at least 1 and folds is one of 2 … 16, if given */
  protected constructor(shape: FitShape, options: FitOptions, strides: Strides) {
    for (const [name, size] of Object.entries(shape)) {
      if (!Number.isInteger(size) || size < 1)
        throw new RangeError(`${name} must be a whole number of at least 1, not ${size}.`);
    }
    const { folds } = options;
    if (folds !== undefined && (!Number.isInteger(folds) || folds < 2 || folds > MAX_FOLDS))
      throw new RangeError(`folds must be a whole number from 2 to ${MAX_FOLDS}, not ${folds}.`);
    this.shape = { ...shape };
    this.strides = strides;
    this.#wantCka = options.cka ?? true;
    this.train = Array.from({ length: folds ?? 1 }, () => this.#accumulator(this.#wantCka));
    this.heldOut = this.#accumulator(false);
    this.#constant = this.train.map(() => new ConstantColumns(shape));
  }

  abstract add(chunk: FitChunk<Float32Array>): void | Promise<void>;
  abstract secondPassReason(smallestLambda?: number): Promise<SecondPassReason | null>;

  async needsSecondPass(smallestLambda = 0): Promise<boolean> {
    return (await this.secondPassReason(smallestLambda)) !== null;
  }

  /** The way back from the streamed coordinates of a source layer. */
  protected abstract coordinates(sourceLayer: number): SourceCoordinates;
  /** The origin of the streamed target coordinates. */
  protected abstract targetShift(targetLayer: number): Float64Array;
  /** Brings rows that are still held back into the accumulators. */
  protected settle(): void | Promise<void> {}
  /** A pivot below this share of its diagonal is rounding noise; undefined for that of float64. */
  protected readonly pivotTolerance: number | undefined = undefined;
  /** How the streaming itself failed this source layer, see PairFit.needsSecondPass. */
  protected secondPassCause(
    _sourceLayer: number,
    _train: PairMoments,
    _lambda: number,
  ): Omit<SecondPassReason, 'sourceLayer'> | null {
    return null;
  }
  protected get secondPass(): boolean {
    return false;
  }

  /**
   * Checks a chunk, leaves out its rows that are not finite, and counts. Null when no row is left.
   * @throws RangeError if a layer is missing, a matrix does not have rows × width numbers, or the fold is not one of the fit's
   */
  protected accept(chunk: FitChunk<Float32Array>): FitChunk<Float32Array> | null {
    const { sourceLayers, targetLayers, sourceWidth, targetWidth } = this.shape;
    checkLayers(chunk.source, sourceLayers, chunk.rows, sourceWidth, 'source');
    checkLayers(chunk.target, targetLayers, chunk.rows, targetWidth, 'target');
    const fold = this.foldOf(chunk);
    const finite = finiteRows(chunk, this.shape);
    this.#counts.excluded += chunk.rows - finite.rows;
    if (finite.rows === 0) return null;
    this.#counts[chunk.split] += finite.rows;
    this.#forget();
    if (chunk.split === 'train') this.#constant[fold].add(finite);
    return finite;
  }

  /** Index into `train`; 0 for held-out rows. */
  protected foldOf({ split, fold = -1 }: Pick<FitChunk<unknown>, 'split' | 'fold'>): number {
    const folds = this.train.length;
    if (split === 'heldOut' || folds === 1) return 0;
    if (!Number.isInteger(fold) || fold < 0 || fold >= folds)
      throw new RangeError(
        `Training rows of a fit with ${folds} folds need a fold from 0 to ${folds - 1}, not ${fold === -1 ? 'none' : fold}.`,
      );
    return fold;
  }

  async grid(lambda: number, signal?: AbortSignal, onLayer?: OnLayer): Promise<Float64Array> {
    checkLambda(lambda);
    await this.#ready();
    const { sourceLayers, targetLayers, targetWidth } = this.shape;
    const out = new Float64Array(sourceLayers * targetLayers).fill(NaN);
    for (let s = 0; s < sourceLayers; s++) {
      await yieldToEventLoop();
      signal?.throwIfAborted();
      onLayer?.(s);
      // One factorisation a source layer: all target layers are its right-hand sides.
      const { W, badPivots } = ridgeFromMoments(this.trainMoments(s), lambda, this.pivotTolerance);
      if (badPivots > 0) continue;
      const heldOut = this.#momentsOf(this.heldOut, this.#allFolds, s);
      const { perDimension } = scoreFromMoments(W, heldOut);
      for (let t = 0; t < targetLayers; t++) {
        const sst = heldOut.tt.subarray(t * targetWidth, (t + 1) * targetWidth);
        const sse = sst.map((x, j) => (x > 0 ? x * (1 - perDimension[t * targetWidth + j]) : 0));
        out[s * targetLayers + t] = scoreFromSums(sse, sst).r2;
      }
    }
    return out;
  }

  async solve(
    sourceLayer: number,
    targetLayer: number,
    lambdas: number | number[],
    signal?: AbortSignal,
  ): Promise<PairFit> {
    const path = checkPath(typeof lambdas === 'number' ? [lambdas] : lambdas);
    this.#checkPair(sourceLayer, targetLayer);
    await this.#ready();
    const train = this.trainMoments(sourceLayer, targetLayer);
    const heldOut = this.#momentsOf(this.heldOut, this.#allFolds, sourceLayer, targetLayer);
    const lambdaPath: LambdaPoint[] = [];
    let best: { lambda: number; solution: RidgeSolution; score: MomentScore } | null = null;
    let badPivots = 0;
    let constantColumns = 0;
    for (const lambda of path) {
      await yieldToEventLoop();
      signal?.throwIfAborted();
      const solution = ridgeFromMoments(train, lambda, this.pivotTolerance);
      badPivots += solution.badPivots;
      constantColumns = solution.constantColumns;
      if (solution.badPivots > 0) {
        lambdaPath.push({ lambda, heldOutR2: NaN, trainR2: NaN, badPivots: solution.badPivots });
        continue;
      }
      const score = scoreFromMoments(solution.W, heldOut);
      lambdaPath.push({ lambda, heldOutR2: score.r2, trainR2: scoreFromMoments(solution.W, train).r2, badPivots: 0 });
      if (!best || score.r2 > best.score.r2) best = { lambda, solution, score };
    }
    if (!best)
      throw new RangeError(
        `No λ of ${path.join(', ')} gives a system that can be solved: the source columns depend on each other. Use a larger λ or more rows.`,
      );
    return {
      lambdaPath,
      best: roundMap(best.solution.W, train, best.lambda),
      heldOutR2: best.score.r2,
      medianDimensionR2: medianOfFinite(best.score.perDimension),
      perDimension: best.score.perDimension,
      badPivots,
      constantColumns,
      secondPass: this.secondPass,
      needsSecondPass: this.secondPassCause(sourceLayer, train, Math.min(...path)) !== null,
    };
  }

  async crossValidate(
    sourceLayer: number,
    targetLayer: number,
    lambdas: readonly number[],
    signal?: AbortSignal,
  ): Promise<CrossValidationPoint[]> {
    const path = checkPath(lambdas);
    const count = this.train.length;
    if (count === 1) throw new RangeError('This fit was made without { folds }: it cannot cross-validate.');
    this.#checkPair(sourceLayer, targetLayer);
    this.#needTrain();
    await this.settle();
    const empty = this.train.findIndex((fold) => fold.rows === 0);
    if (empty >= 0)
      throw new RangeError(`Fold ${empty} of ${count} has no rows: cross-validation needs rows in every fold.`);
    const points: CrossValidationPoint[] = path.map((lambda) => ({
      lambda,
      perFold: [],
      meanR2: NaN,
      standardError: NaN,
    }));
    for (const fold of this.#allFolds) {
      const others = this.#allFolds.filter((other) => other !== fold);
      const rest = this.#sum(others);
      const train = this.#momentsOf(rest, others, sourceLayer, targetLayer, rest);
      const heldOut = this.#momentsOf(this.train[fold], others, sourceLayer, targetLayer, rest);
      for (const point of points) {
        await yieldToEventLoop();
        signal?.throwIfAborted();
        const { W, badPivots } = ridgeFromMoments(train, point.lambda, this.pivotTolerance);
        point.perFold.push(badPivots > 0 ? NaN : scoreFromMoments(W, heldOut).r2);
      }
    }
    for (const point of points) {
      const mean = point.perFold.reduce((sum, r2) => sum + r2, 0) / count;
      const variance = point.perFold.reduce((sum, r2) => sum + (r2 - mean) ** 2, 0) / (count - 1);
      point.meanR2 = mean;
      point.standardError = Math.sqrt(variance / count);
    }
    return points;
  }

  async cka(signal?: AbortSignal, onLayer?: OnLayer): Promise<Float64Array> {
    if (!this.#wantCka) throw new RangeError('This fit was made without { cka: true }.');
    this.#needTrain();
    await this.settle();
    const { sourceLayers, targetLayers, targetWidth } = this.shape;
    const total = this.#sum(this.#allFolds);
    const targetNorms = total.targetGram.map((gram, t) =>
      centredNorm(gram, this.strides.target, targetWidth, total.targetSums[t], total.rows),
    );
    const out = new Float64Array(sourceLayers * targetLayers);
    for (let s = 0; s < sourceLayers; s++) {
      await yieldToEventLoop();
      signal?.throwIfAborted();
      onLayer?.(s);
      const { ss, st } = this.trainMoments(s);
      let source = 0;
      for (const x of ss.data) source += x * x;
      for (let t = 0; t < targetLayers; t++) {
        let cross = 0;
        for (let i = 0; i < st.rows; i++)
          for (let j = 0; j < targetWidth; j++) cross += st.data[i * st.cols + t * targetWidth + j] ** 2;
        out[s * targetLayers + t] = ckaFromNorms(Math.sqrt(cross), Math.sqrt(source), targetNorms[t]);
      }
    }
    return out;
  }

  async moments(sourceLayer: number, targetLayer: number): Promise<{ train: PairMoments; heldOut: PairMoments }> {
    this.#checkPair(sourceLayer, targetLayer);
    await this.#ready();
    const own = (moments: PairMoments): PairMoments => ({
      ...moments,
      ss: { ...moments.ss, data: moments.ss.data.slice() },
    });
    return {
      train: own(this.trainMoments(sourceLayer, targetLayer)),
      heldOut: own(this.#momentsOf(this.heldOut, this.#allFolds, sourceLayer, targetLayer)),
    };
  }

  async rows(): Promise<RowCounts> {
    return { ...this.#counts };
  }

  async restart(): Promise<void> {
    this.train = this.train.map(() => this.#accumulator(this.#wantCka));
    this.heldOut = this.#accumulator(false);
    this.#constant = this.train.map(() => new ConstantColumns(this.shape));
    this.#counts = { train: 0, heldOut: 0, excluded: 0 };
    this.#forget();
  }

  /** Nothing but memory to give back. */
  dispose(): void {
    const nothing: Accumulator = {
      rows: 0,
      sourceSums: [],
      targetSums: [],
      gram: [],
      cross: [],
      squares: [],
      targetGram: [],
    };
    this.train = this.train.map(() => nothing);
    this.heldOut = nothing;
    this.#forget();
    this.#counts = { train: 0, heldOut: 0, excluded: 0 };
  }

  /** Moments of all training rows; without a target layer, all target layers side by side. */
  protected trainMoments(sourceLayer: number, targetLayer?: number): PairMoments {
    return this.#momentsOf(this.#sum(this.#allFolds), this.#allFolds, sourceLayer, targetLayer);
  }

  /** Sums over all training rows. */
  protected trainSums(): Accumulator {
    return this.#sum(this.#allFolds);
  }

  #forget(): void {
    this.#total = null;
    this.#grams.clear();
  }

  get #allFolds(): number[] {
    return this.train.map((_, fold) => fold);
  }

  #accumulator(targetGram: boolean): Accumulator {
    const { sourceLayers, targetLayers, sourceWidth, targetWidth } = this.shape;
    const { source, target } = this.strides;
    const many = (count: number, size: number): Float64Array[] =>
      Array.from({ length: count }, () => new Float64Array(size));
    return {
      rows: 0,
      sourceSums: many(sourceLayers, sourceWidth),
      targetSums: many(targetLayers, targetWidth),
      gram: many(sourceLayers, source * source),
      cross: many(sourceLayers, source * target * targetLayers),
      squares: many(targetLayers, targetWidth),
      targetGram: many(targetGram ? targetLayers : 0, target * target),
    };
  }

  #sum(folds: readonly number[]): Accumulator {
    if (folds.length === 1) return this.train[folds[0]];
    const all = folds.length === this.train.length;
    if (all && this.#total) return this.#total;
    const out = this.#accumulator(this.#wantCka);
    for (const fold of folds) {
      const from = this.train[fold];
      out.rows += from.rows;
      for (const key of ['sourceSums', 'targetSums', 'gram', 'cross', 'squares', 'targetGram'] as const) {
        out[key].forEach((sums, layer) => {
          const more = from[key][layer];
          for (let i = 0; i < sums.length; i++) sums[i] += more[i];
        });
      }
    }
    if (all) this.#total = out;
    return out;
  }

  /** Moments about the means of the training rows of some folds, in original coordinates. */
  #momentsOf(
    acc: Accumulator,
    folds: readonly number[],
    s: number,
    only?: number,
    about = this.#sum(folds),
  ): PairMoments {
    const { targetLayers, sourceWidth: d, targetWidth } = this.shape;
    const pt = this.strides.target;
    const n = acc.rows;
    const back = this.coordinates(s);
    const layers = only === undefined ? Array.from({ length: targetLayers }, (_, t) => t) : [only];
    const m = targetWidth * layers.length;
    // Training means in streamed coordinates: (x−a)(y−b)ᵀ sums to C − a Σyᵀ − Σx bᵀ + n a bᵀ.
    const a = about.sourceSums[s].map((x) => x / about.rows);
    const b = concat(layers.map((t) => about.targetSums[t].map((x) => x / about.rows)));
    const sums = acc.sourceSums[s];
    const targetSums = concat(layers.map((t) => acc.targetSums[t]));
    const squares = concat(layers.map((t) => acc.squares[t]));
    const wide = pt * targetLayers;
    const kept = folds.length === this.train.length ? this.#grams.get(acc)?.get(s) : undefined;
    const ss = kept ?? back.gram(this.#centredGram(acc, s, a));
    if (!kept && folds.length === this.train.length)
      this.#grams.set(acc, (this.#grams.get(acc) ?? new Map<number, Matrix>()).set(s, ss));
    const st = zeros(d, m);
    for (let i = 0; i < d; i++) {
      layers.forEach((t, k) => {
        const from = i * wide + t * pt;
        for (let j = 0; j < targetWidth; j++) {
          const c = k * targetWidth + j;
          st.data[i * m + c] = (acc.cross[s][from + j] - a[i] * targetSums[c] - sums[i] * b[c] + n * a[i] * b[c]) / n;
        }
      });
    }
    const cross = back.cross(st);
    // Exact zeros for what is constant over the training rows: its variance would be rounding noise.
    if (acc === about) {
      for (const i of ConstantColumns.of(
        folds.map((fold) => this.#constant[fold]),
        s,
      )) {
        for (let j = 0; j < d; j++) ss.data[i * d + j] = ss.data[j * d + i] = 0;
        cross.data.fill(0, i * m, (i + 1) * m);
      }
    }
    const shift = concat(layers.map((t) => this.targetShift(t)));
    return {
      rows: n,
      sourceMean: back.mean(a),
      targetMean: b.map((x, c) => x + shift[c]),
      ss,
      st: cross,
      tt: squares.map((q, c) => (q - 2 * b[c] * targetSums[c] + n * b[c] * b[c]) / n),
    };
  }

  /** Σ(x−a)(x−a)ᵀ/n in streamed coordinates, a the means of other rows or of these. */
  #centredGram(acc: Accumulator, s: number, a: Float64Array): Matrix {
    const { sourceWidth: d } = this.shape;
    const ps = this.strides.source;
    const n = acc.rows;
    const sums = acc.sourceSums[s];
    const ss = zeros(d, d);
    for (let i = 0; i < d; i++) {
      for (let j = i; j < d; j++) {
        const v = (acc.gram[s][i * ps + j] - a[i] * sums[j] - sums[i] * a[j] + n * a[i] * a[j]) / n;
        ss.data[i * d + j] = v;
        ss.data[j * d + i] = v;
      }
    }
    return ss;
  }

  #checkPair(sourceLayer: number, targetLayer: number): void {
    checkLayer(sourceLayer, this.shape.sourceLayers, 'source');
    checkLayer(targetLayer, this.shape.targetLayers, 'target');
  }

  async #ready(): Promise<void> {
    this.#needRows();
    await this.settle();
  }

  #needTrain(): void {
    const { train } = this.#counts;
    if (train < 2) throw new RangeError(`A fit needs at least two training rows, not ${train}.${this.#excluded()}`);
  }

  #needRows(): void {
    this.#needTrain();
    if (this.#counts.heldOut < 1) throw new RangeError(`A fit needs held-out rows to report R² on.${this.#excluded()}`);
  }

  #excluded(): string {
    const { train, heldOut, excluded } = this.#counts;
    return excluded > 0
      ? ` ${excluded} of ${train + heldOut + excluded} rows were left out: a state in them is not finite.`
      : '';
  }
}

/** Rounds W to float32 and takes the intercept of the rounded map, so that map and intercept agree. */
function roundMap(W: Matrix, train: PairMoments, lambda: number): AffineMap {
  const data = Float32Array.from(W.data);
  const p = intercept({ rows: W.rows, cols: W.cols, data }, train);
  return { W: data, p: Float32Array.from(p), sourceWidth: W.rows, targetWidth: W.cols, lambda };
}

function checkPath(lambdas: readonly number[]): number[] {
  if (lambdas.length === 0) throw new RangeError('A fit needs at least one λ.');
  lambdas.forEach(checkLambda);
  return [...lambdas];
}

/** @throws RangeError if the layer is not one of 0 … count−1 */
function checkLayer(layer: number, count: number, side: string): void {
  if (!Number.isInteger(layer) || layer < 0 || layer >= count)
    throw new RangeError(`There is no ${side} layer ${layer}: the fit has ${count}.`);
}

function concat(parts: Float64Array[]): Float64Array {
  const out = new Float64Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
