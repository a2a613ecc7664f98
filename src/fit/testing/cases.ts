/** Cases of the streaming fit, run on every implementation against Householder QR, and how their rows are streamed. */
import type { FitChunk, FitShape, StreamingFit } from '../types';
import { activationLike, type PairedStates, type StatesOptions } from '../../math/testing/activations';

export interface FitCase {
  name: string;
  /** The last HELD_OUT rows are held out. */
  states: StatesOptions;
  lambda: number;
  /** Largest relative Frobenius error of W (and of p). */
  tolerance: number;
}

export const HELD_OUT = 512;

function spectrum(kappa: number, lambda: number): FitCase {
  return {
    name: `48 → 64, κ = ${kappa.toExponential(0)}, λ = ${lambda}`,
    states: { sourceWidth: 48, targetWidth: 64, rows: 4096 + HELD_OUT, kappa, seed: 3 },
    lambda,
    tolerance: 1e-4,
  };
}

function oddWidths(sourceWidth: number, targetWidth: number, lambda: number): FitCase {
  return {
    name: `odd widths ${sourceWidth} → ${targetWidth}, λ = ${lambda}`,
    states: { sourceWidth, targetWidth, rows: 1500 + HELD_OUT, kappa: 1e3, seed: 6 },
    lambda,
    tolerance: 1e-5,
  };
}

export const FIT_CASES: readonly FitCase[] = [
  spectrum(1e4, 0),
  spectrum(1e4, 1e-4),
  spectrum(1e6, 0),
  spectrum(1e6, 1e-4),
  spectrum(1e8, 0),
  spectrum(1e8, 1e-4),
  oddWidths(1, 1, 0),
  oddWidths(5, 3, 1e-2),
  oddWidths(33, 70, 0),
  oddWidths(130, 37, 1e-3),
];

/** One condition number, all λ of it. */
export interface SpectrumCase {
  name: string;
  states: StatesOptions;
  /** Of the map's error and of R²'s. */
  lambdas: readonly number[];
  /** λ of which only R² is compared: float32 data do not determine the map. */
  onlyR2: readonly number[];
  /** Passes over the rows that the fit must take. */
  passes: number;
}

function condition(
  sourceWidth: number,
  targetWidth: number,
  rows: number,
  standardisedKappa: number,
  misleading = 0,
): SpectrumCase {
  const worst = standardisedKappa >= 1e10;
  return {
    name: `${sourceWidth} → ${targetWidth}, standardised κ = ${standardisedKappa.toExponential(0)}${misleading > 0 ? ', first rows unrepresentative' : ''}`,
    states: { sourceWidth, targetWidth, rows: rows + HELD_OUT, standardisedKappa, seed: 5, misleading },
    lambdas: worst ? [1e-4, 1e-2, 1] : [0, 1e-6, 1e-4, 1e-2, 1],
    onlyR2: worst ? [0] : [],
    passes: misleading > 0 ? 2 : 1,
  };
}

/** Relative Frobenius error of W ≤ 1e-4 and |ΔR²| ≤ 1e-6 at every one. */
export const SPECTRA: readonly SpectrumCase[] = [
  condition(48, 64, 4096, 2e4),
  condition(48, 64, 4096, 2e6),
  condition(48, 64, 4096, 2e8),
  condition(48, 64, 4096, 2e10),
  condition(96, 128, 4096, 2e8),
  condition(96, 128, 4096, 2e10),
  condition(48, 64, 4096, 2e4, 1300),
  condition(48, 64, 4096, 2e6, 1300),
  condition(48, 64, 4096, 2e8, 1300),
  condition(48, 64, 4096, 2e10, 1300),
];

/** The rows that are not held out. */
export function trainingRows(data: PairedStates): PairedStates {
  const rows = data.rows - HELD_OUT;
  return { ...data, rows, X: data.X.slice(0, rows * data.sourceWidth), Y: data.Y.slice(0, rows * data.targetWidth) };
}

/** The shape of one pair of layers. */
export const pairShape = ({ sourceWidth, targetWidth }: PairedStates): FitShape => ({
  sourceLayers: 1,
  targetLayers: 1,
  sourceWidth,
  targetWidth,
});

/** The states of one or more layers a side, rows×width each. */
export interface Layers {
  X: Float32Array[];
  Y: Float32Array[];
}

export const layersOf = ({ X, Y }: PairedStates): Layers => ({ X: [X], Y: [Y] });

/** 2 × 3 layers: a pair that goes together, a pair of its own, and a target that is a bit of both. */
export function gridLayers(): { shape: FitShape; layers: Layers; data: PairedStates } {
  const data = activationLike({ sourceWidth: 24, targetWidth: 36, rows: 1600 + HELD_OUT, kappa: 1e4, seed: 10 });
  const noise = activationLike({ sourceWidth: 24, targetWidth: 36, rows: data.rows, kappa: 1e3, seed: 11 });
  const mixed = data.Y.map((y, i) => y + 0.5 * noise.Y[i]);
  return {
    shape: { sourceLayers: 2, targetLayers: 3, sourceWidth: 24, targetWidth: 36 },
    layers: { X: [data.X, noise.X], Y: [data.Y, noise.Y, mixed] },
    data,
  };
}

export interface ChunkOptions {
  /** Rows of a chunk; default 300, not a multiple of what any fit gathers. */
  chunk?: number;
  /** Chunks go to the folds in turn. */
  folds?: number;
  /** Only the rows from … to. */
  from?: number;
  to?: number;
}

/** Chunks of the layers' rows, each a copy; `data` has their sizes. The last HELD_OUT rows are held out. */
export function* chunksOf(
  layers: Layers,
  data: PairedStates,
  options: ChunkOptions = {},
): Generator<FitChunk<Float32Array>> {
  const { chunk = 300, folds = 1, from = 0, to = data.rows } = options;
  const { sourceWidth: d, targetWidth: m } = data;
  const train = data.rows - HELD_OUT;
  for (let first = from, fold = Math.floor(from / chunk) % folds; first < to; fold = (fold + 1) % folds) {
    const split = first >= train ? 'heldOut' : 'train';
    const rows = Math.min(chunk, Math.min(to, split === 'heldOut' ? data.rows : train) - first);
    const cut = (all: Float32Array, width: number): Float32Array => all.slice(first * width, (first + rows) * width);
    yield { source: layers.X.map((x) => cut(x, d)), target: layers.Y.map((y) => cut(y, m)), rows, split, fold };
    first += rows;
  }
}

/** Streams all rows into a fit; the arrays are spoilt after each chunk: the fit must not need them any more. */
export async function stream(
  fit: StreamingFit<Float32Array>,
  layers: Layers,
  data: PairedStates,
  options: ChunkOptions = {},
): Promise<void> {
  for (const chunk of chunksOf(layers, data, options)) {
    await fit.add(chunk);
    for (const used of [...chunk.source, ...chunk.target]) used.fill(NaN);
  }
}
