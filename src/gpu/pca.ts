/**
 * The first principal components of rows that lie on the GPU, by subspace iteration there
 * (subspace.ts); the small Rayleigh–Ritz problem is read back and solved in float64.
 */
import { throwIfAborted } from '../experiment/errors';
import { type Matrix, zeros } from '../math/matrix';
import type { Pca } from '../math/pca';
import { rayleighRitz } from '../math/subspace';
import { ab } from './kernels/ab/ab';
import { kernelsFor } from './kernels/all';
import { atb, FOLD_ROWS } from './kernels/atb/atb';
import { BLOCK } from './kernels/cholesky/cholesky';
import { columnSums, shiftScale } from './kernels/column-sums/column-sums';
import { shiftRows } from './kernels/shift-rows/shift-rows';
import { centre } from './kernels/system/system';
import { Recorder } from './recorder';
import { GpuScope } from './scope';
import { GpuSubspace } from './subspace';
import type { GpuMatrix } from './types';

export interface GpuPcaOptions {
  /** Seed of the start; default 1. */
  seed?: number;
  /** Products with the covariance at most; default 96. */
  maxIterations?: number;
  signal?: AbortSignal;
}

export interface GpuPca extends Pca {
  /** max ‖Σv − λv‖ / λ₁ over the components: how far the iteration has converged. */
  residual: number;
}

/** Converged: below float32's noise in the products, further iterations change nothing. */
const CONVERGED = 1e-6;
const BETWEEN_CHECKS = 8;

/**
 * @param rows n×d on the GPU, any width
 * @throws RangeError unless 1 ≤ k ≤ min(n, d); LabError shader-compile, out-of-memory, cancelled
 */
export async function gpuPca(
  device: GPUDevice,
  rows: GpuMatrix,
  k: number,
  options: GpuPcaOptions = {},
): Promise<GpuPca> {
  const { seed = 1, maxIterations = 96, signal } = options;
  const { rows: n, cols: width } = rows;
  if (!Number.isInteger(k) || k < 1 || k > Math.min(n, width))
    throw new RangeError(`PCA can give 1 to ${Math.min(n, width)} components here, not ${k}.`);
  const d = Math.ceil(width / BLOCK) * BLOCK;
  const rec = await Recorder.create(device, kernelsFor(d));
  const scope = new GpuScope(device);
  try {
    const { covariance, mean } = await covarianceOf(rec, scope, rows, d);
    // A few more directions than asked for make the iteration converge faster.
    const q = Math.min(d, Math.ceil((k + 8) / BLOCK) * BLOCK);
    const subspace = new GpuSubspace(rec, scope, { rows: d, columns: q, width }, seed);
    const apply = (V: GPUBuffer, image: GPUBuffer): void =>
      ab(rec, { A: covariance, B: V, C: image, m: d, k: d, n: q });
    let result: GpuPca | null = null;
    for (let done = 0; ;) {
      throwIfAborted(signal);
      for (let i = 0; i < BETWEEN_CHECKS; i++, done++) subspace.step(apply);
      apply(subspace.V, subspace.image);
      await scope.settled();
      const [v, z, g] = (
        await rec.read(
          { buffer: subspace.V, bytes: 4 * d * q },
          { buffer: subspace.image, bytes: 4 * d * q },
          { buffer: covariance, bytes: 4 * d * d },
        )
      ).map((data) => new Float32Array(data));
      let total = 0;
      for (let i = 0; i < width; i++) total += g[i * d + i];
      result = ritz(v, z, q, width, k, mean, total);
      if (result.residual < CONVERGED || done >= maxIterations) return result;
    }
  } finally {
    scope.dispose();
    rec.dispose();
  }
}

