/** The tests of the whitened fit, for any Products: run on plain loops in Node and on ONNX Runtime in a browser. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PairFit, StreamingFit } from '../fit-types';
import { matmulTN, relativeError } from '../matrix';
import type { Products } from '../products';
import { Random } from '../random';
import { Float64Fit } from '../ridge';
import { WhitenedFit, type WhitenedFitOptions } from '../whitened-fit';
import { activationLike, type PairedStates, ridgeByQR, type StatesOptions } from './activations';

/** As in gpu/fit/cases.ts. */
export interface SuiteCase {
  name: string;
  states: StatesOptions;
  lambda: number;
  tolerance: number;
}

export interface SuiteCases {
  cases: readonly SuiteCase[];
  /** Rows held out at the end of the states. */
  heldOut: number;
  trainingRows: (data: PairedStates) => PairedStates;
}

const CHUNK = 300; // not a multiple of the fold

/** Streams paired states of one or more layers; the last `heldOut` rows are held out, training chunks go to `folds` in turn. */
export async function stream(fit: StreamingFit<Float32Array>, layers: { X: Float32Array[]; Y: Float32Array[] }, data: PairedStates, heldOut: number, folds = 1): Promise<void> {
  const { rows, sourceWidth: d, targetWidth: m } = data;
  const train = rows - heldOut;
  for (let first = 0, fold = 0; first < rows; fold = (fold + 1) % folds) {
    const split = first >= train ? 'heldOut' : 'train';
    const count = Math.min(CHUNK, (split === 'heldOut' ? rows : train) - first);
    const cut = (all: Float32Array, width: number): Float32Array => all.slice(first * width, (first + count) * width);
    const chunk = { source: layers.X.map((x) => cut(x, d)), target: layers.Y.map((y) => cut(y, m)), rows: count, split, fold } as const;
    await fit.add(chunk);
    for (const used of [...chunk.source, ...chunk.target]) used.fill(NaN); // the fit must not need them any more
    first += count;
  }
}

