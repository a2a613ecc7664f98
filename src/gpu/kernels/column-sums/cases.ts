import { type KernelCase, maxRelativeError, normals } from '../testing';
import { columnSums, shiftScale } from './column-sums';

function sumsCase(name: string, rows: number, n: number, strideA: number, quick = false): KernelCase {
  return {
    kernel: 'column-sums',
    name,
    tolerance: 2e-6,
    quick,
    async run(rec, scope) {
      const A = normals(rows * strideA, 41, 1);
      const sums = scope.upload(new Float32Array(2 * n).fill(1), 'sums');
      columnSums(rec, { A: scope.upload(A, 'A'), sums, rows, n, strideA });
      const expected = new Float64Array(2 * n).fill(1);
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < n; c++) {
          expected[c] += A[r * strideA + c];
          expected[n + c] += A[r * strideA + c] ** 2;
        }
      }
      return maxRelativeError(await rec.readFloats(sums, 2 * n), expected);
    },
  };
}

/** Shift and scale of a column of variance 2⁻¹⁰ and of a constant one. */
const shiftCase: KernelCase = {
  kernel: 'shift-scale',
  name: 'mean, power of two, constant column',
  tolerance: 1e-6,
  quick: true,
  async run(rec, scope) {
    const counted = scope.upload(Uint32Array.of(100), 'count');
    const sums = scope.upload(Float32Array.of(50, 0, 25.1, 0), 'sums');
    const shift = scope.upload(Float32Array.of(3, 4), 'shift');
    const scale = scope.upload(Float32Array.of(1, 1), 'scale');
    shiftScale(rec, { sums, shift, scale, n: 2, rows: 100, set: 'scale' });
    shiftScale(rec, { sums, shift, scale, n: 2, rows: counted, set: 'shift' });
    shiftScale(rec, { sums, shift, scale, n: 2, rows: scope.buffer(4, 'no rows'), set: 'shift' });
    // Variance 0.251 − 0.25 = 0.001: the power of two nearest 1/σ = 31.6 is 32; the mean 0.5 is in units of 1/32.
    const got = [...(await rec.readFloats(shift, 2)), ...(await rec.readFloats(scale, 2))];
    return maxRelativeError(got, [3 + 0.5 / 32, 4, 32, 1]);
  },
};

export const cases: KernelCase[] = [
  sumsCase('64 columns, 17 rows', 17, 64, 64, true),
  sumsCase('4 of 12 columns, one row', 1, 4, 12),
  sumsCase('132 columns, 512 rows', 512, 132, 132),
  sumsCase('8 columns, 2,048 rows', 2048, 8, 8),
  shiftCase,
];
