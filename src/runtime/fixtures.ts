/** What the browser tests of the runtime share: the bundled models, a device, and comparisons. */
import { createDevice } from '../gpu/device';
import { openModel } from '../models';
import { createRuntime, type RuntimeOptions } from './index';
import type { ModelSource, Runtime } from './types';

export const BACKENDS = ['wasm', 'webgpu'] as const;

/** A bundled model, as the test server serves it. */
export function bundled(id: string, dtype: ModelSource['dtype'] = 'fp32'): ModelSource {
  return { id, dtype, baseUrl: new URL(`/models/${id}/`, location.href).href };
}

let shared: Promise<GPUDevice> | null = null;

/** One device for all tests of a file; a software adapter will do. */
export function testDevice(): Promise<GPUDevice> {
  shared ??= createDevice().then(({ device }) => device);
  return shared;
}

export async function testRuntime(backend: 'wasm' | 'webgpu', options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  return createRuntime({ backend, device: backend === 'webgpu' ? await testDevice() : null, openModel, ...options });
}

/** Copies a GPU buffer's floats to the CPU. */
export async function readBuffer(device: GPUDevice, buffer: GPUBuffer, floats: number): Promise<Float32Array> {
  const copy = device.createBuffer({ size: floats * 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, copy, 0, floats * 4);
  device.queue.submit([encoder.finish()]);
  await copy.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(copy.getMappedRange().slice(0));
  copy.destroy();
  return values;
}

/** Largest absolute difference; NaN anywhere gives NaN. */
export function maxDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return NaN;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}

/** A fixed vector that is not constant, so that a normalisation does not hide it. */
export function waveVector(width: number, phase: number, scale: number): Float32Array {
  return Float32Array.from({ length: width }, (_, i) => scale * Math.sin(1.7 * i + phase));
}
