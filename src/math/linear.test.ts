import { leastSquaresQR, linearCka, pcaProject, fromArray } from './testing/reference';
import { describe, expect, test } from 'vitest';
import { cholesky, choleskySolve, solveForward } from './cholesky';
import { svd, symmetricEigen } from './eigen';
import {
  centreColumns,
  columnMeans,
  frobenius,
  identity,
  matmul,
  matmulTN,
  type Matrix,
  relativeError,
  transpose,
  zeros,
} from './matrix';
import { pca, pcaFromCovariance } from './pca';
import { Random } from './random';
import { randomRotation } from './testing/activations';

function random(rows: number, cols: number, seed: number): Matrix {
  return { rows, cols, data: new Random(seed).normals(rows * cols) };
}

function naive(A: Matrix, B: Matrix): Matrix {
  const out = zeros(A.rows, B.cols);
  for (let i = 0; i < A.rows; i++)
    for (let j = 0; j < B.cols; j++)
      for (let k = 0; k < A.cols; k++) out.data[i * B.cols + j] += A.data[i * A.cols + k] * B.data[k * B.cols + j];
  return out;
}

describe('products', () => {
  for (const [m, k, n] of [
    [1, 1, 1],
    [3, 5, 7],
    [4, 4, 4],
    [33, 300, 18],
    [70, 1, 9],
    [0, 3, 2],
  ]) {
    test(`${m}×${k} · ${k}×${n}`, () => {
      const A = random(m, k, 1);
      const B = random(k, n, 2);
      const expected = naive(A, B);
      expect(relativeError(matmul(A, B).data, expected.data)).toBeLessThan(1e-14);
      expect(relativeError(matmulTN(transpose(A), B).data, expected.data)).toBeLessThan(1e-14);
    });
  }

  test('float32 rows are read as they are', () => {
    const A = random(20, 6, 3);
    const single = { ...A, data: Float32Array.from(A.data) };
    expect(relativeError(matmulTN(single, single).data, matmulTN(A, A).data)).toBeLessThan(1e-6);
  });

  test('shapes that do not fit are refused', () => {
    expect(() => matmul(zeros(2, 3), zeros(2, 3))).toThrowError(RangeError);
    expect(() => matmulTN(zeros(2, 3), zeros(3, 3))).toThrowError(RangeError);
    expect(() => fromArray(2, 2, [1, 2, 3])).toThrowError(RangeError);
    expect(() => relativeError([1], [1, 2])).toThrowError(RangeError);
  });

  test('means, centring, norms', () => {
    const A = fromArray(2, 2, [1, 2, 3, 6]);
    expect([...columnMeans(A)]).toEqual([2, 4]);
    expect([...centreColumns(A).data]).toEqual([-1, -2, 1, 2]);
    expect(frobenius([3, 4])).toBe(5);
    expect(relativeError([0], [0])).toBe(0);
    expect(relativeError([1], [0])).toBe(Infinity);
  });
});

describe('Cholesky and QR', () => {
  const X = random(60, 20, 4);
  const A = matmulTN(X, X);
  const B = random(20, 5, 5);

  test('UᵀU = A and A·A⁻¹B = B', () => {
    const factor = cholesky(A);
    expect(factor.badPivots).toBe(0);
    expect(relativeError(matmulTN(factor.U, factor.U).data, A.data)).toBeLessThan(1e-14);
    expect(relativeError(matmul(A, choleskySolve(factor, B)).data, B.data)).toBeLessThan(1e-13);
  });

  test('dependent columns are counted', () => {
    const D = random(60, 4, 6);
    for (let r = 0; r < 60; r++) D.data[r * 4 + 2] = D.data[r * 4] + D.data[r * 4 + 1];
    expect(cholesky(matmulTN(D, D)).badPivots).toBe(1);
  });

  test('least squares by QR agrees with the normal equations, and beats them where they fail', () => {
    const Y = random(60, 3, 7);
    expect(relativeError(leastSquaresQR(X, Y).data, choleskySolve(cholesky(A), matmulTN(X, Y)).data)).toBeLessThan(
      1e-12,
    );
    // κ(XᵀX) = 1e18 is beyond float64; κ(X) = 1e9 is not.
    const hard: Matrix = { ...X, data: X.data.slice() };
    for (let r = 0; r < 60; r++) hard.data[r * 20 + 1] = hard.data[r * 20] + 1e-9 * hard.data[r * 20 + 1];
    const W = random(20, 2, 8);
    expect(relativeError(leastSquaresQR(hard, matmul(hard, W)).data, W.data)).toBeLessThan(1e-5);
    expect(cholesky(matmulTN(hard, hard)).badPivots).toBeGreaterThan(0);
  });

  test('what cannot be solved is refused', () => {
    expect(() => cholesky(zeros(2, 3))).toThrowError(RangeError);
    expect(() => leastSquaresQR(zeros(2, 3), zeros(2, 1))).toThrowError(RangeError);
    expect(() => leastSquaresQR(fromArray(3, 2, [1, 1, 1, 1, 1, 1]), zeros(3, 1))).toThrowError(/depends/);
    expect(() => solveForward(identity(2), zeros(3, 1))).toThrowError(RangeError);
  });
});

