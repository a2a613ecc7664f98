/**
 * The KV cache between the steps of one batch. On WASM, and for graphs that append by
 * Concat, a step's `present` tensors are fed back as the next step's past. On WebGPU,
 * fused graphs write into buffers that are allocated once: no growth, fewer dispatches.
 */
import type { Ort, Tensor } from './ort';
import { floatTensor, type FloatType } from './tensors';

export interface KvShape {
  blocks: number;
  rows: number;
  kvHeads: number;
  headDim: number;
  type: FloatType;
}

export interface KvCache {
  /** Past inputs of the next run. */
  feeds(): Record<string, Tensor>;
  /** Outputs that the next run must write into; null where it makes its own. */
  fetches(): Record<string, Tensor> | null;
  /** Takes the `present` outputs of a run. */
  accept(outputs: Record<string, Tensor>): void;
  dispose(): void;
}

const PARTS = ['key', 'value'] as const;

function* parts(blocks: number): Generator<{ past: string; present: string }> {
  for (let block = 0; block < blocks; block++) {
    for (const part of PARTS) yield { past: `past_key_values.${block}.${part}`, present: `present.${block}.${part}` };
  }
}

/** Past inputs of a run without a past: [rows, kvHeads, 0, headDim]. */
export function emptyPast(ort: Ort, shape: KvShape): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const { past } of parts(shape.blocks)) feeds[past] = floatTensor(ort, shape.type, new Float32Array(0), [shape.rows, shape.kvHeads, 0, shape.headDim]);
  return feeds;
}

/** Feeds every step's outputs to the next. */
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
    this.#feeds = Object.fromEntries([...parts(this.#shape.blocks)].map(({ past, present }) => [past, outputs[present]]));
  }

  dispose(): void {
    for (const tensor of Object.values(this.#feeds)) if (tensor.location === 'gpu-buffer') tensor.dispose();
    this.#feeds = {};
  }
}

/** Buffers of `capacity` positions that are past and present at once. Needs a graph that writes in place (GroupQueryAttention). */
export class StaticCache implements KvCache {
  #buffers: GPUBuffer[] = [];
  #feeds: Record<string, Tensor> = {};
  #fetches: Record<string, Tensor> = {};

  constructor(ort: Ort, device: GPUDevice, shape: KvShape, capacity: number) {
    const dims = [shape.rows, shape.kvHeads, capacity, shape.headDim];
    const bytes = dims.reduce((a, b) => a * b, 1) * (shape.type === 'float32' ? 4 : 2);
    for (const { past, present } of parts(shape.blocks)) {
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
