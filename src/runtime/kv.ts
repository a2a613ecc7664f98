/**
 * The KV cache between the steps of one batch, in three forms. Fused graphs on the CPU:
 * arrays of ours, into which each run's new columns are put. Fused graphs on WebGPU:
 * buffers that are past and present at once. Graphs that append by Concat, anywhere:
 * what a run gives is what the next one gets.
 */
import { WRITTEN_INPUT, writtenName } from '../onnx';
import type { Ort, Tensor } from './ort';
import { floatData, floatTensor, type FloatType } from './tensors';

export interface KvShape {
  blocks: number;
  rows: number;
  kvHeads: number;
  headDim: number;
  type: FloatType;
}

export interface KvCache {
  /**
   * Cache inputs of a run.
   * @param starts the column at which each row's new tokens go
   * @param count new tokens a row
   */
  feeds(starts: readonly number[], count: number): Record<string, Tensor>;
  /** Outputs that the run must write into; null where it makes its own. */
  fetches(): Record<string, Tensor> | null;
  /** Takes the outputs of that run. */
  accept(outputs: Record<string, Tensor>): void;
  /** Forgets all rows but these (row numbers, ascending). Absent where the cache cannot. */
  keep?(rows: readonly number[]): void;
  dispose(): void;
}

interface Part {
  past: string;
  present: string;
}

/** Names of the cache tensors, in block order, keys before values. */
export function cacheParts(blocks: number): Part[] {
  return Array.from({ length: blocks }, (_, block) =>
    ['key', 'value'].map((part) => ({ past: `past_key_values.${block}.${part}`, present: `present.${block}.${part}` })),
  ).flat();
}

/** Past inputs of a run without a past: [rows, kvHeads, 0, headDim]. */
export function emptyPast(ort: Ort, shape: KvShape): Record<string, Tensor> {
  return Object.fromEntries(
    cacheParts(shape.blocks).map(({ past }) => [
      past,
      floatTensor(ort, shape.type, new Float32Array(0), [shape.rows, shape.kvHeads, 0, shape.headDim]),
    ]),
  );
}

/** Feeds every run's outputs to the next. */
export class GrowingCache implements KvCache {
  #shape: KvShape;
  #feeds: Record<string, Tensor>;

  constructor(ort: Ort, shape: KvShape) {
    this.#shape = shape;
    this.#feeds = emptyPast(ort, shape);
  }

  feeds(): Record<string, Tensor> {
    return this.#feeds;
  }

  fetches(): null {
    return null;
  }

  accept(outputs: Record<string, Tensor>): void {
    this.dispose();
    this.#feeds = Object.fromEntries(
      cacheParts(this.#shape.blocks).map(({ past, present }) => [past, outputs[present]]),
    );
  }

