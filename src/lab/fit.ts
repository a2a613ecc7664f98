/** The affine map: which layers, which λ, and the controls that make its R² believable. */
import type { Experiment, LayerChoice } from '../experiment/schema';
import { LabError } from '../experiment/errors';
import { message, type Message } from '../experiment/message';
import { applyMap, type AffineMap } from '../math/affine-map';
import type { CrossValidationPoint, PairFit, StreamingFit } from '../fit/types';
import { NonFiniteError } from '../math/errors';
import { columnMeans, type MatrixLike } from '../math/matrix';
import { centredCosine } from '../math/stats';
import { Float64Fit } from '../fit/float64-fit';
import { Random } from '../math/random';
import { pickRows, type Sample } from './rows';

/** λ path, as fractions of the mean diagonal of the standardised covariance: 13 points, three a decade pair. */
export const LAMBDA_PATH = [0, 1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1];
/** The grid is drawn at one small λ: what is compared is layers, not shrinkage. */
export const GRID_LAMBDA = 1e-4;

/** What compares the layers, before one pair is chosen: [source][target]. */
export interface LayerComparison {
  grid: number[][];
  cka: number[][];
}

export interface Layers {
  source: number;
  target: number;
}

/** The ridge map of one pair of layers, with how its λ was found. */
export interface PairSolution {
  pair: PairFit;
  /** R² over the whole path, also where λ was given or cross-validated. */
  lambdaPath: PairFit['lambdaPath'];
  lambdaRule: Message;
  crossValidation: { folds: number; points: CrossValidationPoint[] } | null;
}

/** Solves every pair of layers at one λ, and their CKA. @throws LabError `cancelled`, `webgpu-device-lost` */
export async function compareLayers(
  fit: StreamingFit<unknown>,
  signal: AbortSignal,
  onProgress: (done: number, total: number) => void,
): Promise<LayerComparison> {
  const { sourceLayers, targetLayers } = fit.shape;
  const grid = asRows(
    await fit.grid(GRID_LAMBDA, signal, (done) => onProgress(done, 2 * sourceLayers)).catch(rethrowNonFinite),
    sourceLayers,
    targetLayers,
  );
  return {
    grid,
    cka: asRows(
      await fit.cka(signal, (done) => onProgress(sourceLayers + done, 2 * sourceLayers)),
      sourceLayers,
      targetLayers,
    ),
  };
}

/**
 * The λ path of one pair and its map at the λ asked for, or chosen by the rule asked for.
 * @throws LabError `ill-conditioned` when no λ gives a finite map
 */
export async function solveRidge(
  fit: StreamingFit<unknown>,
  layers: Layers,
  settings: Pick<Experiment['map'], 'lambda' | 'lambdaRule' | 'folds'>,
  signal: AbortSignal,
): Promise<PairSolution> {
  const solve = async (lambdas: number | number[]): Promise<PairFit> => {
    const pair = await fit.solve(layers.source, layers.target, lambdas, signal).catch((error: unknown) => {
      // The fits on the CPU speak of ranges; what it means here is a singular system.
      if (error instanceof RangeError && !(error instanceof NonFiniteError))
        throw unsolvable(layers, message('fit.singular', { reason: error.message }), error);
      return rethrowNonFinite(error);
    });
    if (!pair.best.W.every(Number.isFinite) || !Number.isFinite(pair.heldOutR2))
      throw unsolvable(layers, message('fit.pivots', { pivots: pair.badPivots }));
    return pair;
  };
  const path = await solve(
    settings.lambda === 'auto' ? LAMBDA_PATH : [...new Set([...LAMBDA_PATH, settings.lambda])].sort((a, b) => a - b),
  );
  const { lambdaPath } = path;
  if (settings.lambda !== 'auto')
    return {
      pair: await solve(settings.lambda),
      lambdaPath,
      lambdaRule: message('run.lambda.hand'),
      crossValidation: null,
    };
  if (settings.lambdaRule === 'held-out')
    return { pair: path, lambdaPath, lambdaRule: message('run.lambda.held-out'), crossValidation: null };
  const points = await fit.crossValidate(layers.source, layers.target, LAMBDA_PATH, signal);
  const usable = points.filter((point) => Number.isFinite(point.meanR2));
  if (usable.length === 0) throw unsolvable(layers, message('fit.no-fold'));
  const best = usable.reduce((a, b) => (b.meanR2 > a.meanR2 ? b : a));
  return {
    pair: await solve(best.lambda),
    lambdaPath,
    lambdaRule: message('run.lambda.cross-validation', { folds: settings.folds }),
    crossValidation: { folds: settings.folds, points },
  };
}

/**
 * The fits on the CPU know no named errors; states that are not finite have one.
 * @throws LabError `non-finite`; else the error
 */
export function rethrowNonFinite(error: unknown): never {
  if (!(error instanceof NonFiniteError)) throw error;
  throw error.excluded
    ? new LabError('non-finite.rows-cpu', { excluded: error.excluded.rows, rows: error.excluded.of }, error)
    : new LabError('non-finite.sums-cpu', {}, error);
}

