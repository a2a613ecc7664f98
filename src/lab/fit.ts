/** The affine map: which layers, which λ, and the controls that make its R² believable. */
import type { Experiment, LayerChoice } from '../experiment/schema';
import { LabError } from '../experiment/errors';
import type { MapResult } from '../experiment/run';
import type { AffineMap, PairFit, StreamingFit } from '../math/fit-types';
import { columnMeans, type MatrixLike } from '../math/matrix';
import { centredCosine } from '../math/stats';
import { applyMap, Float64Fit } from '../math/ridge';
import { Random } from '../math/random';
import type { Sample } from './rows';

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

/** Where `auto` looks, as shares of the depth, (block + 1) / blocks: behaviour directions live in the later part of the
 * source and can still act from the middle of the target on (the paper steers from 0.77 into 0.48). */
const AUTO_DEPTHS = { source: [0.6, 1], target: [0.45, 0.8] } as const;

/**
 * The pair of blocks. A number is taken as it is; `auto` takes, of the blocks in AUTO_DEPTHS, those with the best held-out
 * R², for both sides together.
 * @param grid held-out R², [source][target]
 * @throws LabError `settings-invalid` for a layer that the model does not have
 */
export function chooseLayers(grid: number[][], source: LayerChoice, target: LayerChoice): { layers: { source: number; target: number }; layerRule: string } {
  const candidates = (side: 'source' | 'target', choice: LayerChoice, count: number): number[] => {
    if (choice === 'auto') {
      const [low, high] = AUTO_DEPTHS[side];
      const blocks = Array.from({ length: count }, (_, block) => block).filter((block) => (block + 1) / count >= low && (block + 1) / count <= high);
      return blocks.length > 0 ? blocks : [count - 1];
    }
    if (choice < count) return [choice];
    const field = `map.${side}Layer`;
    throw new LabError('settings-invalid', `${field} is ${choice}, but the model has blocks 0 to ${count - 1}.`, 'Choose a block that exists, or “auto”.', { field });
  };
  let best: { source: number; target: number } | null = null;
  for (const s of candidates('source', source, grid.length)) {
    for (const t of candidates('target', target, grid[0].length)) {
      if (!best || grid[s][t] > grid[best.source][best.target]) best = { source: s, target: t };
    }
  }
  const rule = (side: 'source' | 'target', choice: LayerChoice): string => (choice === 'auto' ? `${side}: from ${AUTO_DEPTHS[side][0]} to ${AUTO_DEPTHS[side][1]} of the depth` : `${side}: chosen by hand`);
  const rules = [rule('source', source), rule('target', target)];
  if (source === 'auto' || target === 'auto') rules.push('the best held-out R² there');
  return { layers: best!, layerRule: rules.join('; ') };
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
