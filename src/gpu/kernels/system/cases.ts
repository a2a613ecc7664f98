import { matmulTN } from '../../../math/matrix';
import { pairMoments } from '../../../math/moments';
import { type KernelCase, maxRelativeError, normals } from '../testing';
import { augment, centre, copyBlock, scaleRows } from './system';

/** Raw float32 sums of a few rows, centred about the means of others: against moments from rows. */
function centreCase(name: string, symmetric: boolean): KernelCase {
  return {
    kernel: 'centre',
    name,
    tolerance: 3e-6,
    quick: true,
    async run(rec, scope) {
      const [rows, trainRows, m, n] = [40, 60, 12, symmetric ? 12 : 20];
      const X = normals(rows * m, 61, 0.3);
      const Y = symmetric ? X : normals(rows * n, 62, -0.2);
      const Xt = normals(trainRows * m, 63, 0.1);
      const Yt = symmetric ? Xt : normals(trainRows * n, 64);
      const raw = Float32Array.from(matmulTN({ rows, cols: m, data: X }, { rows, cols: n, data: Y }).data);
      if (symmetric) for (let i = 0; i < m; i++) for (let j = 0; j < i; j++) raw[i * n + j] = NaN;
      const sums = (data: Float32Array, count: number, cols: number): Float32Array => {
        const out = new Float32Array(cols);
        for (let r = 0; r < count; r++) for (let c = 0; c < cols; c++) out[c] += data[r * cols + c];
        return out;
      };
      const out = scope.buffer(m * n * 4, 'out');
      centre(rec, {
        M: scope.upload(raw, 'M'),
        m,
        n,
        strideM: n,
        leftSums: scope.upload(sums(X, rows, m), 's'),
        leftTrain: scope.upload(sums(Xt, trainRows, m), 'a'),
        rightSums: scope.upload(sums(Y, rows, n), 't'),
        rightTrain: scope.upload(sums(Yt, trainRows, n), 'b'),
        rows,
        trainRows,
        symmetric,
        out,
      });
      const train = pairMoments({ rows: trainRows, cols: m, data: Xt }, { rows: trainRows, cols: n, data: Yt });
      const expected = pairMoments({ rows, cols: m, data: X }, { rows, cols: n, data: Y }, train);
      return maxRelativeError(await rec.readFloats(out, m * n), expected.st.data);
    },
  };
}

const augmentCase: KernelCase = {
  kernel: 'augment',
  name: 'ridge, relative floor, a row without variance',
  tolerance: 1e-6,
  async run(rec, scope) {
    const M = Float32Array.of(2, 1, 0, 1, 3, 0, 0, 0, 0);
    const P = Float32Array.of(1, 0.5, 0, 0.5, 2, 0, 0, 0, 0);
    const C = Float32Array.of(5, 6, 7);
    const matrix = scope.buffer(3 * 4 * 4, '[M | C]');
    const diagonal = scope.buffer(12, 'diagonal');
    augment(rec, {
      M: scope.upload(M, 'M'),
      d: 3,
      right: scope.upload(C, 'C'),
      n: 1,
      ridge: { lambda: 0.1, penalty: scope.upload(P, 'P') },
      floor: { relative: 0.01, minimum: 0.025 },
      matrix,
      diagonal,
    });
    const got = [...(await rec.readFloats(matrix, 12)), ...(await rec.readFloats(diagonal, 3))];
    return maxRelativeError(got, [2.125, 1.05, 0, 5, 1.05, 3.23, 0, 6, 0, 0, 1, 7, 2.125, 3.23, 1]);
  },
};

const scaleCase: KernelCase = {
  kernel: 'scale-rows',
  name: 'rows by the deviation of column sums; block copy',
  tolerance: 1e-6,
  async run(rec, scope) {
    const T = scope.upload(Float32Array.of(1, 2, 3, 4), 'T');
    const out = scope.buffer(16, 'out');
    // 4 rows: means 1 and 0, mean squares 5 and 9: deviations 2 and 3.
    scaleRows(rec, { T, sums: scope.upload(Float32Array.of(4, 0, 20, 36), 'sums'), d: 2, rows: 4, out });
    const copied = scope.buffer(16, 'copy');
    copyBlock(rec, { source: out, out: copied, m: 2, n: 2, strideSource: 2, column: 0, upper: true });
    return maxRelativeError(
      [...(await rec.readFloats(out, 4)), ...(await rec.readFloats(copied, 4))],
      [2, 4, 9, 12, 2, 4, 0, 12],
    );
  },
};

export const cases: KernelCase[] = [
  centreCase('rectangular', false),
  centreCase('symmetric, upper part only', true),
  augmentCase,
  scaleCase,
];
