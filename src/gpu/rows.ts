/** Rows of a model's tensors on the GPU: compacting the chosen ones, and projecting them on vectors. */
import { gatherRows, gatherRowsKernel } from './kernels/gather-rows/gather-rows';
import { project, projectKernel } from './kernels/project/project';
import { Recorder } from './recorder';
import { GpuScope } from './scope';
import type { GpuMatrix } from './types';

/** A float32 tensor as ONNX Runtime hands it out: its buffer may be larger than the tensor. */
export interface GpuTensor {
  buffer: GPUBuffer;
  /** Product of the leading dimensions: batch · sequence. */
  rows: number;
  cols: number;
}

export class GpuRows {
  readonly device: GPUDevice;
  readonly #rec: Recorder;
  readonly #scope: GpuScope;
  /** Neutral shift and scale, as wide as any tensor so far. */
  #zeros: GPUBuffer | null = null;
  #ones: GPUBuffer | null = null;
  #width = 0;

  private constructor(rec: Recorder) {
    this.device = rec.device;
    this.#rec = rec;
    this.#scope = new GpuScope(rec.device);
  }

  /** @throws LabError shader-compile */
  static async create(device: GPUDevice): Promise<GpuRows> {
    return new GpuRows(await Recorder.create(device, [gatherRowsKernel, projectKernel]));
  }

  /**
   * Copies the chosen rows of each tensor (token positions b·S + s of a [B, S, d] tensor)
   * into matrices of their own. Enqueued at once: the tensors may be disposed after this returns.
   * @param rows row numbers, the same for all tensors; repeats are allowed
   * @param into owns the matrices
   * @throws RangeError if a row is not one of a tensor's
   */
  gather(tensors: readonly GpuTensor[], rows: Uint32Array, into: GpuScope): GpuMatrix[] {
    for (const tensor of tensors) {
      for (const row of rows) if (row >= tensor.rows) throw new RangeError(`There is no row ${row} in a tensor of ${tensor.rows}.`);
    }
    if (rows.length === 0) return tensors.map(({ cols }) => into.matrix(0, cols, 'no rows'));
    this.#widen(Math.max(...tensors.map(({ cols }) => cols)));
    const scratch = new GpuScope(this.device, into);
    const indices = scratch.upload(rows, 'row numbers');
    const out = tensors.map(({ buffer, rows: count, cols }) => {
      const matrix = into.matrix(rows.length, cols, 'gathered rows');
      gatherRows(this.#rec, {
        source: { buffer, size: count * cols * 4 }, sourceStride: cols, cols, rows: rows.length, indices,
        shift: this.#zeros as GPUBuffer, scale: this.#ones as GPUBuffer, out: matrix.buffer, outStride: cols,
      });
      return matrix;
    });
    this.#rec.submit();
    scratch.dispose();
    return out;
  }

  /**
   * (A − 1·shift)·vectorsᵀ, read back: rows×count, row-major.
   * @param vectors count×cols
   * @throws RangeError if the widths differ
   */
  async project(A: GpuTensor, vectors: Float32Array, shift?: Float32Array): Promise<Float32Array> {
    const { buffer, rows, cols } = A;
    const count = vectors.length / cols;
    if (!Number.isInteger(count) || count < 1 || (shift && shift.length !== cols)) throw new RangeError(`Vectors of ${vectors.length} numbers do not fit rows of ${cols}.`);
    if (rows === 0) return new Float32Array(0);
    const scratch = new GpuScope(this.device);
    try {
      const out = scratch.buffer(rows * count * 4, 'projections');
      project(this.#rec, { A: { buffer, size: rows * cols * 4 }, rows, cols, vectors: scratch.upload(vectors, 'vectors'), count, shift: shift && scratch.upload(shift, 'shift'), out });
      await scratch.settled();
      return await this.#rec.readFloats(out, rows * count);
    } finally {
      scratch.dispose();
    }
  }

  dispose(): void {
    this.#scope.dispose();
    this.#rec.dispose();
  }

  #widen(width: number): void {
    if (width <= this.#width) return;
    for (const old of [this.#zeros, this.#ones]) if (old) this.#scope.release(old);
    this.#zeros = this.#scope.upload(new Float32Array(width), 'zeros');
    this.#ones = this.#scope.upload(new Float32Array(width).fill(1), 'ones');
    this.#width = width;
  }
}