export function whitenedSuite(create: () => Promise<Products>, { cases, heldOut, trainingRows }: SuiteCases): void {
  let products: Products;
  beforeAll(async () => {
    products = await create();
  });
  afterAll(() => products.dispose());

  async function fitBoth(data: PairedStates, lambda: number | number[], options: WhitenedFitOptions = {}) {
    const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: data.sourceWidth, targetWidth: data.targetWidth };
    const reference = new Float64Fit(shape);
    const fit = new WhitenedFit(shape, products, options);
    const layers = { X: [data.X], Y: [data.Y] };
    await stream(reference, layers, data, heldOut);
    await stream(fit, layers, data, heldOut);
    const expected: PairFit = await reference.solve(0, 0, lambda);
    let passes = 1;
    if (await fit.needsSecondPass(Math.min(...[lambda].flat()))) {
      await fit.restart();
      await stream(fit, layers, data, heldOut);
      passes++;
    }
    const got = await fit.solve(0, 0, lambda);
    return { expected, got, passes, errorW: relativeError(got.best.W, expected.best.W), errorP: relativeError(got.best.p, expected.best.p), deltaR2: Math.abs(got.heldOutR2 - expected.heldOutR2) };
  }

  describe('accuracy', () => {
    for (const item of cases) {
      test(item.name, async () => {
        const data = activationLike(item.states);
        const result = await fitBoth(data, item.lambda);
        const qr = relativeError(result.got.best.W, ridgeByQR(trainingRows(data), item.lambda).data);
        console.log(`${item.name}: W ${result.errorW.toExponential(1)}, QR ${qr.toExponential(1)}, p ${result.errorP.toExponential(1)}, ΔR² ${result.deltaR2.toExponential(1)}`);
        expect(result.errorW).toBeLessThan(item.tolerance);
        expect(qr).toBeLessThan(item.tolerance);
        expect(result.errorP).toBeLessThan(item.tolerance);
        expect(result.deltaR2).toBeLessThan(1e-6);
        expect(result.passes).toBe(1);
        expect(result.got.badPivots).toBe(0);
        expect(result.got.needsSecondPass).toBe(false);
        expect(Math.abs(result.got.medianDimensionR2 - result.expected.medianDimensionR2)).toBeLessThan(1e-5);
      });
    }

    test('a warm-up that misleads is noticed, and a second pass repairs it', async () => {
      const data = activationLike({ sourceWidth: 48, targetWidth: 64, rows: 4096 + heldOut, kappa: 1e8, seed: 4, misleading: 1300 });
      const result = await fitBoth(data, 0);
      console.log(`misleading: passes ${result.passes}, W ${result.errorW.toExponential(1)}, ΔR² ${result.deltaR2.toExponential(1)}`);
      expect(result.passes).toBe(2);
      expect(result.got.secondPass).toBe(true);
      expect(result.got.needsSecondPass).toBe(false);
      expect(result.errorW).toBeLessThan(1e-4);
      expect(result.deltaR2).toBeLessThan(1e-6);
    });

    test('fewer rows than the warm-up asks for: whitened by all of them, no second pass', async () => {
      const data = activationLike({ sourceWidth: 48, targetWidth: 20, rows: 700 + heldOut, kappa: 1e6, seed: 5 });
      const result = await fitBoth(data, 1e-3);
      expect(result.passes).toBe(1);
      expect(result.errorW).toBeLessThan(1e-4);
    });
  });

  describe('rows and columns that carry nothing', () => {
    test('constant columns get weight 0 and are counted; λ = 0 still works', async () => {
      const data = activationLike({ sourceWidth: 40, targetWidth: 16, rows: 2000 + heldOut, kappa: 1e3, seed: 7 });
      for (let r = 0; r < data.rows; r++) {
        data.X[r * 40 + 7] = 0.1;
        data.X[r * 40 + 22] = 12345.678;
      }
      const { got, expected, errorW, passes } = await fitBoth(data, 0);
      expect([got.constantColumns, expected.constantColumns]).toEqual([2, 2]);
      expect(got.badPivots).toBe(0);
      expect(passes).toBe(1);
      expect(errorW).toBeLessThan(1e-4);
      expect(got.best.W.slice(7 * 16, 8 * 16).every((w) => w === 0)).toBe(true);
    });

    test('dependent columns: λ = 0 is reported and never chosen, a ridge solves them', async () => {
      const data = activationLike({ sourceWidth: 40, targetWidth: 16, rows: 2000 + heldOut, kappa: 1e3, seed: 8 });
      for (let r = 0; r < data.rows; r++) data.X[r * 40 + 30] = data.X[r * 40 + 10];
      const { got, expected, errorW } = await fitBoth(data, [0, 1e-3]);
      expect(got.lambdaPath[0].badPivots).toBeGreaterThan(0);
      expect(got.lambdaPath[0].heldOutR2).toBeNaN();
      expect([got.best.lambda, expected.best.lambda]).toEqual([1e-3, 1e-3]);
      expect(errorW).toBeLessThan(1e-4);
    });

    test('fewer rows than columns: λ = 0 is reported, a ridge solves them', async () => {
      const data = activationLike({ sourceWidth: 40, targetWidth: 16, rows: 30 + heldOut, kappa: 1e2, seed: 9 });
      const { got, expected, errorW } = await fitBoth(data, [0, 1e-2]);
      expect(got.lambdaPath[0].badPivots).toBeGreaterThan(0);
      expect([got.best.lambda, expected.best.lambda]).toEqual([1e-2, 1e-2]);
      expect(errorW).toBeLessThan(1e-4);
    });

    test('rows that are not finite are left out and counted', async () => {
      const data = activationLike({ sourceWidth: 8, targetWidth: 6, rows: 1600 + heldOut, kappa: 10, seed: 9 });
      const random = new Random(3);
      for (let k = 0; k < 40; k++) data.X[8 * 40 * k + Math.floor(random.uniform() * 8)] = [NaN, Infinity, -Infinity][k % 3];
      data.Y[6 * (data.rows - 1)] = NaN;
      const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: 8, targetWidth: 6 };
      const fits = [new Float64Fit(shape), new WhitenedFit(shape, products)];
      for (const fit of fits) {
        await stream(fit, { X: [data.X], Y: [data.Y] }, data, heldOut);
        expect(await fit.rows()).toEqual({ train: 1560, heldOut: heldOut - 1, excluded: 41 });
      }
      const [expected, got] = [await fits[0].solve(0, 0, 1e-3), await fits[1].solve(0, 0, 1e-3)];
      expect(relativeError(got.best.W, expected.best.W)).toBeLessThan(1e-5);
    });

    test('numbers too large for float32 sums are an error, not a map', async () => {
      const data = activationLike({ sourceWidth: 8, targetWidth: 8, rows: 1600 + heldOut, kappa: 10, seed: 9 });
      for (let r = 1300; r < 1400; r++) data.X[8 * r + 2] = 3e38;
      const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: 8, targetWidth: 8 };
      const fit = new WhitenedFit(shape, products);
      await stream(fit, { X: [data.X], Y: [data.Y] }, data, heldOut);
      await expect(fit.needsSecondPass()).rejects.toThrowError(/too large/);
      await expect(fit.solve(0, 0, 1e-3)).rejects.toThrowError(/too large/);
    });
  });

  describe('the grid', () => {
    test('R², CKA, moments and cross-validation of 2 × 3 layers agree with float64', async () => {
      const first = activationLike({ sourceWidth: 24, targetWidth: 36, rows: 1600 + heldOut, kappa: 1e4, seed: 10 });
      const noise = activationLike({ sourceWidth: 24, targetWidth: 36, rows: first.rows, kappa: 1e3, seed: 11 });
      const mix = (a: Float32Array, b: Float32Array, w: number): Float32Array => a.map((x, i) => x + w * b[i]);
      const layers = { X: [first.X, noise.X], Y: [first.Y, noise.Y, mix(first.Y, noise.Y, 0.5)] };
      const shape = { sourceLayers: 2, targetLayers: 3, sourceWidth: 24, targetWidth: 36 };
      const fit = new WhitenedFit(shape, products, { folds: 3 });
      const reference = new Float64Fit(shape, { folds: 3 });
      await stream(fit, layers, first, heldOut, 3);
      await stream(reference, layers, first, heldOut, 3);
      expect(await fit.rows()).toEqual({ train: 1600, heldOut, excluded: 0 });
      const grid = await fit.grid(1e-4);
      const expected = await reference.grid(1e-4);
      for (let i = 0; i < 6; i++) expect(Math.abs(grid[i] - expected[i])).toBeLessThan(1e-6);
      expect(grid[0]).toBeGreaterThan(0.3);
      expect(grid[1]).toBeLessThan(0.05);
      const cka = await fit.cka();
      const expectedCka = await reference.cka();
      for (let i = 0; i < 6; i++) expect(Math.abs(cka[i] - expectedCka[i])).toBeLessThan(1e-4 * Math.max(0.01, expectedCka[i]));
      expect((await fit.solve(1, 2, [1e-4])).heldOutR2).toBeCloseTo(grid[5], 6);
      const moments = await fit.moments(0, 2);
      const expectedMoments = await reference.moments(0, 2);
      for (const split of ['train', 'heldOut'] as const) {
        expect(relativeError(moments[split].ss.data, expectedMoments[split].ss.data)).toBeLessThan(1e-5);
        expect(relativeError(moments[split].st.data, expectedMoments[split].st.data)).toBeLessThan(1e-4);
        expect(relativeError(moments[split].tt, expectedMoments[split].tt)).toBeLessThan(1e-5);
        expect(relativeError(moments[split].sourceMean, expectedMoments[split].sourceMean)).toBeLessThan(1e-6);
      }
      const points = await fit.crossValidate(0, 0, [0, 1e-2]);
      const expectedPoints = await reference.crossValidate(0, 0, [0, 1e-2]);
      points.forEach((point, i) => point.perFold.forEach((r2, k) => expect(Math.abs(r2 - expectedPoints[i].perFold[k])).toBeLessThan(1e-6)));
      await expect(fit.grid(1, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
      fit.dispose();
      await expect(fit.grid(1)).rejects.toThrowError(RangeError);
    });
  });

  describe('the product', () => {
    test.each([[1, 1, 1], [7, 5, 3], [512, 33, 70], [100, 130, 37]])('%i rows, %i and %i columns agree with float64', async (rows, m, n) => {
      const random = new Random(rows + m + n);
      const normals = (count: number): Float32Array => Float32Array.from(random.normals(count));
      const [A, B] = [normals(rows * m), normals(rows * n)];
      const expected = matmulTN({ rows, cols: m, data: A }, { rows, cols: n, data: B });
      expect(relativeError(await products.atb(A, rows, m, B, n), expected.data)).toBeLessThan(2e-6);
      await expect(products.atb(A, rows + 1, m, B, n)).rejects.toThrowError(RangeError);
    });
  });
}
