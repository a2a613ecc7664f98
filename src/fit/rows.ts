/** Which rows and columns of a fit count: rows must be finite, columns must vary. */
import type { FitChunk, FitShape } from './types';

/**
 * The chunk without the rows in which any state, of any layer on either side, is NaN or infinite; the chunk itself if
 * there are none.
 */
export function finiteRows(chunk: FitChunk<Float32Array>, shape: FitShape): FitChunk<Float32Array> {
  const { sourceWidth, targetWidth } = shape;
  if (chunk.source.every(allFinite) && chunk.target.every(allFinite)) return chunk;
  const keep: number[] = [];
  const good = (layers: Float32Array[], width: number, r: number): boolean =>
    layers.every((m) => allFinite(m.subarray(r * width, (r + 1) * width)));
  for (let r = 0; r < chunk.rows; r++)
    if (good(chunk.source, sourceWidth, r) && good(chunk.target, targetWidth, r)) keep.push(r);
  const compact = (m: Float32Array, width: number): Float32Array => {
    const out = new Float32Array(keep.length * width);
    keep.forEach((r, i) => out.set(m.subarray(r * width, (r + 1) * width), i * width));
    return out;
  };
  return {
    ...chunk,
    rows: keep.length,
    source: chunk.source.map((m) => compact(m, sourceWidth)),
    target: chunk.target.map((m) => compact(m, targetWidth)),
  };
}

/** @throws RangeError unless there are `count` layers of rows × width numbers */
export function checkLayers(layers: Float32Array[], count: number, rows: number, width: number, side: string): void {
  if (layers.length !== count) throw new RangeError(`The chunk has ${layers.length} ${side} layers, the fit ${count}.`);
  for (const m of layers)
    if (m.length !== rows * width)
      throw new RangeError(`${rows} ${side} rows of ${width} need ${rows * width} numbers, not ${m.length}.`);
}

function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] - values[i]; // 0, or NaN for NaN and ±∞
  return sum === 0;
}

/**
 * Which source columns have had one value in all training rows so far. Known exactly,
 * row by row: in the moments, a constant far from the shift looks like a tiny variance.
 */
export class ConstantColumns {
  readonly #width: number;
  /** Per source layer; empty before the first row. */
  #first: Float32Array[] = [];
  readonly #varies: Uint8Array[];
  /** Columns per layer that have not varied yet. */
  readonly #left: number[];

  constructor(shape: FitShape) {
    this.#width = shape.sourceWidth;
    this.#varies = Array.from({ length: shape.sourceLayers }, () => new Uint8Array(shape.sourceWidth));
    this.#left = this.#varies.map(() => shape.sourceWidth);
  }

  add({ source, rows }: FitChunk<Float32Array>): void {
    const d = this.#width;
    if (this.#first.length === 0) this.#first = source.map((m) => m.slice(0, d));
    source.forEach((m, s) => {
      const first = this.#first[s];
      const varies = this.#varies[s];
      for (let r = 0; r < rows && this.#left[s] > 0; r++) {
        for (let j = 0; j < d; j++) {
          if (varies[j] === 1 || m[r * d + j] === first[j]) continue;
          varies[j] = 1;
          this.#left[s]--;
        }
      }
    });
  }

  /** The columns of a layer that are constant over all these rows together. */
  static of(parts: readonly ConstantColumns[], layer: number): number[] {
    const filled = parts.filter((part) => part.#first.length > 0);
    const constant = (j: number): boolean =>
      filled.every((part) => part.#varies[layer][j] === 0 && part.#first[layer][j] === filled[0].#first[layer][j]);
    return filled.length === 0 ? [] : Array.from(filled[0].#first[layer].keys()).filter(constant);
  }
}