describe('eigen and SVD', () => {
  test('a known spectrum in a random rotation', () => {
    const d = 40;
    const Q = randomRotation(d, new Random(9));
    const values = Float64Array.from({ length: d }, (_, i) => 1e4 * 2 ** -i);
    const scaled = { ...Q, data: Q.data.map((x, at) => x * values[Math.floor(at / d)]) };
    const A = matmulTN(Q, scaled);
    const found = symmetricEigen(A);
    expect(relativeError(found.values, values)).toBeLessThan(1e-14);
    expect(relativeError(matmulTN(found.vectors, found.vectors).data, identity(d).data)).toBeLessThan(1e-13);
    const AV = matmul(found.vectors, A);
    expect(
      relativeError(
        AV.data,
        found.vectors.data.map((x, at) => x * found.values[Math.floor(at / d)]),
      ),
    ).toBeLessThan(1e-13);
  });

  test('diagonal, 1×1 and empty matrices', () => {
    expect([...symmetricEigen(fromArray(3, 3, [1, 0, 0, 0, 5, 0, 0, 0, 3])).values]).toEqual([5, 3, 1]);
    expect([...symmetricEigen(fromArray(1, 1, [-2])).values]).toEqual([-2]);
    expect(symmetricEigen(zeros(0, 0)).values.length).toBe(0);
    expect(() => symmetricEigen(fromArray(1, 1, [NaN]))).toThrowError(RangeError);
    expect(() => symmetricEigen(zeros(1, 2))).toThrowError(RangeError);
  });

  for (const [m, n] of [
    [12, 30],
    [30, 12],
    [25, 25],
  ]) {
    test(`SVD of ${m}×${n} with singular values down to 1e-10`, () => {
      const r = Math.min(m, n);
      const U = randomRotation(m, new Random(10));
      const V = randomRotation(n, new Random(11));
      const values = Float64Array.from({ length: r }, (_, i) => 10 ** ((-10 * i) / (r - 1)));
      const A = zeros(m, n);
      for (let k = 0; k < r; k++)
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) A.data[i * n + j] += U.data[k * m + i] * values[k] * V.data[k * n + j];
      const found = svd(A);
      // The small ones to full relative accuracy of the data (1e-16/1e-10), which the Gram matrix alone would lose.
      for (let k = 0; k < r; k++) expect(Math.abs(found.values[k] / values[k] - 1)).toBeLessThan(1e-5);
      const back = matmul({ ...found.U, data: found.U.data.map((x, at) => x * found.values[at % r]) }, found.Vt);
      expect(relativeError(back.data, A.data)).toBeLessThan(1e-13);
    });
  }

  test('the null space is left out', () => {
    expect(svd(fromArray(2, 3, [1, 2, 3, 2, 4, 6])).values.length).toBe(1);
    expect(svd(zeros(3, 2)).values.length).toBe(0);
  });
});

describe('PCA', () => {
  test('both routes agree, wide and tall, and the projection has the stated variances', () => {
    const rows = random(30, 12, 12);
    for (let r = 0; r < 30; r++) rows.data[r * 12 + 5] = rows.data[r * 12 + 5] * 9 + 100;
    const tall = pca(rows, 3);
    const byCovariance = pcaFromCovariance(covariance(rows), 3);
    expect(relativeError(tall.components.data, byCovariance.components.data)).toBeLessThan(1e-10);
    expect(tall.components.data[5]).toBeGreaterThan(0.99);
    const scores = pcaProject(tall, rows);
    for (let c = 0; c < 3; c++) {
      let square = 0;
      for (let r = 0; r < 30; r++) square += scores.data[r * 3 + c] ** 2 / 30;
      expect(square).toBeCloseTo(tall.variances[c], 9);
    }
    const wide = pca(transpose(rows), 2);
    const wideByCovariance = pcaFromCovariance(covariance(transpose(rows)), 2);
    expect(relativeError(wide.components.data, wideByCovariance.components.data)).toBeLessThan(1e-9);
    expect(wide.total).toBeCloseTo(wideByCovariance.total, 6);
  });

  test('counts that cannot be had are refused', () => {
    expect(() => pca(zeros(3, 5), 4)).toThrowError(RangeError);
    expect(() => pca(zeros(3, 5), 0)).toThrowError(RangeError);
  });
});

describe('CKA', () => {
  test('1 under rotation, scale and offset; small for independent rows; NaN for a constant', () => {
    const X = random(200, 6, 13);
    const Y = matmul(X, randomRotation(6, new Random(14)));
    Y.data.forEach((x, i) => (Y.data[i] = 3 * x + 7));
    expect(linearCka(X, Y)).toBeCloseTo(1, 12);
    expect(linearCka(X, random(200, 6, 15))).toBeLessThan(0.1);
    expect(linearCka(X, zeros(200, 2))).toBeNaN();
  });
});

function covariance(rows: Matrix): Matrix {
  const X = centreColumns(rows);
  const out = matmulTN(X, X);
  return { ...out, data: out.data.map((x) => x / rows.rows) };
}
