/**
 * The streaming affine fit in float64 on the CPU: the oracle of every other fit.
 *
 * Normal equations in float64 lose κ·2⁻⁵² of accuracy (κ: condition of the
 * standardised covariance), which is 2e-8 at κ = 1e8: plenty. Sums are taken about
 * the mean of the first chunk, so that large offsets cost nothing.
 */
import type { FitChunk, FitOptions, FitShape } from './types';
import { accumulatePacked, FOLD_ROWS, packColumns, panelWidth } from '../math/matrix';
import type { SourceCoordinates } from './accumulator';
import { MomentFit } from './moment-fit';

export class Float64Fit extends MomentFit {
  #shift: { source: Float64Array[]; target: Float64Array[] } | null = null;
  readonly #panelS: Float64Array;
  readonly #panelT: Float64Array;

  /** @throws RangeError unless all four sizes are whole numbers of at least 1 and folds is one of 2 … 16, if given */
  constructor(shape: FitShape, options: FitOptions = {}) {
    super(shape, options, { source: panelWidth(shape.sourceWidth), target: panelWidth(shape.targetWidth) });
    this.#panelS = new Float64Array(this.strides.source * FOLD_ROWS);
    this.#panelT = new Float64Array(this.strides.target * shape.targetLayers * FOLD_ROWS);
  }

  /**
   * @throws RangeError if a matrix does not have rows × width numbers, a layer is missing or the fold is not one of the
   *   fit's
   */
  add(chunk: FitChunk<Float32Array>): void {
    const finite = this.accept(chunk);
    if (!finite) return;
    const { source, target, rows, split } = finite;
    const { sourceLayers, targetLayers, sourceWidth, targetWidth } = this.shape;
    this.#shift ??= {
      source: source.map((m) => chunkMean(m, rows, sourceWidth)),
      target: target.map((m) => chunkMean(m, rows, targetWidth)),
    };
    const acc = split === 'train' ? this.train[this.foldOf(chunk)] : this.heldOut;
    const shift = this.#shift;
    const { source: ps, target: pt } = this.strides;
    const wide = pt * targetLayers;
    acc.rows += rows;
    for (let k = 0; k < rows; k += FOLD_ROWS) {
      const count = Math.min(FOLD_ROWS, rows - k);
      for (let t = 0; t < targetLayers; t++) {
        const at = t * pt * count;
        packColumns(target[t], targetWidth, k, count, this.#panelT, at, shift.target[t]);
        addSums(this.#panelT, at, targetWidth, count, acc.targetSums[t], acc.squares[t]);
        if (acc.targetGram.length > 0)
          accumulatePacked(this.#panelT, at, pt, this.#panelT, at, pt, count, acc.targetGram[t], 0, pt, true);
      }
      for (let s = 0; s < sourceLayers; s++) {
        packColumns(source[s], sourceWidth, k, count, this.#panelS, 0, shift.source[s]);
        addSums(this.#panelS, 0, sourceWidth, count, acc.sourceSums[s], null);
        accumulatePacked(this.#panelS, 0, ps, this.#panelS, 0, ps, count, acc.gram[s], 0, ps, true);
        accumulatePacked(this.#panelS, 0, ps, this.#panelT, 0, wide, count, acc.cross[s], 0, wide);
      }
    }
  }

  async secondPassReason(): Promise<null> {
    return null;
  }

  protected coordinates(s: number): SourceCoordinates {
    const shift = this.#shift!.source[s];
    return { mean: (mean) => mean.map((x, i) => x + shift[i]), gram: (ss) => ss, cross: (st) => st };
  }

  protected targetShift(t: number): Float64Array {
    return this.#shift!.target[t];
  }
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

function addSums(
  panel: Float64Array,
  offset: number,
  width: number,
  count: number,
  sums: Float64Array,
  squares: Float64Array | null,
): void {
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
