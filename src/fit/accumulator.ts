/** Sums over streamed rows, and the moments that they become. */
import { type Matrix, zeros } from '../math/matrix';
import type { PairMoments } from '../math/moments';
import type { FitShape } from './types';

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

/** Sums of no rows. @param targetGram also those that CKA takes */
export function emptyAccumulator(shape: FitShape, strides: Strides, targetGram: boolean): Accumulator {
  const { sourceLayers, targetLayers, sourceWidth, targetWidth } = shape;
  const { source, target } = strides;
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

/** Without any arrays: what is left of an accumulator that has been disposed of. */
export const DISPOSED: Accumulator = {
  rows: 0,
  sourceSums: [],
  targetSums: [],
  gram: [],
  cross: [],
  squares: [],
  targetGram: [],
};

/** Adds the sums of `from` to those of `into`. */
export function addSums(into: Accumulator, from: Accumulator): void {
  into.rows += from.rows;
  for (const key of ['sourceSums', 'targetSums', 'gram', 'cross', 'squares', 'targetGram'] as const) {
    into[key].forEach((sums, layer) => {
      const more = from[key][layer];
      for (let i = 0; i < sums.length; i++) sums[i] += more[i];
    });
  }
}

/** Σ(x−a)(x−a)ᵀ/n in streamed coordinates, a the means of other rows or of these. */
export function centredGram(
  { rows: n, sourceSums, gram }: Accumulator,
  s: number,
  a: Float64Array,
  stride: number,
): Matrix {
  const d = a.length;
  const sums = sourceSums[s];
  const ss = zeros(d, d);
  for (let i = 0; i < d; i++) {
    for (let j = i; j < d; j++) {
      const v = (gram[s][i * stride + j] - a[i] * sums[j] - sums[i] * a[j] + n * a[i] * a[j]) / n;
      ss.data[i * d + j] = v;
      ss.data[j * d + i] = v;
    }
  }
  return ss;
}

/** One source layer of some rows beside target layers, and the rows about whose means the moments are taken. */
export interface MomentQuery {
  of: Accumulator;
  about: Accumulator;
  sourceLayer: number;
  /** Side by side in the result. */
  targetLayers: readonly number[];
  /** Source columns that are constant over the rows of `about`; used where those are the rows themselves. */
  constant: readonly number[];
  coordinates: SourceCoordinates;
  targetShift(targetLayer: number): Float64Array;
  /** The centred source moments in original coordinates, where they are known from an earlier query. */
  ss: Matrix | undefined;
}

/** The moments in original coordinates. */
export function momentsOf(query: MomentQuery, shape: FitShape, strides: Strides): PairMoments {
  const { of, about, sourceLayer: s, targetLayers: layers, coordinates } = query;
  const { sourceWidth: d, targetWidth } = shape;
  const n = of.rows;
  const m = targetWidth * layers.length;
  // Training means in streamed coordinates: (x−a)(y−b)ᵀ sums to C − a Σyᵀ − Σx bᵀ + n a bᵀ.
  const a = about.sourceSums[s].map((x) => x / about.rows);
  const b = concat(layers.map((t) => about.targetSums[t].map((x) => x / about.rows)));
  const sums = of.sourceSums[s];
  const targetSums = concat(layers.map((t) => of.targetSums[t]));
  const squares = concat(layers.map((t) => of.squares[t]));
  const wide = strides.target * shape.targetLayers;
  const ss = query.ss ?? coordinates.gram(centredGram(of, s, a, strides.source));
  const st = zeros(d, m);
  for (let i = 0; i < d; i++) {
    layers.forEach((t, k) => {
      const from = i * wide + t * strides.target;
      for (let j = 0; j < targetWidth; j++) {
        const c = k * targetWidth + j;
        st.data[i * m + c] = (of.cross[s][from + j] - a[i] * targetSums[c] - sums[i] * b[c] + n * a[i] * b[c]) / n;
      }
    });
  }
  const cross = coordinates.cross(st);
  // Exact zeros for what is constant over the training rows: its variance would be rounding noise.
  if (of === about) {
    for (const i of query.constant) {
      for (let j = 0; j < d; j++) ss.data[i * d + j] = ss.data[j * d + i] = 0;
      cross.data.fill(0, i * m, (i + 1) * m);
    }
  }
  const shift = concat(layers.map((t) => query.targetShift(t)));
  return {
    rows: n,
    sourceMean: coordinates.mean(a),
    targetMean: b.map((x, c) => x + shift[c]),
    ss,
    st: cross,
    tt: squares.map((q, c) => (q - 2 * b[c] * targetSums[c] + n * b[c] * b[c]) / n),
  };
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
