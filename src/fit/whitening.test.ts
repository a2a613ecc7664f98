import { describe, expect, test } from 'vitest';
import { auditFit, onCpu } from './audit';
import { cholesky } from '../math/cholesky';
import { identity, type Matrix, matmul, matmulTN, multiplyUpper, packUpper, relativeError } from '../math/matrix';
import { Random } from '../math/random';
import { Float64Fit } from './float64-fit';
import { activationLike } from '../math/testing/activations';
import { PlainProducts } from './testing/plain-products';
import { WhitenedFit } from './whitened-fit';
import { renewedFactor, scaleOf, unwhitening, type Whitening, whiteningFactor, whiteningFlaw } from './whitening';

const random = new Random(70);
const normals = (rows: number, cols: number): Matrix => ({ rows, cols, data: random.normals(rows * cols) });

function upper(size: number): Matrix {
  const T = normals(size, size);
  for (let i = 0; i < size; i++) T.data.fill(0, i * size, i * size + i);
  return T;
}

describe('the product with a triangular matrix', () => {
  test.each([
    [1, 1],
    [5, 3],
    [30, 67],
    [9, 260],
    [3, 515],
  ])('%i rows, width %i', (rows, size) => {
    const X = normals(rows, size);
    const T = upper(size);
    const got = multiplyUpper(X.data, rows, packUpper(T.data, size));
    expect(relativeError(got, matmul(X, T).data)).toBeLessThan(1e-7);
    expect(got).toEqual(Float32Array.from(matmul(X, T).data));
  });

  test('refuses wrong sizes', () => {
    expect(() => packUpper(new Float32Array(5), 2)).toThrowError(RangeError);
    expect(() => multiplyUpper(new Float32Array(5), 2, packUpper(new Float32Array(4), 2))).toThrowError(RangeError);
  });
});

describe('whitening', () => {
  const mixing = normals(6, 6);
  const covariance = matmulTN(mixing, mixing);

  test('makes the covariance the identity, but for the floor, and turns moments back', () => {
    const T = whiteningFactor(covariance);
    const factor: Matrix = { rows: 6, cols: 6, data: Float64Array.from(T) };
    const white = matmulTN(factor, matmul(covariance, factor));
    expect(relativeError(white.data, identity(6).data)).toBeLessThan(1e-3);
    const scale = Float32Array.from({ length: 6 }, (_, i) => 2 ** (i - 2));
    const shift = Float32Array.from(normals(1, 6).data);
    const back = unwhitening({ shift, scale, T });
    const scaled = covariance.data.map((x, at) => x / scale[Math.floor(at / 6)] / scale[at % 6]);
    expect(relativeError(back.gram(white).data, scaled)).toBeLessThan(1e-12);
    const cross = normals(6, 3);
    const got = back.cross(matmulTN(factor, cross));
    expect(
      relativeError(
        got.data,
        cross.data.map((x, at) => x / scale[Math.floor(at / 3)]),
      ),
    ).toBeLessThan(1e-12);
    expect(relativeError(back.mean(new Float64Array(6)), shift)).toBe(0);
  });

  test('a second factor repairs a first one that was learnt elsewhere', () => {
    const first = whiteningFactor(identity(6));
    const second = renewedFactor(first, covariance);
    const factor: Matrix = { rows: 6, cols: 6, data: Float64Array.from(second) };
    expect(relativeError(matmulTN(factor, matmul(covariance, factor)).data, identity(6).data)).toBeLessThan(0.05);
  });

  test('columns without variance are left alone', () => {
    const T = whiteningFactor({ rows: 2, cols: 2, data: Float64Array.of(4, 0, 0, 0) });
    expect(T[3]).toBe(1);
    expect([T[1], T[2]]).toEqual([0, 0]);
    expect(T[0]).toBeCloseTo(0.5, 4);
  });

  test('the scale is a power of two near 1/σ', () => {
    expect([scaleOf(0), scaleOf(1), scaleOf(9), scaleOf(1e-300)]).toEqual([1, 1, 0.25, 2 ** 126]);
  });

  test('does not suit rows that are large or dependent in it; a ridge can make it', () => {
    const whitening: Whitening = {
      shift: new Float32Array(2),
      scale: Float32Array.of(1, 1),
      T: Float32Array.of(1, 0, 0, 1),
    };
    const gram = (r: number): Matrix => ({ rows: 2, cols: 2, data: Float64Array.of(1, r, r, 1) });
    expect(whiteningFlaw(whitening, gram(0.9), [1, 1], [1, 1], 0)).toBeNull();
    expect(whiteningFlaw(whitening, gram(0.9), [1, 2000], [1, 1], 0)).not.toBeNull();
    expect(whiteningFlaw(whitening, gram(0.9), [1, NaN], [1, 1], 0)).not.toBeNull();
    expect(whiteningFlaw(whitening, gram(0.9999), [1, 1], [1, 1], 0)).not.toBeNull();
    expect(whiteningFlaw(whitening, gram(0.9999), [1, 1], [1, 1], 0.01)).toBeNull();
    expect(
      whiteningFlaw(whitening, { rows: 2, cols: 2, data: Float64Array.of(1, 0, 0, 0) }, [1, 0], [1, 0], 0),
    ).toBeNull();
    expect(cholesky(gram(0.9999), 1e-3).badPivots).toBe(1);
  });
});

describe('the audit', () => {
  const own = activationLike({ sourceWidth: 12, targetWidth: 7, rows: 2500, kappa: 1e6, seed: 71 });

  test('a whitened fit agrees with float64, also when it needs a second pass', async () => {
    const misled = activationLike({
      sourceWidth: 48,
      targetWidth: 7,
      rows: 2500,
      kappa: 1e8,
      seed: 4,
      misleading: 700,
    });
    for (const [data, warmUpRows] of [
      [own, 1024],
      [misled, 300],
    ] as const) {
      const { errorVsFloat64, deltaR2 } = await auditFit(
        onCpu((shape) => new WhitenedFit(shape, new PlainProducts(), { cka: false, warmUpRows })),
        data,
        1e-6,
      );
      expect(errorVsFloat64).toBeGreaterThan(0);
      expect(errorVsFloat64).toBeLessThan(1e-5);
      expect(deltaR2).toBeLessThan(1e-6);
    }
  });

  test('a fit that sees other numbers is found out', async () => {
    const falsified = onCpu((shape) => {
      const fit = new Float64Fit(shape);
      const add = fit.add.bind(fit);
      fit.add = (chunk) => add({ ...chunk, target: chunk.target.map((m) => m.map((y) => y * 1.001)) });
      return fit;
    });
    const broken = (await auditFit(falsified, own, 1e-6)).errorVsFloat64;
    expect(broken).toBeCloseTo(1e-3, 5);
  });

  test('wrong lengths and an abort are refused', async () => {
    const plain = onCpu((shape) => new Float64Fit(shape));
    await expect(auditFit(plain, { ...own, rows: own.rows + 1 }, 0)).rejects.toThrowError(RangeError);
    await expect(auditFit(plain, own, 0, AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    });
  });
});
