/**
 * Subspace iteration on the GPU (Halko, Martinsson & Tropp 2011, algorithm 4.4): whoever uses it gives the product with
 * the matrix, and takes the last Rayleigh–Ritz step in float64.
 */
import { Random } from '../math/random';
import { inverseFactor } from './inverse-factor';
import { ab } from './kernels/ab/ab';
import { atb } from './kernels/atb/atb';
import type { Recorder } from './recorder';
import { GpuScope } from './scope';

export class GpuSubspace {
  readonly #rec: Recorder;
  readonly #scope: GpuScope;
  readonly #rows: number;
  readonly #columns: number;
  #V: GPUBuffer;
  #image: GPUBuffer;

  /**
   * Starts from normal numbers.
   * @param scope owns the buffers
   * @param size rows and columns of the basis, padded to what the kernels take; rows from `width` on stay zero
   */
  constructor(
    rec: Recorder,
    scope: GpuScope,
    { rows, columns, width }: { rows: number; columns: number; width: number },
    seed = 1,
  ) {
    this.#rec = rec;
    this.#scope = scope;
    this.#rows = rows;
    this.#columns = columns;
    const random = new Random(seed);
    const start = new Float32Array(rows * columns);
    for (let i = 0; i < width * columns; i++) start[i] = random.normal();
    this.#V = scope.upload(start, 'V');
    this.#image = scope.buffer(4 * rows * columns, 'A·V');
  }

  /** rows×columns: the basis, orthonormal to float32's rounding after the first step. */
  get V(): GPUBuffer {
    return this.#V;
  }

  /** Where `apply` puts A·V. */
  get image(): GPUBuffer {
    return this.#image;
  }

  /** V ← an orthonormal basis of A·V, by shifted CholeskyQR twice. @param apply enqueues image = A·V */
  step(apply: (V: GPUBuffer, image: GPUBuffer) => void): void {
    const rec = this.#rec;
    const [rows, q] = [this.#rows, this.#columns];
    apply(this.#V, this.#image);
    let [from, to] = [this.#image, this.#V];
    for (let pass = 0; pass < 2; pass++) {
      const scratch = new GpuScope(rec.device, this.#scope);
      const [G, U, inverse] = ['ZᵀZ', 'U', 'U⁻¹'].map((label) => scratch.buffer(4 * q * q, label));
      atb(rec, { A: from, B: from, C: G, rows, m: q, n: q, strideA: q, strideB: q, strideC: q });
      inverseFactor(rec, scratch, { M: G, d: q, floor: { relative: 1e-5, minimum: 0 }, U, inverse });
      ab(rec, { A: from, B: inverse, C: to, m: rows, k: q, n: q, upperB: true });
      rec.submit();
      scratch.dispose();
      [from, to] = [to, from];
    }
    [this.#V, this.#image] = [from, to];
  }
}
