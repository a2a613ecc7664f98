import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { svd, symmetricEigen } from './eigen';
import { symmetricEigenvalues } from './eigenvalues';
import { effectiveRank, mapSpectrum, metricSpectrum, r2Histogram, r2WithoutTop, topCounts } from './map-statistics';
import { identity, matmul, matmulTN, type Matrix } from './matrix';
import { pairMoments, ridgeFromMoments, scoreFromMoments, scoreFromSums } from './moments';
import { Random } from './random';
import { activationLike, randomRotation } from './testing/activations';

describe('R² per dimension', () => {
  test('without the top dimensions it is the R² of the rest', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.double({ min: -3, max: 1, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true })),
          { minLength: 1, maxLength: 40 },
        ),
        (columns) => {
          const r2 = columns.map(([r]) => r);
          const variance = columns.map(([, v]) => v);
          const sorted = [...columns].sort((a, b) => b[1] - a[1]);
          const ks = [0, 1, columns.length >> 1];
          for (const [i, got] of r2WithoutTop(r2, variance, ks).entries()) {
            const rest = sorted.slice(ks[i]);
            const expected = scoreFromSums(
              rest.map(([r, v]) => (1 - r) * v),
              rest.map(([, v]) => v),
            ).r2;
            if (rest.length === 0) expect(got).toBeNaN();
            else expect(got).toBeCloseTo(expected, 9);
          }
        },
      ),
    );
  });

  test('one massive dimension carries the pooled R², and the counts show it', () => {
    const r2 = [0.1, 0.9, 0.2, NaN, 0.1, 0.2, 0.1, 0.2];
    const variance = [1, 1e6, 1, 0, 1, 1, 1, 1];
    const steps = r2WithoutTop(r2, variance);
    expect(steps).toHaveLength(4);
    expect(topCounts(256)).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128]);
    expect(steps[0]).toBeCloseTo(0.9, 4);
    expect(steps[1]).toBeCloseTo(0.15, 12);
    expect(r2WithoutTop(r2, variance, [8])[0]).toBeNaN();
    expect(() => r2WithoutTop(r2, variance.slice(1))).toThrowError(RangeError);
    expect(() => r2WithoutTop(r2, variance, [9])).toThrowError(RangeError);
    expect(() => r2WithoutTop([0.5], [NaN])).toThrowError(RangeError);
  });

  test('the histogram leaves constant dimensions out and says how many are clipped', () => {
    const values = [NaN, -7, 0, 0.25, 0.5, 1, -0.3];
    expect(r2Histogram(values, 5, -0.25)).toEqual({
      edges: [-0.25, 0, 0.25, 0.5, 0.75, 1],
      counts: [2, 1, 1, 1, 1],
      clipped: 2,
      constant: 1,
    });
    expect(() => r2Histogram(values, 0)).toThrowError(RangeError);
    expect(() => r2Histogram(values, 4, 1)).toThrowError(RangeError);
  });
});

describe('eigenvalues', () => {
  test('are those of the full decomposition, of any size and rank', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 1, max: 24 }),
        fc.integer({ min: 0, max: 30 }),
        async (seed, n, rank) => {
          const random = new Random(seed);
          const A: Matrix = {
            rows: rank,
            cols: n,
            data: random.normals(rank * n).map((x) => x * 10 ** (4 * random.uniform() - 2)),
          };
          const S = matmulTN(A, A);
          const shift = seed % 3 === 0 ? 5 : 0; // indefinite too
          for (let i = 0; i < n; i++) S.data[i * n + i] -= shift;
          const expected = symmetricEigen(S).values;
          const got = await symmetricEigenvalues(S);
          const size = Math.max(...expected.map(Math.abs), 1e-300);
          for (let i = 0; i < n; i++) expect(Math.abs(got[i] - expected[i])).toBeLessThanOrEqual(1e-13 * n * size);
        },
      ),
    );
    expect([...(await symmetricEigenvalues(identity(3)))]).toEqual([1, 1, 1]);
    expect(await symmetricEigenvalues({ rows: 0, cols: 0, data: new Float64Array() })).toHaveLength(0);
    await expect(symmetricEigenvalues({ rows: 1, cols: 1, data: Float64Array.of(NaN) })).rejects.toThrowError(
      RangeError,
    );
    await expect(symmetricEigenvalues({ rows: 1, cols: 2, data: new Float64Array(2) })).rejects.toThrowError(
      RangeError,
    );
  });
});

