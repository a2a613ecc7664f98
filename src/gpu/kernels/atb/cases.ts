import { matmulTN } from '../../../math/matrix';
import { type KernelCase, maxRelativeError, normals, widen } from '../testing';
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
      return maxRelativeError(
        await rec.readFloats(C, m * n),
        matmulTN({ rows, cols: m, data: A }, { rows, cols: n, data: B }).data,
      );
    },
  };
}

/** Columns 8 … 8+m of a wider A, into a column block of a wider C, added to what is there; only the upper tiles. */
const block = (name: string, rows: number, quick: boolean): KernelCase => ({
  kernel: 'atb',
  name,
  tolerance: 2e-6,
  quick,
  async run(rec, scope) {
    const [m, strideA, strideC] = [100, 120, 140];
    const A = normals(rows * strideA, 23);
    const buffer = scope.upload(A, 'A');
    const C = scope.upload(new Float32Array(m * strideC).fill(1), 'C');
    atb(rec, {
      A: buffer,
      B: buffer,
      C,
      rows,
      m,
      n: m,
      strideA,
      strideB: strideA,
      strideC,
      columnA: 8,
      columnB: 8,
      columnC: 12,
      upper: true,
    });
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
});

/** A model one wide, padded to 4: the padding takes no part. */
const oneWide: KernelCase = {
  kernel: 'atb',
  name: 'one column padded to 4',
  tolerance: 1e-6,
  async run(rec, scope) {
    const rows = 700;
    const data = normals(rows, 24);
    const A = scope.upload(widen(data, rows, 1, 4), 'A');
    const C = scope.buffer(64, 'C');
    atb(rec, { A, B: A, C, rows, m: 4, n: 4, strideA: 4, strideB: 4, strideC: 4, upper: true });
    const expected = new Float64Array(16);
    for (const x of data) expected[0] += x * x;
    return maxRelativeError(await rec.readFloats(C, 16), expected);
  },
};

export const cases: KernelCase[] = [
  product('64×64, one tile', 64, 64, 64, 2e-6, true),
  product('4×4, three rows', 3, 4, 4, 1e-6),
  product('68×132 over 1,300 rows: three folds', 1300, 68, 132, 2e-6),
  product('1,024 wide: the large tile', 20, 1024, 1024, 2e-6),
  product('12×8, one row', 1, 12, 8, 1e-6),
  product('36×20 over 513 rows: a fold and one row', 513, 36, 20, 2e-6),
  product('64×64 over 4,096 rows: many slices', 4096, 64, 64, 2e-6),
  product('4,096 wide on the left', 40, 4096, 4, 2e-6),
  product('4,096 wide on the right', 40, 4, 4096, 2e-6),
  oneWide,
  block('block of a wider matrix, upper tiles, accumulating', 130, true),
  block('block of a wider matrix, upper tiles, accumulating, in slices', 1030, false),
];