  dispose(): void {
    for (const tensor of Object.values(this.#feeds)) if (tensor.location === 'gpu-buffer') tensor.dispose();
    this.#feeds = {};
  }
}

/** GPU buffers of `capacity` positions. Needs a graph that writes in place (GroupQueryAttention). */
export class GpuCache implements KvCache {
  #buffers: GPUBuffer[] = [];
  #feeds: Record<string, Tensor> = {};
  #fetches: Record<string, Tensor> = {};

  constructor(ort: Ort, device: GPUDevice, shape: KvShape, capacity: number) {
    const dims = [shape.rows, shape.kvHeads, capacity, shape.headDim];
    const bytes = dims.reduce((a, b) => a * b, 1) * (shape.type === 'float32' ? 4 : 2);
    for (const { past, present } of cacheParts(shape.blocks)) {
      const buffer = device.createBuffer({
        label: past,
        // ONNX Runtime binds whole multiples of 16 bytes.
        size: Math.ceil(bytes / 16) * 16,
        usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
      });
      this.#buffers.push(buffer);
      this.#feeds[past] = ort.Tensor.fromGpuBuffer(buffer, { dataType: shape.type, dims });
      this.#fetches[present] = ort.Tensor.fromGpuBuffer(buffer, { dataType: shape.type, dims });
    }
  }

  feeds(): Record<string, Tensor> {
    return this.#feeds;
  }

  fetches(): Record<string, Tensor> {
    return this.#fetches;
  }

  accept(): void {
    // The run wrote into our own buffers.
  }

  dispose(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers = [];
  }
}

/** Columns are added this many at a time: each run copies all of them into the WASM heap, used or not. */
const GROWTH = 16;

/** Float32 arrays on the CPU, for graphs that give only what they have written. */
export class HostCache implements KvCache {
  #ort: Ort;
  #shape: KvShape;
  #rows: number;
  #capacity = 0;
  /** Per part, row-major [rows, kvHeads, capacity, headDim]. */
  #arrays: Float32Array[];
  #starts: readonly number[] = [];
  #count = 0;

  constructor(ort: Ort, shape: KvShape) {
    this.#ort = ort;
    this.#shape = shape;
    this.#rows = shape.rows;
    this.#arrays = cacheParts(shape.blocks).map(() => new Float32Array(0));
  }

  feeds(starts: readonly number[], count: number): Record<string, Tensor> {
    this.#starts = starts;
    this.#count = count;
    const { kvHeads, headDim, type } = this.#shape;
    const dims = [this.#rows, kvHeads, this.#capacity, headDim];
    const columns = new Int32Array(this.#rows * kvHeads * count * headDim);
    let at = 0;
    for (const start of starts) {
      for (let head = 0; head < kvHeads; head++)
        for (let i = 0; i < count; i++, at += headDim) columns.fill(start + i, at, at + headDim);
    }
    const feeds: Record<string, Tensor> = {
      [WRITTEN_INPUT]: new this.#ort.Tensor('int32', columns, [this.#rows, kvHeads, count, headDim]),
    };
    cacheParts(this.#shape.blocks).forEach(
      ({ past }, i) => (feeds[past] = floatTensor(this.#ort, type, this.#arrays[i], dims)),
    );
    return feeds;
  }

  fetches(): null {
    return null;
  }

  accept(outputs: Record<string, Tensor>): void {
    const { kvHeads, headDim, blocks } = this.#shape;
    const needed = Math.max(...this.#starts) + this.#count;
    if (needed > this.#capacity) this.#resize(Math.ceil(needed / GROWTH) * GROWTH);
    cacheParts(blocks).forEach(({ present }, i) => {
      const written = floatData(outputs[writtenName(present)]);
      const into = this.#arrays[i];
      const span = this.#count * headDim;
      for (let line = 0; line < this.#rows * kvHeads; line++) {
        const start = this.#starts[Math.floor(line / kvHeads)];
        into.set(written.subarray(line * span, (line + 1) * span), (line * this.#capacity + start) * headDim);
      }
    });
  }

  keep(rows: readonly number[]): void {
    const rowSize = this.#shape.kvHeads * this.#capacity * this.#shape.headDim;
    this.#arrays = this.#arrays.map((array) => {
      const kept = new Float32Array(rows.length * rowSize);
      rows.forEach((row, i) => kept.set(array.subarray(row * rowSize, (row + 1) * rowSize), i * rowSize));
      return kept;
    });
    this.#rows = rows.length;
  }

  dispose(): void {
    this.#arrays = [];
  }

  #resize(capacity: number): void {
    const { kvHeads, headDim } = this.#shape;
    const old = this.#capacity * headDim;
    this.#arrays = this.#arrays.map((array) => {
      const grown = new Float32Array(this.#rows * kvHeads * capacity * headDim);
      for (let line = 0; line < this.#rows * kvHeads; line++)
        grown.set(array.subarray(line * old, (line + 1) * old), line * capacity * headDim);
      return grown;
    });
    this.#capacity = capacity;
  }
}
