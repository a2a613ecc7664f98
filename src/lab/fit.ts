/** The affine map: which layers, which λ, and the controls that make its R² believable. */
import type { Experiment, LayerChoice } from '../experiment/schema';
import { LabError } from '../experiment/errors';
import type { MapResult } from '../experiment/run';
import type { AffineMap, PairFit, StreamingFit } from '../math/fit-types';
import { columnMeans, type MatrixLike } from '../math/matrix';
import { centredCosine } from '../math/stats';
import { applyMap, Float64Fit } from '../math/ridge';
import { Random } from '../math/random';
import type { Sample } from './collect';

/** λ path, as fractions of the mean diagonal of the standardised covariance: 13 points, three a decade pair. */
export const LAMBDA_PATH = [0, 1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1];
/** The grid is drawn at one small λ: what is compared is layers, not shrinkage. */
export const GRID_LAMBDA = 1e-4;

export interface FittedMap {
  map: AffineMap;
  layers: { source: number; target: number };
  layerRule: string;
  pair: PairFit;
  grid: number[][];
  cka: number[][];
}

/**
 * Solves the grid, chooses the layers, then the λ path of the chosen pair.
 * @throws LabError `ill-conditioned` when no λ gives a finite map
 */
export async function fitMap(fit: StreamingFit<unknown>, settings: Experiment['map'], signal: AbortSignal): Promise<FittedMap> {
  const { sourceLayers, targetLayers } = fit.shape;
  const grid = asRows(await fit.grid(GRID_LAMBDA, signal), sourceLayers, targetLayers);
  const cka = asRows(await fit.cka(signal), sourceLayers, targetLayers);
  const { layers, layerRule } = chooseLayers(grid, settings.sourceLayer, settings.targetLayer);
  const pair = await fit.solve(layers.source, layers.target, settings.lambda === 'auto' ? LAMBDA_PATH : settings.lambda, signal).catch((error: unknown) => {
    // The float64 fitter speaks of ranges; what it means here is a singular system.
    if (error instanceof RangeError) throw unsolvable(layers, error.message);
    throw error;
  });
  if (!pair.best.W.every(Number.isFinite) || !Number.isFinite(pair.heldOutR2)) throw unsolvable(layers, `${pair.badPivots} bad pivots`);
  return { map: pair.best, layers, layerRule, pair, grid, cka };
}

function unsolvable(layers: FittedMap['layers'], why: string): LabError {
  return new LabError('ill-conditioned', `The map of block ${layers.source} to block ${layers.target} has no finite solution: ${why}.`, 'Choose λ ≥ 1e-4, collect more tokens, or choose another pair of layers.');
}

/**
 * `auto` source: the block nearest two thirds of the depth (where published steering works best). `auto` target: of the
 * blocks between 0.3 and 0.8 of the depth, the one that the source block predicts best on held-out text.
 * @throws LabError `settings-invalid` for a layer that the model does not have
 */
export function chooseLayers(grid: number[][], source: LayerChoice, target: LayerChoice): { layers: { source: number; target: number }; layerRule: string } {
  const sourceLayers = grid.length;
  const targetLayers = grid[0].length;
  for (const [field, choice, count] of [['map.sourceLayer', source, sourceLayers], ['map.targetLayer', target, targetLayers]] as const) {
    if (choice !== 'auto' && choice >= count) {
      throw new LabError('settings-invalid', `${field} is ${choice}, but the model has blocks 0 to ${count - 1}.`, 'Choose a block that exists, or “auto”.', { field });
    }
  }
  const chosenSource = source === 'auto' ? Math.max(0, Math.round((2 / 3) * sourceLayers) - 1) : source;
  let chosenTarget = target === 'auto' ? -1 : target;
  if (target === 'auto') {
    const candidates = Array.from({ length: targetLayers }, (_, i) => i).filter((i) => (i + 1) / targetLayers >= 0.3 && (i + 1) / targetLayers <= 0.8);
    for (const block of candidates.length > 0 ? candidates : [targetLayers - 1]) {
      if (chosenTarget < 0 || grid[chosenSource][block] > grid[chosenSource][chosenTarget]) chosenTarget = block;
    }
  }
  const rules = [
    source === 'auto' ? 'source: the block nearest two thirds of the depth' : 'source: chosen by hand',
    target === 'auto' ? 'target: the best held-out R² between 0.3 and 0.8 of the depth' : 'target: chosen by hand',
  ];
  return { layers: { source: chosenSource, target: chosenTarget }, layerRule: rules.join('; ') };
}

