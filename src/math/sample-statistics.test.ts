/** What judges a small sample of states: the debiased CKA, and the ridge map solved in the rows. */
import { linearCka } from './testing/reference';
import { expect, test } from 'vitest';
import { debiasedCka, unbiasedGram } from './cka';
import { dualRidgeR2 } from './dual-ridge';
import { Random } from './random';
import { Float64Fit } from '../fit/float64-fit';

function normal(rows: number, cols: number, seed: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: rows * cols }, () => random.normal());
}

/** X·M for a random M, plus noise of the given size. */
function related(X: Float32Array, from: number, to: number, noise: number, seed: number): Float32Array {
  const M = normal(from, to, seed);
  const out = normal((X.length / from) * to, 1, seed + 1).map((x) => x * noise);
  for (let i = 0; i < X.length / from; i++)
    for (let k = 0; k < from; k++) for (let j = 0; j < to; j++) out[i * to + j] += X[i * from + k] * M[k * to + j];
  return out;
}

/** HSIC₁ as Song et al. 2012 print it (eq. 5), from linear kernels. */
function hsic(X: Float32Array, p: number, Y: Float32Array, q: number): number {
  const n = X.length / p;
  const kernel = (Z: Float32Array, width: number): number[][] =>
    Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (__, j) =>
        i === j
          ? 0
          : Array.from({ length: width }, (___, d) => Z[i * width + d] * Z[j * width + d]).reduce((a, b) => a + b, 0),
      ),
    );
  const [K, L] = [kernel(X, p), kernel(Y, q)];
  const sum = (row: number[]): number => row.reduce((a, b) => a + b, 0);
  const trace = sum(K.map((row, i) => sum(row.map((x, j) => x * L[j][i]))));
  const all = (sum(K.map(sum)) * sum(L.map(sum))) / ((n - 1) * (n - 2));
  const product = sum(K[0].map((_, j) => sum(K.map((row) => row[j])) * sum(L[j])));
  return (trace + all - (2 / (n - 2)) * product) / (n * (n - 3));
}

test('debiased CKA is that of the unbiased HSIC', () => {
  const X = normal(12, 5, 1);
  const Y = related(X, 5, 3, 1, 2).map((x) => x + 4);
  const expected = hsic(X, 5, Y, 3) / Math.sqrt(hsic(X, 5, X, 5) * hsic(Y, 3, Y, 3));
  expect(debiasedCka(unbiasedGram(X, 5), unbiasedGram(Y, 3))).toBeCloseTo(expected, 6);
});

test('of unrelated rows it is near 0 where the usual CKA is not; of equal ones 1; of a constant none', () => {
  const [X, Y] = [normal(120, 100, 3), normal(120, 100, 4)];
  const biased = linearCka({ rows: 120, cols: 100, data: X }, { rows: 120, cols: 100, data: Y });
  expect(biased).toBeGreaterThan(0.4);
  expect(Math.abs(debiasedCka(unbiasedGram(X, 100), unbiasedGram(Y, 100)))).toBeLessThan(0.05);
  const scaled = X.map((x) => 3 * x + 1);
  expect(debiasedCka(unbiasedGram(X, 100), unbiasedGram(scaled, 100))).toBeCloseTo(1, 6);
  expect(debiasedCka(unbiasedGram(X, 100), unbiasedGram(new Float32Array(120).fill(2), 1))).toBeNaN();
  expect(() => unbiasedGram(new Float32Array(6), 2)).toThrow(RangeError);
});

test('with many rows the two agree', () => {
  const X = normal(2000, 4, 5);
  const Y = related(X, 4, 6, 2, 6);
  expect(debiasedCka(unbiasedGram(X, 4), unbiasedGram(Y, 6))).toBeCloseTo(
    linearCka({ rows: 2000, cols: 4, data: X }, { rows: 2000, cols: 6, data: Y }),
    2,
  );
});

test('the ridge map solved in the rows is the one of the fit', async () => {
  for (const [n, from] of [
    [200, 8],
    [30, 40],
  ] as const) {
    const X = normal(n + 20, from, 7);
    for (let i = 0; i < n + 20; i++) X[i * from] = 5; // a constant column
    const Y = related(X, from, 6, 1.5, 8);
    const part = (
      data: Float32Array,
      cols: number,
      held: boolean,
    ): { rows: number; cols: number; data: Float32Array } => ({
      rows: held ? 20 : n,
      cols,
      data: held ? data.subarray(n * cols) : data.subarray(0, n * cols),
    });
    const lambdas = [1e-3, 0.1, 1];
    const quick = dualRidgeR2(
      { X: part(X, from, false), Y: part(Y, 6, false) },
      { X: part(X, from, true), Y: part(Y, 6, true) },
      lambdas,
    );
    const fit = new Float64Fit({ sourceLayers: 1, targetLayers: 1, sourceWidth: from, targetWidth: 6 });
    await fit.add({ source: [part(X, from, false).data], target: [part(Y, 6, false).data], rows: n, split: 'train' });
    await fit.add({ source: [part(X, from, true).data], target: [part(Y, 6, true).data], rows: 20, split: 'heldOut' });
    const { lambdaPath } = await fit.solve(0, 0, lambdas);
    quick.forEach((point, i) => expect(point.heldOutR2).toBeCloseTo(lambdaPath[i].heldOutR2, 6));
  }
});
