import { matmul } from '../../../math/matrix';
import { type KernelCase, maxRelativeError, narrow, normals, widen } from '../testing';
import { ab } from './ab';

function product(name: string, m: number, k: number, n: number, upperB = false, quick = false): KernelCase {
  return {
    kernel: 'ab',
    name,
    tolerance: 2e-6,
    quick,
    async run(rec, scope) {
      const A = normals(m * k, 31);
      const B = normals(k * n, 32);
      if (upperB) for (let i = 0; i < k; i++) for (let j = 0; j < Math.min(i, n); j++) B[i * n + j] = 0;
      const C = scope.buffer(m * n * 4, 'C');
      ab(rec, { A: scope.upload(A, 'A'), B: scope.upload(B, 'B'), C, m, k, n, upperB });
      return maxRelativeError(
        await rec.readFloats(C, m * n),
        matmul({ rows: m, cols: k, data: A }, { rows: k, cols: n, data: B }).data,
      );
    },
  };
}

const blocks: KernelCase = {
  kernel: 'ab',
  name: 'strides and column offsets',
  tolerance: 2e-6,
  async run(rec, scope) {
    const [m, k, n] = [33, 20, 12];
    const A = normals(m * k, 33);
    const B = normals(k * n, 34);
    const wideB = new Float32Array(k * 32).fill(NaN);
    for (let r = 0; r < k; r++) wideB.set(B.subarray(r * n, (r + 1) * n), r * 32 + 16);
    const C = scope.upload(new Float32Array(m * 24).fill(9), 'C');
    ab(rec, {
      A: scope.upload(widen(A, m, k, 28, NaN), 'A'),
      B: scope.upload(wideB, 'B'),
      C,
      m,
      k,
      n,
      strideA: 28,
      strideB: 32,
      columnB: 16,
      strideC: 24,
      columnC: 4,
    });
    const got = await rec.readFloats(C, m * 24);
    const untouched = narrow(got, m, 24, 8, 16).every((x) => x === 9) && narrow(got, m, 24, 4, 0).every((x) => x === 9);
    if (!untouched) return Infinity;
    return maxRelativeError(
      narrow(got, m, 24, n, 4),
      matmul({ rows: m, cols: k, data: A }, { rows: k, cols: n, data: B }).data,
    );
  },
};

export const cases: KernelCase[] = [
  product('64×64×64', 64, 64, 64, false, true),
  product('one row', 1, 4, 4),
  product('130×96×68', 130, 96, 68),
  product('upper triangular B', 70, 160, 160, true),
  product('513×12×20', 513, 12, 20),
  product('4,096 wide inside', 3, 4096, 4),
  product('4,096 wide outside', 5, 8, 4096),
  product('1,024 wide: the wide tile', 1024, 12, 1024),
  blocks,
];
