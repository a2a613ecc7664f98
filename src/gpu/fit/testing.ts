/** What the GPU fit's tests share: paired states of one or more layers, uploaded in float32 or float16. */
import type { FitChunk, StreamingFit } from '../../fit/types';
import type { PairedStates } from '../../math/testing/activations';
import { type ChunkOptions, chunksOf, type Layers, layersOf } from '../../fit/testing/cases';
import { fromFloat16, toFloat16 } from '../kernels/testing';
import { GpuScope } from '../scope';
import type { GpuMatrix } from '../types';
import { GpuFit } from './gpu-fit';

export interface StreamOptions extends ChunkOptions {
  half?: boolean;
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

/** Uploads a chunk and adds it. The buffers go as soon as `add` has returned: the fit must not need them any more. */
function addUploaded(device: GPUDevice, fit: GpuFit, chunk: FitChunk<Float32Array>, half = false): void {
  const { rows } = chunk;
  const { sourceWidth, targetWidth } = fit.shape;
  const scope = new GpuScope(device);
  const put = (list: Float32Array[], cols: number): GpuMatrix[] =>
    list.map((x) =>
      half
        ? { buffer: scope.upload(halves(x), 'chunk'), rows, cols, type: 'float16' }
        : scope.uploadMatrix(x, rows, cols, 'chunk'),
    );
  try {
    fit.add({ ...chunk, source: put(chunk.source, sourceWidth), target: put(chunk.target, targetWidth) });
  } finally {
    scope.dispose();
  }
}

/** A GPU fit that takes its rows from arrays. */
export function uploading(device: GPUDevice, fit: GpuFit): StreamingFit<Float32Array> {
  return {
    shape: fit.shape,
    add: (chunk) => addUploaded(device, fit, chunk),
    grid: (...of) => fit.grid(...of),
    solve: (...of) => fit.solve(...of),
    cka: (...of) => fit.cka(...of),
    moments: (...of) => fit.moments(...of),
    crossValidate: (...of) => fit.crossValidate(...of),
    rows: () => fit.rows(),
    needsSecondPass: (...of) => fit.needsSecondPass(...of),
    secondPassReason: (...of) => fit.secondPassReason(...of),
    restart: () => fit.restart(),
    dispose: () => fit.dispose(),
  };
}

/** Streams rows; the last HELD_OUT of `data` are held out. */
export function stream(
  device: GPUDevice,
  fit: GpuFit | StreamingFit<Float32Array>,
  layers: Layers,
  data: PairedStates,
  options: StreamOptions = {},
): void {
  for (const chunk of chunksOf(layers, data, options)) {
    if (fit instanceof GpuFit) addUploaded(device, fit, chunk, options.half);
    else void fit.add(chunk);
  }
}

/** Streams a whole data set of one pair of layers, a second time where the fit asks for it. Returns the passes. */
export async function streamAll(
  device: GPUDevice,
  fit: GpuFit,
  data: PairedStates,
  options: StreamOptions = {},
  smallestLambda = 0,
): Promise<number> {
  stream(device, fit, layersOf(data), data, options);
  if (!(await fit.needsSecondPass(smallestLambda))) return 1;
  await fit.restart();
  stream(device, fit, layersOf(data), data, options);
  return 2;
}
