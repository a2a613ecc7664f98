/** What the GPU fit's tests share: streaming paired states of one or more layers, in float32 or float16. */
import type { StreamingFit } from '../../math/fit-types';
import type { PairedStates } from '../../math/testing/activations';
import { fromFloat16, toFloat16 } from '../kernels/testing';
import { GpuScope } from '../scope';
import type { GpuMatrix } from '../types';
import { HELD_OUT } from './cases';
import { GpuFit } from './gpu-fit';

export interface Layers {
  X: Float32Array[];
  Y: Float32Array[];
}

export interface StreamOptions {
  /** Rows of a chunk; default 300, not a multiple of a block. */
  chunk?: number;
  /** Chunks go to the folds in turn. */
  folds?: number;
  half?: boolean;
  /** Only the rows from … to. */
  from?: number;
  to?: number;
}

const HALF_BYTES = 2;

/** Packs numbers as float16, padded to whole words. */
export function halves(data: Float32Array): Uint32Array {
  const out = new Uint32Array(Math.ceil((data.length * HALF_BYTES) / 4));
  new Uint16Array(out.buffer).set(Uint16Array.from(data, toFloat16));
  return out;
}

/** The numbers that are left after a float16 rounding. */
export const roundedToHalf = (data: Float32Array): Float32Array => data.map((x) => fromFloat16(toFloat16(x)));

/** Streams rows; the last HELD_OUT of `data` are held out. */
export function stream(device: GPUDevice, fit: GpuFit | StreamingFit<Float32Array>, layers: Layers, data: PairedStates, options: StreamOptions = {}): void {
  const { chunk = 300, folds = 1, half = false, from = 0, to = data.rows } = options;
  const { sourceWidth: d, targetWidth: m } = data;
  const train = data.rows - HELD_OUT;
  for (let first = from, fold = Math.floor(from / chunk) % folds; first < to; fold = (fold + 1) % folds) {
    const heldOut = first >= train;
    const count = Math.min(chunk, Math.min(to, heldOut ? data.rows : train) - first);
    const cut = (all: Float32Array, width: number): Float32Array => all.slice(first * width, (first + count) * width);
    const source = layers.X.map((x) => cut(x, d));
    const target = layers.Y.map((y) => cut(y, m));
    const split = heldOut ? 'heldOut' : 'train';
    if (fit instanceof GpuFit) {
      // The buffers go as soon as `add` has returned: the fit must not need them any more.
      const scope = new GpuScope(device);
      const put = (list: Float32Array[], cols: number): GpuMatrix[] =>
        list.map((x) => (half ? { buffer: scope.upload(halves(x), 'chunk'), rows: count, cols, type: 'float16' } : scope.uploadMatrix(x, count, cols, 'chunk')));
      fit.add({ source: put(source, d), target: put(target, m), rows: count, split, fold });
      scope.dispose();
    } else {
      void fit.add({ source, target, rows: count, split, fold });
    }
    first += count;
  }
}

/** Streams a whole data set of one pair of layers, a second time where the fit asks for it. Returns the passes. */
export async function streamAll(device: GPUDevice, fit: GpuFit, data: PairedStates, options: StreamOptions = {}, smallestLambda = 0): Promise<number> {
  stream(device, fit, { X: [data.X], Y: [data.Y] }, data, options);
  if (!(await fit.needsSecondPass(smallestLambda))) return 1;
  await fit.restart();
  stream(device, fit, { X: [data.X], Y: [data.Y] }, data, options);
  return 2;
}

/** The shape of one pair of layers. */
export const pairShape = ({ sourceWidth, targetWidth }: PairedStates): GpuFit['shape'] => ({ sourceLayers: 1, targetLayers: 1, sourceWidth, targetWidth });