/** Controls and second opinions computed on the bounded sample. */
export interface SampleControls {
  centredCosine: number;
  shuffledR2: number;
  rows: number;
}

/**
 * Centred cosine of the map on the sample's held-out rows, and the held-out R² of a map that is fitted, at the same λ,
 * to the same training rows with their partners shuffled.
 */
export async function sampleControls(sample: Sample, fitted: FittedMap, seed: number, signal: AbortSignal): Promise<SampleControls> {
  const X = sample.source.blocks[fitted.layers.source];
  const Y = sample.target.blocks[fitted.layers.target];
  const dS = sample.source.width;
  const dT = sample.target.width;
  const train = rowsOf(sample, false);
  const heldOut = rowsOf(sample, true);
  const Xtrain = pick(X, train, dS);
  const Ytrain = pick(Y, train, dT);
  const Xheld = pick(X, heldOut, dS);
  const Yheld = pick(Y, heldOut, dT);
  const matrix = (data: Float32Array, cols: number): MatrixLike => ({ rows: data.length / cols, cols, data });
  const predicted = matrix(applyMap(fitted.map, Xheld, heldOut.length), dT);
  const cosine = centredCosine(predicted, matrix(Yheld, dT), columnMeans(matrix(Ytrain, dT)));

  const shuffled = new Float64Fit({ sourceLayers: 1, targetLayers: 1, sourceWidth: dS, targetWidth: dT });
  const order = new Random(seed).permutation(train.length);
  await shuffled.add({ source: [Xtrain], target: [pick(Ytrain, Array.from(order), dT)], rows: train.length, split: 'train' });
  await shuffled.add({ source: [Xheld], target: [Yheld], rows: heldOut.length, split: 'heldOut' });
  const control = await shuffled.solve(0, 0, Math.max(fitted.map.lambda, 1e-6), signal);
  shuffled.dispose();
  return { centredCosine: cosine, shuffledR2: control.heldOutR2, rows: train.length };
}

/** The part of the result that the map itself determines; the panels and the audit are added by the caller. */
export function mapSummary(fitted: FittedMap): Pick<MapResult, 'layers' | 'layerRule' | 'lambda' | 'heldOutR2' | 'medianDimensionR2' | 'secondPass' | 'badPivots' | 'lambdaPath' | 'grid' | 'cka'> {
  const { pair } = fitted;
  return {
    layers: fitted.layers,
    layerRule: fitted.layerRule,
    lambda: fitted.map.lambda,
    heldOutR2: pair.heldOutR2,
    medianDimensionR2: pair.medianDimensionR2,
    secondPass: pair.secondPass,
    badPivots: pair.badPivots,
    lambdaPath: pair.lambdaPath.map(({ lambda, heldOutR2, trainR2 }) => ({ lambda, heldOutR2, trainR2 })),
    grid: fitted.grid,
    cka: fitted.cka,
  };
}

/** Row indices of one split of the sample. */
export function rowsOf(sample: Sample, heldOut: boolean): number[] {
  return sample.labels.flatMap((label, i) => (label.heldOut === heldOut ? [i] : []));
}

/** Selected rows of a row-major matrix of this width. */
export function pick(rows: Float32Array, indices: readonly number[], width: number): Float32Array {
  const picked = new Float32Array(indices.length * width);
  indices.forEach((row, i) => picked.set(rows.subarray(row * width, (row + 1) * width), i * width));
  return picked;
}

function asRows(flat: Float64Array, rows: number, cols: number): number[][] {
  return Array.from({ length: rows }, (_, i) => Array.from(flat.subarray(i * cols, (i + 1) * cols)));
}