async function covarianceOf(
  rec: Recorder,
  scope: GpuScope,
  rows: GpuMatrix,
  d: number,
): Promise<{ covariance: GPUBuffer; mean: Float64Array }> {
  const { rows: n, cols: width } = rows;
  const shift = scope.buffer(4 * d, 'shift');
  const scale = scope.upload(new Float32Array(d).fill(1), 'scale');
  const sums = scope.buffer(8 * d, 'sums');
  const fold = scope.buffer(4 * FOLD_ROWS * d, 'fold');
  const gram = scope.buffer(4 * d * d, 'Gram');
  const covariance = scope.buffer(4 * d * d, 'covariance');
  await scope.settled();
  rec.copy(rows.buffer, shift, 4 * width); // about the first row first, then about the mean
  for (const pass of ['mean', 'products']) {
    rec.clear(sums);
    for (let firstRow = 0; firstRow < n; firstRow += FOLD_ROWS) {
      const count = Math.min(FOLD_ROWS, n - firstRow);
      shiftRows(rec, {
        source: rows.buffer,
        sourceStride: width,
        cols: width,
        rows: count,
        firstRow,
        shift,
        scale,
        out: fold,
        outStride: d,
        padded: d,
      });
      columnSums(rec, { A: fold, sums, rows: count, n: d });
      if (pass === 'products')
        atb(rec, {
          A: fold,
          B: fold,
          C: gram,
          rows: count,
          m: d,
          n: d,
          strideA: d,
          strideB: d,
          strideC: d,
          upper: true,
        });
    }
    if (pass === 'mean') shiftScale(rec, { sums, shift, scale, n: d, rows: n, set: 'shift' });
  }
  centre(rec, {
    M: gram,
    m: d,
    n: d,
    strideM: d,
    leftSums: sums,
    leftTrain: sums,
    rightSums: sums,
    rightTrain: sums,
    rows: n,
    trainRows: n,
    symmetric: true,
    out: covariance,
  });
  const [a, b] = await rec.read({ buffer: shift, bytes: 4 * width }, { buffer: sums, bytes: 4 * width });
  const [shifts, rest] = [new Float32Array(a), new Float32Array(b)];
  return { covariance, mean: Float64Array.from(shifts, (x, i) => x + rest[i] / n) };
}

/** Rayleigh–Ritz: eigenvectors of Σ within the span of V, from V and Z = ΣV, in float64. */
function ritz(
  v: Float32Array,
  z: Float32Array,
  q: number,
  width: number,
  k: number,
  mean: Float64Array,
  total: number,
): GpuPca {
  const cut = (data: Float32Array): Matrix => ({
    rows: width,
    cols: q,
    data: Float64Array.from(data.subarray(0, width * q)),
  });
  const V = cut(v);
  const Z = cut(z);
  const rank = orthonormalise(V, Z);
  const { values, vectors, images } = rayleighRitz(V, Z);
  const components = zeros(k, width);
  const variances = new Float64Array(k);
  let residual = rank < k ? Infinity : 0;
  for (let c = 0; c < k; c++) {
    variances[c] = Math.max(0, values[c]);
    let largest = 0;
    let error = 0;
    for (let i = 0; i < width; i++) {
      const x = vectors.data[i * q + c];
      if (Math.abs(x) > Math.abs(largest)) largest = x;
      error += (images.data[i * q + c] - values[c] * x) ** 2;
    }
    residual = Math.max(residual, values[0] > 0 ? Math.sqrt(error) / values[0] : 0);
    for (let i = 0; i < width; i++) components.data[c * width + i] = Math.sign(largest || 1) * vectors.data[i * q + c];
  }
  return { mean, components, variances, total, residual };
}

/**
 * Modified Gram–Schmidt, twice, on V's columns; Z = ΣV follows. Columns that depend on earlier ones become 0. Returns
 * the rank.
 */
function orthonormalise(V: Matrix, Z: Matrix): number {
  const { rows, cols } = V;
  let rank = 0;
  for (let c = 0; c < cols; c++) {
    const before = columnNorm(V, c);
    for (let pass = 0; pass < 2; pass++) {
      for (let b = 0; b < c; b++) {
        let dot = 0;
        for (let i = 0; i < rows; i++) dot += V.data[i * cols + b] * V.data[i * cols + c];
        for (let i = 0; i < rows; i++) {
          V.data[i * cols + c] -= dot * V.data[i * cols + b];
          Z.data[i * cols + c] -= dot * Z.data[i * cols + b];
        }
      }
    }
    const norm = columnNorm(V, c);
    const keep = norm > 1e-4 * before; // less is the rounding of float32
    if (keep) rank++;
    for (const m of [V, Z])
      for (let i = 0; i < rows; i++) m.data[i * cols + c] = keep ? m.data[i * cols + c] / norm : 0;
  }
  return rank;
}

function columnNorm(m: Matrix, c: number): number {
  let sum = 0;
  for (let i = 0; i < m.rows; i++) sum += m.data[i * m.cols + c] ** 2;
  return Math.sqrt(sum);
}