describe('spectra', () => {
  test('singular values of W agree with the SVD down to the resolution', async () => {
    const random = new Random(7);
    for (const [d, m] of [
      [1, 1],
      [5, 9],
      [30, 12],
      [60, 60],
    ]) {
      const W: Matrix = { rows: d, cols: m, data: random.normals(d * m).map((x, i) => x * 10 ** (-(i % m) / 4)) };
      const values = await mapSpectrum(W);
      const exact = svd(W).values;
      expect(values).toHaveLength(Math.min(d, m));
      const resolution = Math.sqrt(Math.min(d, m) * Number.EPSILON) * exact[0];
      exact.forEach((s, i) => expect(Math.abs(values[i] - s)).toBeLessThan(Math.max(1e-9 * s, 2 * resolution)));
    }
  });

  test('effective rank of known spectra', () => {
    expect(effectiveRank([3, 3, 3, 3])).toBeCloseTo(4, 12);
    expect(effectiveRank([5, 0, 0])).toBe(1);
    expect(effectiveRank([0, 0])).toBeNaN();
    // shares ½, ¼, ¼: entropy 1.5 ln 2
    expect(effectiveRank([2, 1, 1])).toBeCloseTo(2 ** 1.5, 12);
    expect(() => effectiveRank([1, -1])).toThrowError(RangeError);
  });

  const states = activationLike({ sourceWidth: 24, targetWidth: 31, rows: 1200, kappa: 1e4, seed: 8 });
  const matrix = (data: Float32Array | Float64Array, cols: number): Matrix => ({
    rows: data.length / cols,
    cols,
    data: Float64Array.from(data),
  });
  const X = matrix(states.X, 24);
  const Y = matrix(states.Y, 31);

  test('of the predictions: the squares sum to the predicted share, whatever the units and coordinates', async () => {
    const moments = pairMoments(X, Y);
    const { W } = ridgeFromMoments(moments, 0);
    const spectrum = await metricSpectrum(W, moments);
    const { perDimension } = scoreFromMoments(W, moments);
    // Without λ the predicted variance is the R² on the training rows.
    expect(spectrum.reduce((sum, s) => sum + s * s, 0)).toBeCloseTo(
      perDimension.reduce((a, b) => a + b),
      6,
    );
    expect(spectrum).toHaveLength(24);

    const random = new Random(9);
    const turned = matmul(X, randomRotation(24, random));
    turned.data.forEach((x, i) => (turned.data[i] = x * (1 + (i % 24)) - 4));
    const scaled: Matrix = { ...Y, data: Y.data.map((y, i) => y * (0.01 + (i % 31)) + 2) };
    const other = pairMoments(turned, scaled);
    const again = await metricSpectrum(ridgeFromMoments(other, 0).W, other);
    again.forEach((s, i) => expect(s).toBeCloseTo(spectrum[i], 5));
    expect(effectiveRank(again)).toBeCloseTo(effectiveRank(spectrum), 3);
    // The raw spectrum is another one after a mere change of units.
    const raw = await mapSpectrum(W);
    expect(effectiveRank(await mapSpectrum(ridgeFromMoments(other, 0).W))).not.toBeCloseTo(effectiveRank(raw), 1);
  });

  test('of the predictions with constant and repeated columns: no NaN, the rank is what it is', async () => {
    const x: Matrix = { ...X, data: X.data.map((v, i) => (i % 24 === 3 ? 1.5 : v)) };
    for (let r = 0; r < x.rows; r++) x.data[r * 24 + 7] = x.data[r * 24 + 8];
    const y: Matrix = { ...Y, data: Y.data.map((v, i) => (i % 31 === 4 ? -2 : v)) };
    const moments = pairMoments(x, y);
    const { W } = ridgeFromMoments(moments, 1e-3);
    const values = await metricSpectrum(W, moments);
    expect(values.every(Number.isFinite)).toBe(true);
    expect(values.filter((s) => s > 0)).toHaveLength(22);
    await expect(metricSpectrum({ ...W, rows: 3, data: W.data.slice(0, 93) }, moments)).rejects.toThrowError(
      RangeError,
    );
  });

  test('1,000 × 1,000 takes seconds and can be stopped on the way', async () => {
    const random = new Random(10);
    const W = { rows: 1000, cols: 1000, data: Float32Array.from(random.normals(1e6)) };
    const start = performance.now();
    const values = await mapSpectrum(W);
    const took = performance.now() - start;
    console.log(`1,000 × 1,000: ${took.toFixed(0)} ms, effective rank ${effectiveRank(values).toFixed(1)}`);
    // Random normals: σ₁ near 2√n, Σσ² = ‖W‖²_F.
    expect(Math.abs(values[0] / Math.sqrt(1000) - 2)).toBeLessThan(0.05);
    expect(values.reduce((sum, s) => sum + s * s, 0)).toBeCloseTo(
      W.data.reduce((sum, x) => sum + x * x, 0),
      2,
    );
    const stop = new AbortController();
    const work = mapSpectrum(W, stop.signal);
    setTimeout(() => stop.abort(), took / 4);
    const begun = performance.now();
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - begun).toBeLessThan(took);
  });
});
