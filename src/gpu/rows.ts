/** Rows of a model's tensors on the GPU: compacting the chosen ones. */
import { gatherRows, gatherRowsKernel } from './kernels/gather-rows/gather-rows';
import { Recorder } from './recorder';
import { GpuScope } from './scope';
import type { GpuMatrix } from './types';

/** A tensor as ONNX Runtime hands it out: its buffer may be larger than the tensor. */
export interface GpuTensor {
  buffer: GPUBuffer;
  /** Product of the leading dimensions: batch · sequence. */
  rows: number;
  cols: number;
  /** Default float32. */
  type?: 'float32' | 'float16';
}

export class GpuRows {
  readonly device: GPUDevice;
  readonly #rec: Recorder;
  readonly #scope: GpuScope;
  /** Bound where the kernel would mark rows, which is not asked of it here. */
  readonly #noFlags: GPUBuffer;

  private constructor(rec: Recorder) {
    this.device = rec.device;
    this.#rec = rec;
    this.#scope = new GpuScope(rec.device);
    this.#noFlags = this.#scope.buffer(16, 'no flags');
  }

  /** @throws LabError shader-compile */
  static async create(device: GPUDevice): Promise<GpuRows> {
    return new GpuRows(await Recorder.create(device, [gatherRowsKernel]));
  }

  /**
   * Copies the chosen rows of each tensor (token positions b·S + s of a [B, S, d] tensor)
   * into float32 matrices of their own; NaN and infinity pass through. Enqueued at once: the tensors may be disposed
   * after this returns.
   * @param rows row numbers, the same for all tensors; repeats are allowed
   * @param into owns the matrices
   * @throws RangeError if a row is not one of a tensor's
   */
  gather(tensors: readonly GpuTensor[], rows: Uint32Array, into: GpuScope): GpuMatrix[] {
    for (const tensor of tensors) {
      for (const row of rows)
        if (row >= tensor.rows) throw new RangeError(`There is no row ${row} in a tensor of ${tensor.rows}.`);
    }
    if (rows.length === 0) return tensors.map(({ cols }) => into.matrix(0, cols, 'no rows'));
    const scratch = new GpuScope(this.device, into);
    const indices = scratch.upload(rows, 'row numbers');
    const out = tensors.map(({ buffer, rows: count, cols, type }) => {
      const matrix = into.matrix(rows.length, cols, 'gathered rows');
      const size = type === 'float16' ? Math.ceil((count * cols) / 2) * 4 : count * cols * 4;
      gatherRows(this.#rec, {
        source: { buffer, size },
        type,
        cols,
        rows: rows.length,
        indices,
        out: matrix.buffer,
        flags: this.#noFlags,
        check: false,
      });
      return matrix;
    });
    this.#rec.submit();
    scratch.dispose();
    return out;
  }

  dispose(): void {
    this.#scope.dispose();
    this.#rec.dispose();
  }
}
