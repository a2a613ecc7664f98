/** Batches of states between the device and the CPU: for a collection in which one model waits for the other. */
import { Recorder } from '../gpu/recorder';
import { GpuScope } from '../gpu/scope';
import type { TapBatch } from '../runtime/types';

/** One block's states, read back. @param tokens rows × length @throws LabError `webgpu-device-lost`, `out-of-memory` */
export async function readGpuTap(
  device: GPUDevice,
  tap: TapBatch['blocks'][number],
  tokens: number,
): Promise<Float32Array> {
  if (!tap.buffer) throw new TypeError(`The tap of block ${tap.block} is not on the GPU.`);
  const recorder = await Recorder.create(device, []);
  try {
    return await recorder.readFloats(tap.buffer, tokens * tap.width);
  } finally {
    recorder.dispose();
  }
}

/** States of a batch as buffers on the device, one a block; they go with `dispose`. @throws LabError `out-of-memory` */
export async function uploadTaps(
  device: GPUDevice,
  blocks: readonly (() => Float32Array)[],
  width: number,
  shape: Pick<TapBatch, 'rows' | 'length' | 'lengths'>,
): Promise<TapBatch> {
  const scope = new GpuScope(device);
  try {
    const taps = blocks.map((read, block) => ({
      block,
      width,
      data: null,
      buffer: scope.upload(read(), 'stored states'),
    }));
    await scope.settled();
    return { ...shape, blocks: taps, dispose: () => scope.dispose() };
  } catch (error) {
    scope.dispose();
    throw error;
  }
}
