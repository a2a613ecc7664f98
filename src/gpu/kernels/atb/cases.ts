import { matmulTN } from '../../../math/matrix';
import { type KernelCase, maxRelativeError, normals } from '../testing';
import { atb } from './atb';

function product(name: string, rows: number, m: number, n: number, tolerance: number, quick = false): KernelCase {
  return {
    kernel: 'atb',
    name,
    tolerance,
    quick,
    async run(rec, scope) {
      const A = normals(rows * m, 21);
      const B = normals(rows * n, 22, 0.5);
      const C = scope.buffer(m * n * 4, 'C');
      atb(rec, { A: scope.upload(A, 'A'), B: scope.upload(B, 'B'), C, rows, m, n, strideA: m, strideB: n, strideC: n });
      return maxRelativeError(await rec.readFloats(C, m * n), matmulTN({ rows, cols: m, data: A }, { rows, cols: n, data: B }).data);
    },
  };
}

/** Columns 8 … 8+m of a wider A, into a column block of a wider C, added to what is there; only the upper tiles. */
const block: KernelCase = {
  kernel: 'atb',
  name: 'block of a wider matrix, upper tiles, accumulating',
  tolerance: 2e-6,
  quick: true,
  async run(rec, scope) {
    const [rows, m, strideA, strideC] = [130, 100, 120, 140];
    const A = normals(rows * strideA, 23);
    const buffer = scope.upload(A, 'A');
    const C = scope.upload(new Float32Array(m * strideC).fill(1), 'C');
    atb(rec, { A: buffer, B: buffer, C, rows, m, n: m, strideA, strideB: strideA, strideC, columnA: 8, columnB: 8, columnC: 12, upper: true });
    const got = await rec.readFloats(C, m * strideC);
    const full = matmulTN({ rows, cols: strideA, data: A }, { rows, cols: strideA, data: A }).data;
    const values: number[] = [];
    const expected: number[] = [];
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < strideC; j++) {
        const column = j - 12;
        const inside = column >= 0 && column < m;
        if (inside && column < i) continue; // below the diagonal: some tiles are computed, some not
        values.push(got[i * strideC + j]);
        expected.push(inside ? 1 + full[(8 + i) * strideA + 8 + column] : 1);
      }
    }
    return maxRelativeError(values, expected);
  },
};

export const cases: KernelCase[] = [
  product('64×64, one tile', 64, 64, 64, 2e-6, true),
  product('4×4, three rows', 3, 4, 4, 1e-6),
  product('68×132 over 1,300 rows: three folds', 1300, 68, 132, 2e-6),
  product('1,024 wide: the large tile', 20, 1024, 1024, 2e-6),
  block,
];
