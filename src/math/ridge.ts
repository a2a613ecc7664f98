/**
 * The streaming affine fit in float64 on the CPU: the oracle of the GPU fit, and
 * the fit itself where there is no real GPU. Same interface, same numbers.
 *
 * Normal equations in float64 lose κ·2⁻⁵² of accuracy (κ: condition of the
 * standardised covariance), which is 2e-8 at κ = 1e8: plenty. Sums are taken about
 * the mean of the first chunk, so that large offsets cost nothing.
 */
import { ckaFromNorms } from './cka';
import type { AffineMap, FitChunk, FitShape, LambdaPoint, PairFit, StreamingFit } from './fit-types';
import { accumulatePacked, FOLD_ROWS, type Matrix, packColumns, panelWidth, zeros } from './matrix';
import { checkLambda, medianOfFinite, type MomentScore, type PairMoments, ridgeFromMoments, type RidgeSolution, scoreFromMoments, scoreFromSums } from './moments';

export interface Float64FitOptions {
  /** Also gather what `cka()` needs: one dT×dT Gram matrix per target layer. Default true. */
  cka?: boolean;
}

/** Sums over the rows of one split, about the shift. */
interface Accumulator {
  rows: number;
  sourceSums: Float64Array[];
  targetSums: Float64Array[];
  /** Per source layer: upper tiles of the Gram matrix, padded to whole panels. */
  gram: Float64Array[];
  /** Per source layer: cross products with all target layers side by side. */
  cross: Float64Array[];
  /** Per target layer: sums of squares. */
  squares: Float64Array[];
  /** Per target layer: upper tiles of the Gram matrix (training rows, for CKA). */
  targetGram: Float64Array[];
}

/** Lets an abort or a message through between two layers of a long solve. */
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

export class Float64Fit implements StreamingFit<Float32Array> {
  readonly shape: FitShape;
  readonly #wantCka: boolean;
  readonly #ps: number;
  readonly #pt: number;
  #shift: { source: Float64Array[]; target: Float64Array[] } | null = null;
  #train: Accumulator;
  #heldOut: Accumulator;
  readonly #panelS: Float64Array;
  readonly #panelT: Float64Array;

  /** @throws RangeError unless all four sizes are whole numbers of at least 1 */
  constructor(shape: FitShape, options: Float64FitOptions = {}) {
    for (const [name, size] of Object.entries(shape)) {
      if (!Number.isInteger(size) || size < 1) throw new RangeError(`${name} must be a whole number of at least 1, not ${size}.`);
    }
    this.shape = { ...shape };
    this.#wantCka = options.cka ?? true;
    this.#ps = panelWidth(shape.sourceWidth);
    this.#pt = panelWidth(shape.targetWidth);
    this.#train = this.#accumulator(this.#wantCka);
    this.#heldOut = this.#accumulator(false);
    this.#panelS = new Float64Array(this.#ps * FOLD_ROWS);
    this.#panelT = new Float64Array(this.#pt * shape.targetLayers * FOLD_ROWS);
  }

