/** How a layer × layer fit lies in GPU memory. */
import { LabError } from '../../experiment/errors';
import type { FitShape } from '../../fit/types';
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
  /** Rows that are gathered before they are folded into the moments. */
  blockRows: number;
}

/** Widest model the kernels are meant for. */
export const MAX_WIDTH = 8192;

/**
 * Rows of a block: enough to fill a GPU with the products of narrow models, fewer where many layers would make blocks
 * large.
 */
const BLOCK_ROWS = { least: 512, most: 2048 };

/** What all blocks of a fit together should not exceed, bytes. */
const BLOCK_BYTES = 64 * 2 ** 20;

const up = (value: number, step: number): number => Math.ceil(value / step) * step;
const down = (value: number, step: number): number => Math.floor(value / step) * step;

/**
 * @param bindingLimit the device's maxStorageBufferBindingSize
 * @param buckets kinds of rows that are kept apart: the folds, and the held-out rows
 * @throws RangeError on a shape that is not four whole numbers ≥ 1, LabError out-of-memory where one layer pair alone
 *   is too large
 */
export function layoutOf(shape: FitShape, bindingLimit: number, buckets = 2): FitLayout {
  for (const [name, size] of Object.entries(shape)) {
    const most = name.endsWith('Width') ? MAX_WIDTH : 1024;
    if (!Number.isInteger(size) || size < 1 || size > most)
      throw new RangeError(`${name} must be a whole number from 1 to ${most}, not ${size}.`);
  }
  const source = up(shape.sourceWidth, BLOCK);
  const target = up(shape.targetWidth, 4);
  // The largest matrices are the augmented system, source×(source + width), and a block of target rows. The default
  // limit of 128 MiB is exactly what 4,096 → 4,096 needs.
  const most = Math.min(
    Math.floor(bindingLimit / (4 * source)) - source,
    Math.floor(bindingLimit / (4 * BLOCK_ROWS.least)),
  );
  const perBand = Math.floor(most / target);
  if (perBand < 1 || 8 * source * source > bindingLimit) {
    throw new LabError('out-of-memory.fit-width', {
      source: shape.sourceWidth,
      target: shape.targetWidth,
      limit: Math.round(bindingLimit / 2 ** 20),
    });
  }
  const bands: Band[] = [];
  for (let first = 0; first < shape.targetLayers; first += perBand) {
    const layers = Math.min(perBand, shape.targetLayers - first);
    bands.push({ firstLayer: first, layers, width: layers * target });
  }
  const widest = Math.max(source, ...bands.map(({ width }) => width));
  const fitting = Math.min(BLOCK_BYTES / blockRowBytes(shape, source, target, buckets), bindingLimit / (4 * widest));
  const blockRows = Math.min(BLOCK_ROWS.most, Math.max(BLOCK_ROWS.least, down(fitting, BLOCK_ROWS.least)));
  return { shape: { ...shape }, source, target, bands, blockRows };
}

/** Bytes that one row takes: as it came, once a bucket, and shifted and whitened once. */
function blockRowBytes(shape: FitShape, source: number, target: number, buckets: number): number {
  return (
    4 *
    (buckets * (shape.sourceLayers * shape.sourceWidth + shape.targetLayers * shape.targetWidth) +
      2 * source +
      shape.targetLayers * target)
  );
}

/**
 * GPU bytes that a fit of this shape keeps, without warm-up rows and passing scratch space.
 * Cross-validation multiplies the moments of the training rows by the folds, and a solve
 * then adds one copy of a source layer's: their sum.
 */
export function estimateFitBytes(
  shape: FitShape,
  { cka = true, folds = 1 }: { cka?: boolean; folds?: number } = {},
): number {
  const layout = layoutOf(shape, 2 ** 32, folds + 1);
  const { source, target } = layout;
  const wide = target * shape.targetLayers;
  const moments = shape.sourceLayers * (source * source + source * wide + 4 * source) + 2 * wide;
  const targetGram = cka ? folds * shape.targetLayers * target * target : 0;
  const whitening = shape.sourceLayers * (2 * source * source + 2 * source) + 2 * wide;
  return (
    4 * ((folds + 1) * moments + targetGram + whitening) +
    layout.blockRows * blockRowBytes(shape, source, target, folds + 1)
  );
}