function unsolvable(layers: Layers, why: Message, cause?: unknown): LabError {
  return new LabError('ill-conditioned.map', { source: layers.source, target: layers.target, why }, cause);
}

/** Where `auto` looks, as shares of the depth, (block + 1) / blocks: behaviour directions live in the later part of the
 * source and can still act from the middle of the target on (the paper steers from 0.77 into 0.48). */
const AUTO_DEPTHS = { source: [0.6, 1], target: [0.45, 0.8] } as const;

/**
 * The pair of blocks. A number is taken as it is; `auto` takes, of the blocks in AUTO_DEPTHS, those with the best
 * held-out R², for both sides together.
 * @param grid held-out R², [source][target]
 * @throws LabError `settings-invalid` for a layer that the model does not have
 */
export function chooseLayers(
  grid: number[][],
  source: LayerChoice,
  target: LayerChoice,
): { layers: Layers; layerRule: Message } {
  const candidates = (side: 'source' | 'target', choice: LayerChoice, count: number): number[] => {
    if (choice === 'auto') {
      const [low, high] = AUTO_DEPTHS[side];
      const blocks = Array.from({ length: count }, (_, block) => block).filter(
        (block) => (block + 1) / count >= low && (block + 1) / count <= high,
      );
      return blocks.length > 0 ? blocks : [count - 1];
    }
    if (choice < count) return [choice];
    const field = `map.${side}Layer`;
    throw new LabError('settings-invalid.layer', { field, choice, last: count - 1 });
  };
  let best: { source: number; target: number } | null = null;
  for (const s of candidates('source', source, grid.length)) {
    for (const t of candidates('target', target, grid[0].length)) {
      // NaN where a pair was not compared or could not be solved.
      if (!best || Number.isNaN(grid[best.source][best.target]) || grid[s][t] > grid[best.source][best.target])
        best = { source: s, target: t };
    }
  }
  const rule = (side: 'source' | 'target', choice: LayerChoice): Message =>
    choice === 'auto'
      ? message('run.layers.auto', { from: AUTO_DEPTHS[side][0], to: AUTO_DEPTHS[side][1] })
      : message('run.layers.hand');
  const layerRule = message('run.layers.rule', {
    source: rule('source', source),
    target: rule('target', target),
    best: String(source === 'auto' || target === 'auto'),
  });
  return { layers: best!, layerRule };
}

/** Controls and second opinions computed on the bounded sample. */
export interface SampleControls {
  centredCosine: number;
  shuffledR2: number;
  rows: number;
}

/**
 * Centred cosine of the map on the sample's held-out rows, and the held-out R² of a ridge map that is fitted, at the
 * same λ, to the same training rows with their partners shuffled.
 */
export async function sampleControls(
  sample: Sample,
  layers: Layers,
  map: AffineMap,
  seed: number,
  signal: AbortSignal,
): Promise<SampleControls> {
  const X = sample.source.blocks[layers.source];
  const Y = sample.target.blocks[layers.target];
  const dS = sample.source.width;
  const dT = sample.target.width;
  const train = rowsOf(sample, false);
  const heldOut = rowsOf(sample, true);
  const Xtrain = pickRows(X, train, dS);
  const Ytrain = pickRows(Y, train, dT);
  const Xheld = pickRows(X, heldOut, dS);
  const Yheld = pickRows(Y, heldOut, dT);
  const matrix = (data: Float32Array, cols: number): MatrixLike => ({ rows: data.length / cols, cols, data });
  const predicted = matrix(applyMap(map, Xheld, heldOut.length), dT);
  const cosine = centredCosine(predicted, matrix(Yheld, dT), columnMeans(matrix(Ytrain, dT)));

  const shuffled = new Float64Fit({ sourceLayers: 1, targetLayers: 1, sourceWidth: dS, targetWidth: dT });
  const order = new Random(seed).permutation(train.length);
  await shuffled.add({
    source: [Xtrain],
    target: [pickRows(Ytrain, Array.from(order), dT)],
    rows: train.length,
    split: 'train',
  });
  await shuffled.add({ source: [Xheld], target: [Yheld], rows: heldOut.length, split: 'heldOut' });
  const control = await shuffled.solve(0, 0, Math.max(map.lambda, 1e-6), signal);
  shuffled.dispose();
  return { centredCosine: cosine, shuffledR2: control.heldOutR2, rows: train.length };
}

/** Row indices of one split of the sample. */
export function rowsOf(sample: Sample, heldOut: boolean): number[] {
  return sample.labels.flatMap((label, i) => (label.heldOut === heldOut ? [i] : []));
}

function asRows(flat: Float64Array, rows: number, cols: number): number[][] {
  return Array.from({ length: rows }, (_, i) => Array.from(flat.subarray(i * cols, (i + 1) * cols)));
}
