/** How a layer × layer fit lies in GPU memory. */
import { LabError } from '../../experiment/errors';
import type { FitShape } from '../../math/fit-types';
import { FOLD_ROWS } from '../kernels/atb/atb';
import { BLOCK } from '../kernels/cholesky/cholesky';

/** Target layers that lie side by side in one matrix, so that one product serves them all. */
export interface Band {
  firstLayer: number;
  layers: number;
  /** layers × padded target width */
  width: number;
}

export interface FitLayout {
  shape: FitShape;
  /** Source width rounded up to whole Cholesky blocks; the extra columns are zero and get weight 0. */
  source: number;
  /** Target width rounded up to whole vec4s. */
  target: number;
  bands: Band[];
}

/** Widest model the kernels are meant for. */
export const MAX_WIDTH = 8192;

const up = (value: number, step: number): number => Math.ceil(value / step) * step;

/**
 * @param bindingLimit the device's maxStorageBufferBindingSize
 * @throws RangeError on a shape that is not four whole numbers ≥ 1, LabError out-of-memory where one layer pair alone is too large
 */
export function layoutOf(shape: FitShape, bindingLimit: number): FitLayout {
  for (const [name, size] of Object.entries(shape)) {
    const most = name.endsWith('Width') ? MAX_WIDTH : 1024;
    if (!Number.isInteger(size) || size < 1 || size > most) throw new RangeError(`${name} must be a whole number from 1 to ${most}, not ${size}.`);
  }
  const source = up(shape.sourceWidth, BLOCK);
  const target = up(shape.targetWidth, 4);
  // The largest matrices are the augmented system, source×(source + width), and a fold of target rows.
  const most = Math.min(Math.floor(bindingLimit / (4 * source)) - source, Math.floor(bindingLimit / (4 * FOLD_ROWS)));
  const perBand = Math.floor(most / target);
  if (perBand < 1 || 8 * source * source > bindingLimit) {
    throw new LabError('out-of-memory', `A fit from ${shape.sourceWidth} to ${shape.targetWidth} dimensions does not fit in one buffer of this device (${(bindingLimit / 2 ** 20).toFixed(0)} MiB).`, 'Use smaller models, or a device with larger buffers.');
  }
  const bands: Band[] = [];
  for (let first = 0; first < shape.targetLayers; first += perBand) {
    const layers = Math.min(perBand, shape.targetLayers - first);
    bands.push({ firstLayer: first, layers, width: layers * target });
  }
  return { shape: { ...shape }, source, target, bands };
}

/** GPU bytes that a fit of this shape keeps, without warm-up rows and passing scratch space. */
export function estimateFitBytes(shape: FitShape, cka = true): number {
  const source = up(shape.sourceWidth, BLOCK);
  const target = up(shape.targetWidth, 4);
  const wide = target * shape.targetLayers;
  const perSource = 2 * (source * source + source * wide + 4 * source) + 2 * source * source + 2 * source;
  const targets = 2 * 2 * wide + 2 * wide + (cka ? shape.targetLayers * target * target : 0);
  const folds = FOLD_ROWS * (2 * source + wide);
  return 4 * (shape.sourceLayers * perSource + targets + folds);
}