  /**
   * @throws RangeError if a matrix does not have rows × width numbers or a layer is missing
   */
  add(chunk: FitChunk<Float32Array>): void {
    const { sourceLayers, targetLayers, sourceWidth, targetWidth } = this.shape;
    checkChunk(chunk.source, sourceLayers, chunk.rows, sourceWidth, 'source');
    checkChunk(chunk.target, targetLayers, chunk.rows, targetWidth, 'target');
    if (chunk.rows === 0) return;
    this.#shift ??= {
      source: chunk.source.map((m) => chunkMean(m, chunk.rows, sourceWidth)),
      target: chunk.target.map((m) => chunkMean(m, chunk.rows, targetWidth)),
    };
    const acc = chunk.split === 'train' ? this.#train : this.#heldOut;
    const shift = this.#shift;
    const ps = this.#ps;
    const pt = this.#pt;
    const wide = pt * targetLayers;
    acc.rows += chunk.rows;
    for (let k = 0; k < chunk.rows; k += FOLD_ROWS) {
      const count = Math.min(FOLD_ROWS, chunk.rows - k);
      for (let t = 0; t < targetLayers; t++) {
        const at = t * pt * count;
        packColumns(chunk.target[t], targetWidth, k, count, this.#panelT, at, shift.target[t]);
        addSums(this.#panelT, at, targetWidth, count, acc.targetSums[t], acc.squares[t]);
        if (acc.targetGram.length > 0) accumulatePacked(this.#panelT, at, pt, this.#panelT, at, pt, count, acc.targetGram[t], 0, pt, true);
      }
      for (let s = 0; s < sourceLayers; s++) {
        packColumns(chunk.source[s], sourceWidth, k, count, this.#panelS, 0, shift.source[s]);
        addSums(this.#panelS, 0, sourceWidth, count, acc.sourceSums[s], null);
        accumulatePacked(this.#panelS, 0, ps, this.#panelS, 0, ps, count, acc.gram[s], 0, ps, true);
        accumulatePacked(this.#panelS, 0, ps, this.#panelT, 0, wide, count, acc.cross[s], 0, wide);
      }
    }
  }

  async grid(lambda: number, signal?: AbortSignal): Promise<Float64Array> {
    checkLambda(lambda);
    this.#needRows();
    const { sourceLayers, targetLayers, targetWidth } = this.shape;
    const out = new Float64Array(sourceLayers * targetLayers).fill(NaN);
    for (let s = 0; s < sourceLayers; s++) {
      await breathe();
      signal?.throwIfAborted();
      // One factorisation a source layer: all target layers are its right-hand sides.
      const { W, badPivots } = ridgeFromMoments(this.#momentsOf(this.#train, s), lambda);
      if (badPivots > 0) continue;
      const { perDimension } = scoreFromMoments(W, this.#momentsOf(this.#heldOut, s));
      const { tt } = this.#momentsOf(this.#heldOut, s);
      for (let t = 0; t < targetLayers; t++) {
        const sst = tt.subarray(t * targetWidth, (t + 1) * targetWidth);
        const sse = sst.map((x, j) => (x > 0 ? x * (1 - perDimension[t * targetWidth + j]) : 0));
        out[s * targetLayers + t] = scoreFromSums(sse, sst).r2;
      }
    }
    return out;
  }

  async solve(sourceLayer: number, targetLayer: number, lambdas: number | number[], signal?: AbortSignal): Promise<PairFit> {
    const path = typeof lambdas === 'number' ? [lambdas] : lambdas;
    if (path.length === 0) throw new RangeError('A fit needs at least one λ.');
    path.forEach(checkLambda);
    const { train, heldOut } = await this.moments(sourceLayer, targetLayer);
    const lambdaPath: LambdaPoint[] = [];
    let best: { lambda: number; solution: RidgeSolution; score: MomentScore } | null = null;
    let badPivots = 0;
    let constantColumns = 0;
    for (const lambda of path) {
      await breathe();
      signal?.throwIfAborted();
      const solution = ridgeFromMoments(train, lambda);
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
    if (!best) throw new RangeError(`No λ of ${path.join(', ')} gives a system that can be solved: the source columns depend on each other. Use a larger λ or more rows.`);
    return {
      lambdaPath,
      best: roundMap(best.solution.W, train, best.lambda),
      heldOutR2: best.score.r2,
      medianDimensionR2: medianOfFinite(best.score.perDimension),
      badPivots,
      constantColumns,
      secondPass: false,
      needsSecondPass: false,
    };
  }

  async cka(signal?: AbortSignal): Promise<Float64Array> {
    if (!this.#wantCka) throw new RangeError('This fit was made without { cka: true }.');
    this.#needTrain();
    const { sourceLayers, targetLayers, targetWidth } = this.shape;
    const n = this.#train.rows;
    const targetNorms = this.#train.targetGram.map((gram, t) => centredNorm(gram, this.#pt, targetWidth, this.#train.targetSums[t], n));
    const out = new Float64Array(sourceLayers * targetLayers);
    for (let s = 0; s < sourceLayers; s++) {
      await breathe();
      signal?.throwIfAborted();
      const { ss, st } = this.#momentsOf(this.#train, s);
      let source = 0;
      for (const x of ss.data) source += x * x;
      for (let t = 0; t < targetLayers; t++) {
        let cross = 0;
        for (let i = 0; i < st.rows; i++) for (let j = 0; j < targetWidth; j++) cross += st.data[i * st.cols + t * targetWidth + j] ** 2;
        out[s * targetLayers + t] = ckaFromNorms(Math.sqrt(cross), Math.sqrt(source), targetNorms[t]);
      }
    }
    return out;
  }

  async moments(sourceLayer: number, targetLayer: number): Promise<{ train: PairMoments; heldOut: PairMoments }> {
    this.#needRows();
    checkLayer(sourceLayer, this.shape.sourceLayers, 'source');
    checkLayer(targetLayer, this.shape.targetLayers, 'target');
    return { train: this.#momentsOf(this.#train, sourceLayer, targetLayer), heldOut: this.#momentsOf(this.#heldOut, sourceLayer, targetLayer) };
  }

  rows(): { train: number; heldOut: number } {
    return { train: this.#train.rows, heldOut: this.#heldOut.rows };
  }

  async needsSecondPass(): Promise<boolean> {
    return false;
  }

  async restart(): Promise<void> {
    this.#train = this.#accumulator(this.#wantCka);
    this.#heldOut = this.#accumulator(false);
  }

  /** Nothing but memory to give back. */
  dispose(): void {
    this.#train = this.#heldOut = { rows: 0, sourceSums: [], targetSums: [], gram: [], cross: [], squares: [], targetGram: [] };
  }

  #accumulator(targetGram: boolean): Accumulator {
    const { sourceLayers, targetLayers, sourceWidth, targetWidth } = this.shape;
    const many = (count: number, size: number): Float64Array[] => Array.from({ length: count }, () => new Float64Array(size));
    return {
      rows: 0,
      sourceSums: many(sourceLayers, sourceWidth),
      targetSums: many(targetLayers, targetWidth),
      gram: many(sourceLayers, this.#ps * this.#ps),
      cross: many(sourceLayers, this.#ps * this.#pt * targetLayers),
      squares: many(targetLayers, targetWidth),
      targetGram: many(targetGram ? targetLayers : 0, this.#pt * this.#pt),
    };
  }

  /** Moments about the training means; without a target layer, all target layers side by side. */
  #momentsOf(acc: Accumulator, s: number, only?: number): PairMoments {
    const { targetLayers, sourceWidth: d, targetWidth } = this.shape;
    const shift = this.#shift;
    if (!shift) throw new RangeError('The fit has no rows yet.');
    const n = acc.rows;
    const layers = only === undefined ? Array.from({ length: targetLayers }, (_, t) => t) : [only];
    const m = targetWidth * layers.length;
    // Training means in shifted coordinates: (x−a)(y−b)ᵀ sums to C − a Σyᵀ − Σx bᵀ + n a bᵀ.
    const a = this.#train.sourceSums[s].map((x) => x / this.#train.rows);
    const b = concat(layers.map((t) => this.#train.targetSums[t].map((x) => x / this.#train.rows)));
    const sums = acc.sourceSums[s];
    const targetSums = concat(layers.map((t) => acc.targetSums[t]));
    const squares = concat(layers.map((t) => acc.squares[t]));
    const ps = this.#ps;
    const wide = this.#pt * targetLayers;
    const ss = zeros(d, d);
    for (let i = 0; i < d; i++) {
      for (let j = i; j < d; j++) {
        const v = (acc.gram[s][i * ps + j] - a[i] * sums[j] - sums[i] * a[j] + n * a[i] * a[j]) / n;
        ss.data[i * d + j] = v;
        ss.data[j * d + i] = v;
      }
    }
    const st = zeros(d, m);
    for (let i = 0; i < d; i++) {
      layers.forEach((t, k) => {
        const from = i * wide + t * this.#pt;
        for (let j = 0; j < targetWidth; j++) {
          const c = k * targetWidth + j;
          st.data[i * m + c] = (acc.cross[s][from + j] - a[i] * targetSums[c] - sums[i] * b[c] + n * a[i] * b[c]) / n;
        }
      });
    }
    return {
      rows: n,
      sourceMean: a.map((x, i) => x + shift.source[s][i]),
      targetMean: b.map((x, c) => x + shift.target[layers[Math.floor(c / targetWidth)]][c % targetWidth]),
      ss,
      st,
      tt: squares.map((q, c) => (q - 2 * b[c] * targetSums[c] + n * b[c] * b[c]) / n),
    };
  }

  #needTrain(): void {
    if (this.#train.rows < 2) throw new RangeError(`A fit needs at least two training rows, not ${this.#train.rows}.`);
  }

  #needRows(): void {
    this.#needTrain();
    if (this.#heldOut.rows < 1) throw new RangeError('A fit needs held-out rows to report R² on.');
  }
}

/** Rounds W to float32 and takes the intercept of the rounded map, so that map and intercept agree. */
export function roundMap(W: Matrix, train: PairMoments, lambda: number): AffineMap {
  const rounded = Float32Array.from(W.data);
  const p = Float64Array.from(train.targetMean);
  for (let i = 0; i < W.rows; i++) for (let j = 0; j < W.cols; j++) p[j] -= train.sourceMean[i] * rounded[i * W.cols + j];
  return { W: rounded, p: Float32Array.from(p), sourceWidth: W.rows, targetWidth: W.cols, lambda };
}

/** x W + p for n×dS rows; the result is n×dT. @throws RangeError if the width is not the map's */
export function applyMap(map: AffineMap, rows: Float32Array, count: number): Float32Array {
  const { sourceWidth: d, targetWidth: m, W, p } = map;
  if (rows.length !== count * d) throw new RangeError(`${count} rows of ${d} need ${count * d} numbers, not ${rows.length}.`);
  const out = new Float32Array(count * m);
  const sum = new Float64Array(m);
  for (let r = 0; r < count; r++) {
    sum.set(p);
    for (let i = 0; i < d; i++) {
      const x = rows[r * d + i];
      for (let j = 0; j < m; j++) sum[j] += x * W[i * m + j];
    }
    out.set(sum, r * m);
  }
  return out;
}

function checkChunk(layers: Float32Array[], count: number, rows: number, width: number, side: string): void {
  if (layers.length !== count) throw new RangeError(`The chunk has ${layers.length} ${side} layers, the fit ${count}.`);
  for (const m of layers) if (m.length !== rows * width) throw new RangeError(`${rows} ${side} rows of ${width} need ${rows * width} numbers, not ${m.length}.`);
}

/** @throws RangeError if the layer is not one of 0 … count−1 */
function checkLayer(layer: number, count: number, side: string): void {
  if (!Number.isInteger(layer) || layer < 0 || layer >= count) throw new RangeError(`There is no ${side} layer ${layer}: the fit has ${count}.`);
}

/**
 * Mean of a chunk's columns, taken about its first row: a constant column then has
 * exactly its constant as mean, and is recognised by a variance of exactly 0.
 */
function chunkMean(m: Float32Array, rows: number, width: number): Float64Array {
  const out = new Float64Array(width);
  for (let r = 1; r < rows; r++) for (let j = 0; j < width; j++) out[j] += m[r * width + j] - m[j];
  return out.map((x, j) => m[j] + x / rows);
}

function addSums(panel: Float64Array, offset: number, width: number, count: number, sums: Float64Array, squares: Float64Array | null): void {
  for (let j = 0; j < width; j++) {
    let sum = 0;
    let square = 0;
    let at = offset + (j - (j % 4)) * count + (j % 4);
    for (let r = 0; r < count; r++, at += 4) {
      sum += panel[at];
      square += panel[at] * panel[at];
    }
    sums[j] += sum;
    if (squares) squares[j] += square;
  }
}

/** ‖YcᵀYc‖_F / n from the upper tiles of a shifted Gram matrix. */
function centredNorm(gram: Float64Array, ld: number, width: number, sums: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) {
    for (let j = i; j < width; j++) {
      const v = (gram[i * ld + j] - (sums[i] * sums[j]) / n) / n;
      sum += (i === j ? 1 : 2) * v * v;
    }
  }
  return Math.sqrt(sum);
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
