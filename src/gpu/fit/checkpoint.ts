/**
 * A fit outside its device: everything that it has learnt, as plain typed arrays, so that a lost device costs only the
 * rows since the last checkpoint.
 */
import type { FitShape } from '../../fit/types';
import type { Recorder } from '../recorder';
import type { Block } from './blocks';

/** All that decides what a fit computes. */
export interface ResolvedFitOptions {
  cka: boolean;
  folds: number;
  whiten: boolean;
  warmUpRows: number;
  /** Largest buffer that the layout reckons with: a device must allow it. */
  bindingBytes: number;
}

/** Rows that are not in the moments yet, and their block. Rows have the widths of the fit's shape. */
export interface BlockCopy {
  bucket: number;
  rows: number;
  /** Held back for the warm-up, and full: no more rows are added to it. */
  held: boolean;
  source: Float32Array[];
  target: Float32Array[];
  flags: Uint32Array;
}

/**
 * What `GpuFit.checkpoint()` gives and `GpuFit.resume()` takes. Structured-cloneable; its size depends on the widths
 * and not on the rows.
 */
export interface FitCheckpoint {
  version: 1;
  shape: FitShape;
  options: ResolvedFitOptions;
  /** Training rows that the whitening was learnt from, rows left out included; −1 in the warm-up. */
  learntFrom: number;
  trainRows: number;
  secondPass: boolean;
  /** [rows, rows left out] per bucket, of those in the moments. */
  counts: Uint32Array;
  /** Whitening and moments, in the fit's own order; empty in the warm-up. */
  state: Float32Array[];
  blocks: BlockCopy[];
}

/**
 * Reads whole buffers. All copies are enqueued before this returns its promise: later work does not change what is
 * read.
 */
export function readBuffers(rec: Recorder, buffers: readonly GPUBuffer[]): Promise<Float32Array[]> {
  return Promise.all(
    buffers.map(async (buffer) => new Float32Array((await rec.read({ buffer, bytes: buffer.size }))[0])),
  );
}

/** Reads a block's rows; the copies are enqueued before this returns its promise. */
export async function readBlock(rec: Recorder, block: Block, shape: FitShape, held: boolean): Promise<BlockCopy> {
  const { bucket, rows, flags } = block;
  const side = (buffers: GPUBuffer[], width: number): Promise<Float32Array[]> =>
    Promise.all(
      buffers.map(async (buffer) => new Float32Array((await rec.read({ buffer, bytes: 4 * rows * width }))[0])),
    );
  const source = side(block.source, shape.sourceWidth);
  const target = side(block.target, shape.targetWidth);
  const marks = rec.read({ buffer: flags, bytes: 4 * rows });
  const all = await Promise.all([source, target, marks]);
  return { bucket, rows, held, source: all[0], target: all[1], flags: new Uint32Array(all[2][0]) };
}

/** Puts read buffers back. @throws RangeError if the lengths do not fit */
export function writeBuffers(device: GPUDevice, buffers: readonly GPUBuffer[], data: readonly Float32Array[]): void {
  if (buffers.length !== data.length || buffers.some((buffer, i) => buffer.size !== data[i].byteLength))
    throw new RangeError('This checkpoint does not fit its own shape: it is damaged, or from another version.');
  buffers.forEach((buffer, i) =>
    device.queue.writeBuffer(buffer, 0, data[i].buffer as ArrayBuffer, data[i].byteOffset, data[i].byteLength),
  );
}

/** Puts a block's rows back into an empty block. */
export function writeBlock(device: GPUDevice, block: Block, copy: BlockCopy): void {
  const put = (buffer: GPUBuffer, data: Float32Array | Uint32Array): void =>
    device.queue.writeBuffer(buffer, 0, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  copy.source.forEach((data, i) => put(block.source[i], data));
  copy.target.forEach((data, i) => put(block.target[i], data));
  put(block.flags, copy.flags);
  block.rows = copy.rows;
}
