import { matmul } from '../../../math/matrix';
import { type KernelCase, maxRelativeError, normals } from '../testing';
import { columnSquares, explained } from './score';

function scoreCase(name: string, d: number, n: number, quick = false): KernelCase {
  return {
    kernel: 'score',
    name,
    tolerance: 3e-6,
    quick,
    async run(rec, scope) {
      const stride = n + 8;
      const V = normals(d * stride, 71);
      const M = normals(d * d, 72);
      const C = normals(d * n, 73);
      const Vn = new Float32Array(d * n);
      for (let i = 0; i < d; i++) Vn.set(V.subarray(i * stride + 8, i * stride + 8 + n), i * n);
      const T = Float32Array.from(matmul({ rows: d, cols: d, data: M }, { rows: d, cols: n, data: Vn }).data);
      const out = scope.buffer(4 * n, 'explained');
      const squares = scope.buffer(4 * n, 'squares');
      const c = scope.upload(C, 'C');
      explained(rec, {
        V: scope.upload(V, 'V'),
        strideV: stride,
        columnV: 8,
        T: scope.upload(T, 'T'),
        C: c,
        d,
        n,
        out,
      });
      columnSquares(rec, { C: c, d, n, out: squares });
      const expected = new Float64Array(n);
      const expectedSquares = new Float64Array(n);
      for (let i = 0; i < d; i++) {
        for (let j = 0; j < n; j++) {
          expected[j] += Vn[i * n + j] * (T[i * n + j] - 2 * C[i * n + j]);
          expectedSquares[j] += C[i * n + j] ** 2;
        }
      }
      return Math.max(
        maxRelativeError(await rec.readFloats(out, n), expected),
        maxRelativeError(await rec.readFloats(squares, n), expectedSquares),
      );
    },
  };
}

export const cases: KernelCase[] = [scoreCase('32×20', 32, 20, true), scoreCase('96×132', 96, 132)];
