/**
 * What every fit on the CPU shares: which rows count, the moments of folds and splits,
 * and the queries on them (grid, λ path, cross-validation, CKA). A fit adds how rows
 * become sums: in float64 as they are (float64-fit.ts), or by float32 products in
 * whitened coordinates (whitened-fit.ts). Solving is float64 in both.
 */
import { yieldToEventLoop } from '../base/yield';
import { roundedMap } from '../math/affine-map';
import { centredNorm, ckaFromNorms } from '../math/cka';
import { NonFiniteError } from '../math/errors';
import type { Matrix } from '../math/matrix';
import {
  checkLambda,
  medianOfFinite,
  type MomentScore,
  type PairMoments,
  ridgeFromMoments,
  type RidgeSolution,
  scoreFromMoments,
  scoreFromSums,
} from '../math/moments';
import {
  type Accumulator,
  addSums,
  DISPOSED,
  emptyAccumulator,
  momentsOf,
  type SourceCoordinates,
  type Strides,
} from './accumulator';
import { checkLayers, ConstantColumns, finiteRows } from './rows';
import {
  checkLayer,
  type CrossValidationPoint,
  type FitChunk,
  type FitOptions,
  type FitShape,
  type LambdaPoint,
  type OnLayer,
  type PairFit,
  type RowCounts,
  type SecondPassReason,
  type StreamingFit,
} from './types';

/** Most folds of a cross-validation. */
export const MAX_FOLDS = 16;

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
  /**
   * ss of all training and of the held-out rows by source layer, until the next chunk: every target layer shares it.
   */
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
   * @throws RangeError if a layer is missing, a matrix does not have rows × width numbers, or the fold is not one of
   *   the fit's
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
      best: roundedMap(best.solution.W, train, best.lambda),
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
    this.train = this.train.map(() => DISPOSED);
    this.heldOut = DISPOSED;
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
    return emptyAccumulator(this.shape, this.strides, targetGram);
  }

  #sum(folds: readonly number[]): Accumulator {
    if (folds.length === 1) return this.train[folds[0]];
    const all = folds.length === this.train.length;
    if (all && this.#total) return this.#total;
    const out = this.#accumulator(this.#wantCka);
    for (const fold of folds) addSums(out, this.train[fold]);
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
    const all = folds.length === this.train.length;
    const known = all ? this.#grams.get(acc)?.get(s) : undefined;
    const moments = momentsOf(
      {
        of: acc,
        about,
        sourceLayer: s,
        targetLayers: only === undefined ? Array.from({ length: this.shape.targetLayers }, (_, t) => t) : [only],
        constant: ConstantColumns.of(
          folds.map((fold) => this.#constant[fold]),
          s,
        ),
        coordinates: this.coordinates(s),
        targetShift: (t) => this.targetShift(t),
        ss: known,
      },
      this.shape,
      this.strides,
    );
    if (all && !known) this.#grams.set(acc, (this.#grams.get(acc) ?? new Map<number, Matrix>()).set(s, moments.ss));
    return moments;
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
    if (train < 2) throw this.#tooFew(`A fit needs at least two training rows, not ${train}.`);
  }

  #needRows(): void {
    this.#needTrain();
    if (this.#counts.heldOut < 1) throw this.#tooFew('A fit needs held-out rows to report R² on.');
  }

  #tooFew(needed: string): RangeError {
    const { train, heldOut, excluded } = this.#counts;
    const of = train + heldOut + excluded;
    return excluded === 0
      ? new RangeError(needed)
      : new NonFiniteError(`${needed} ${excluded} of ${of} rows were left out: a state in them is not finite.`, {
          rows: excluded,
          of,
        });
  }
}

function checkPath(lambdas: readonly number[]): number[] {
  if (lambdas.length === 0) throw new RangeError('A fit needs at least one λ.');
  lambdas.forEach(checkLambda);
  return [...lambdas];
}
