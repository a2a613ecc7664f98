import { cholesky, choleskySolve } from '../../../math/cholesky';
import { matmulTN, type Matrix } from '../../../math/matrix';
import { type KernelCase, maxRelativeError, narrow, normals } from '../testing';
import { factorise, solveUpper } from './cholesky';

/** AᵀA/rows + 0.1·I from seeded normals. */
function definite(d: number, seed: number): Matrix {
  const rows = 2 * d;
  const data = normals(rows * d, seed);
  const A = matmulTN({ rows, cols: d, data }, { rows, cols: d, data });
  for (let i = 0; i < A.data.length; i++) A.data[i] /= rows;
  for (let i = 0; i < d; i++) A.data[i * d + i] += 0.1;
  return A;
}

function augmented(A: Matrix, C: Float32Array, n: number): Float32Array {
  const d = A.rows;
  const out = new Float32Array(d * (d + n));
  for (let i = 0; i < d; i++) {
    // Below the diagonal lies rubbish: it must not be read.
    for (let j = 0; j < d; j++) out[i * (d + n) + j] = j >= i ? A.data[i * d + j] : NaN;
    for (let j = 0; j < n; j++) out[i * (d + n) + d + j] = C[i * n + j];
  }
  return out;
}

const diagonalOf = (A: Matrix): Float32Array => Float32Array.from({ length: A.rows }, (_, i) => A.data[i * A.rows + i]);

function solveCase(name: string, d: number, n: number, quick = false): KernelCase {
  return {
    kernel: 'cholesky',
    name,
    tolerance: 2e-5,
    quick,
    async run(rec, scope) {
      const A = definite(d, 51);
      const C = normals(d * n, 52);
      const system = {
        matrix: scope.upload(augmented(A, C, n), '[A | C]'),
        diagonal: scope.upload(diagonalOf(A), 'diagonal'),
        d,
        n,
      };
      const counters = scope.buffer(16, 'bad pivots');
      factorise(rec, system, counters);
      solveUpper(rec, system);
      const got = await rec.readFloats(system.matrix, d * (d + n));
      const [bad] = await rec.read({ buffer: counters, bytes: 4 });
      if (new Uint32Array(bad)[0] !== 0) return Infinity;
      return maxRelativeError(
        narrow(got, d, d + n, n, d),
        choleskySolve(cholesky(A), { rows: d, cols: n, data: C }).data,
      );
    },
  };
}

/** Two columns that copy others: exactly two pivots are bad, and the count says so. */
const dependent: KernelCase = {
  kernel: 'cholesky',
  name: 'counts the pivots of dependent columns',
  tolerance: 0,
  quick: true,
  async run(rec, scope) {
    const d = 64;
    const rows = 256;
    const data = normals(rows * d, 53);
    for (let r = 0; r < rows; r++) {
      data[r * d + 40] = data[r * d + 3];
      data[r * d + 63] = data[r * d + 20] - data[r * d + 21];
    }
    const A = matmulTN({ rows, cols: d, data }, { rows, cols: d, data });
    const counters = scope.buffer(16, 'bad pivots');
    factorise(
      rec,
      {
        matrix: scope.upload(augmented(A, new Float32Array(0), 0), 'A'),
        diagonal: scope.upload(diagonalOf(A), 'diagonal'),
        d,
        n: 0,
      },
      counters,
    );
    const [bad] = await rec.read({ buffer: counters, bytes: 16 });
    return Math.abs(new Uint32Array(bad)[0] - 2);
  },
};

export const cases: KernelCase[] = [
  solveCase('32×32, 4 right-hand sides', 32, 4),
  solveCase('64×64, 20 right-hand sides', 64, 20, true),
  solveCase('224×224, 132 right-hand sides', 224, 132),
  dependent,
];
