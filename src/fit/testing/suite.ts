/**
 * The tests of the streaming fit, for every implementation: float32 products on plain loops
 * in Node and on ONNX Runtime in a browser, WGSL on two GPU drivers. Each against the float64
 * fit and against Householder QR, with the same tolerances.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FitOptions, FitShape, StreamingFit } from '../types';
import { relativeError } from '../../math/matrix';
import type { Products } from '../products';
import { Random } from '../../math/random';
import { Float64Fit } from '../float64-fit';
import { WhitenedFit } from '../whitened-fit';
import { activationLike, type PairedStates, ridgeByQR } from '../../math/testing/activations';
import { FIT_CASES, gridLayers, HELD_OUT, layersOf, pairShape, stream, trainingRows } from './cases';

/** Makes fits of one implementation. */
export interface FitMaker {
  /** @param options warmUpRows: training rows held back before whitening */
  make(shape: FitShape, options?: FitOptions & { warmUpRows?: number }): Promise<StreamingFit<Float32Array>>;
  close(): Promise<void> | void;
}

/** Whitened fits by the products of `create`. */
export async function whitenedFits(create: () => Promise<Products>): Promise<FitMaker> {
  const products = await create();
  return { make: async (shape, options) => new WhitenedFit(shape, products, options), close: () => products.dispose() };
}

export function fitSuite(open: () => Promise<FitMaker>): void {
  let maker: FitMaker;
  beforeAll(async () => {
    maker = await open();
  });
  afterAll(() => maker.close());

  async function fitBoth(
    data: PairedStates,
    lambda: number | number[],
    { warmUpRows, chunk }: { warmUpRows?: number; chunk?: number } = {},
  ) {
    const reference = new Float64Fit(pairShape(data));
    const fit = await maker.make(pairShape(data), { warmUpRows });
    await stream(reference, layersOf(data), data);
    await stream(fit, layersOf(data), data, { chunk });
    const expected = await reference.solve(0, 0, lambda);
    const smallest = Math.min(...[lambda].flat());
    let passes = 1;
    if (await fit.needsSecondPass(smallest)) {
      await fit.restart();
      await stream(fit, layersOf(data), data, { chunk });
      passes++;
    }
    const asksAtZero = smallest > 0 && (await fit.needsSecondPass(0));
    const got = await fit.solve(0, 0, lambda);
    fit.dispose();
    return {
      expected,
      got,
      passes,
      asksAtZero,
      errorW: relativeError(got.best.W, expected.best.W),
      errorP: relativeError(got.best.p, expected.best.p),
      deltaR2: Math.abs(got.heldOutR2 - expected.heldOutR2),
    };
  }

  describe('accuracy', () => {
    for (const item of FIT_CASES) {
      test(item.name, async () => {
        const data = activationLike(item.states);
        const result = await fitBoth(data, item.lambda);
        const qr = relativeError(result.got.best.W, ridgeByQR(trainingRows(data), item.lambda).data);
        console.log(
          `${item.name}: W ${result.errorW.toExponential(1)}, QR ${qr.toExponential(1)}, p ${result.errorP.toExponential(1)}, ΔR² ${result.deltaR2.toExponential(1)}`,
        );
        expect(result.errorW).toBeLessThan(item.tolerance);
        expect(qr).toBeLessThan(item.tolerance);
        expect(result.errorP).toBeLessThan(item.tolerance);
        expect(result.deltaR2).toBeLessThan(1e-6);
        expect(result.passes).toBe(1);
        expect(result.got.badPivots).toBe(0);
        expect(result.got.needsSecondPass).toBe(false);
        expect(result.asksAtZero).toBe(false);
        expect(
          Math.max(...result.got.perDimension.map((r2, j) => Math.abs(r2 - result.expected.perDimension[j]))),
        ).toBeLessThan(1e-5);
        expect(Math.abs(result.got.medianDimensionR2 - result.expected.medianDimensionR2)).toBeLessThan(1e-5);
      });
    }

    test('a warm-up that misleads is noticed, and a second pass repairs it', async () => {
      const data = activationLike({
        sourceWidth: 48,
        targetWidth: 64,
        rows: 4096 + HELD_OUT,
        kappa: 1e8,
        seed: 4,
        misleading: 1300,
      });
      const result = await fitBoth(data, 0);
      console.log(
        `misleading: passes ${result.passes}, W ${result.errorW.toExponential(1)}, ΔR² ${result.deltaR2.toExponential(1)}`,
      );
      expect(result.passes).toBe(2);
      expect(result.got.secondPass).toBe(true);
      expect(result.got.needsSecondPass).toBe(false);
      expect(result.errorW).toBeLessThan(1e-4);
      expect(result.deltaR2).toBeLessThan(1e-6);
    });

    test('fewer rows than the warm-up asks for: whitened by all of them, no second pass', async () => {
      const data = activationLike({ sourceWidth: 48, targetWidth: 20, rows: 700 + HELD_OUT, kappa: 1e6, seed: 5 });
      const result = await fitBoth(data, 1e-3);
      expect(result.passes).toBe(1);
      expect(result.errorW).toBeLessThan(1e-4);
    });

    test('a warm-up of fewer rows than columns asks for a second pass', async () => {
      const data = activationLike({ sourceWidth: 48, targetWidth: 20, rows: 2000 + HELD_OUT, kappa: 1e4, seed: 5 });
      const result = await fitBoth(data, 0, { warmUpRows: 40, chunk: 20 });
      console.log(`short warm-up: W ${result.errorW.toExponential(1)}, ΔR² ${result.deltaR2.toExponential(1)}`);
      expect(result.passes).toBe(2);
      expect(result.got.secondPass).toBe(true);
      expect(result.errorW).toBeLessThan(1e-4);
      expect(result.deltaR2).toBeLessThan(1e-6);
    });
  });

  describe('rows and columns that carry nothing', () => {
    test('constant columns get weight 0 and are counted; λ = 0 still works', async () => {
      const data = activationLike({ sourceWidth: 40, targetWidth: 16, rows: 2000 + HELD_OUT, kappa: 1e3, seed: 7 });
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
      const data = activationLike({ sourceWidth: 40, targetWidth: 16, rows: 2000 + HELD_OUT, kappa: 1e3, seed: 8 });
      for (let r = 0; r < data.rows; r++) data.X[r * 40 + 30] = data.X[r * 40 + 10];
      const { got, expected, errorW } = await fitBoth(data, [0, 1e-3]);
      expect(got.lambdaPath[0].badPivots).toBeGreaterThan(0);
      expect(got.lambdaPath[0].heldOutR2).toBeNaN();
      expect([got.best.lambda, expected.best.lambda]).toEqual([1e-3, 1e-3]);
      expect(errorW).toBeLessThan(1e-4);
    });

    test('fewer rows than columns: λ = 0 is reported, a ridge solves them', async () => {
      const data = activationLike({ sourceWidth: 40, targetWidth: 16, rows: 30 + HELD_OUT, kappa: 1e2, seed: 9 });
      const { got, expected, errorW } = await fitBoth(data, [0, 1e-2]);
      expect(got.lambdaPath[0].badPivots).toBeGreaterThan(0);
      expect([got.best.lambda, expected.best.lambda]).toEqual([1e-2, 1e-2]);
      expect(errorW).toBeLessThan(1e-4);
    });

    test('rows that are not finite are left out and counted', async () => {
      const data = activationLike({ sourceWidth: 8, targetWidth: 6, rows: 1600 + HELD_OUT, kappa: 10, seed: 9 });
      const random = new Random(3);
      for (let k = 0; k < 40; k++)
        data.X[8 * 40 * k + Math.floor(random.uniform() * 8)] = [NaN, Infinity, -Infinity][k % 3];
      data.Y[6 * (data.rows - 1)] = NaN;
      const fits = [new Float64Fit(pairShape(data)), await maker.make(pairShape(data))];
      for (const fit of fits) {
        await stream(fit, layersOf(data), data);
        expect(await fit.rows()).toEqual({ train: 1560, heldOut: HELD_OUT - 1, excluded: 41 });
      }
      const [expected, got] = [await fits[0].solve(0, 0, 1e-3), await fits[1].solve(0, 0, 1e-3)];
      expect(relativeError(got.best.W, expected.best.W)).toBeLessThan(1e-5);
      for (const fit of fits) fit.dispose();
    });

    test('numbers too large for float32 sums are an error, not a map', async () => {
      const data = activationLike({ sourceWidth: 8, targetWidth: 8, rows: 1600 + HELD_OUT, kappa: 10, seed: 9 });
      for (let r = 1300; r < 1400; r++) data.X[8 * r + 2] = 3e38;
      const fit = await maker.make(pairShape(data));
      await stream(fit, layersOf(data), data);
      await expect(fit.solve(0, 0, 1e-3)).rejects.toThrowError(/too large|non-finite\.sums/);
      await expect(fit.needsSecondPass()).rejects.toThrowError(/too large|non-finite\.sums/);
      fit.dispose();
    });
  });

  describe('the grid', () => {
    test.each([undefined, 3])(
      'R², CKA, moments and cross-validation of 2 × 3 layers agree with float64 (folds: %s)',
      async (folds) => {
        const { shape, layers, data } = gridLayers();
        const fit = await maker.make(shape, { folds });
        const reference = new Float64Fit(shape, { folds });
        for (const each of [fit, reference]) await stream(each, layers, data, { folds });
        expect(await fit.rows()).toEqual({ train: 1600, heldOut: HELD_OUT, excluded: 0 });
        const grid = await fit.grid(1e-4);
        const expected = await reference.grid(1e-4);
        for (let i = 0; i < 6; i++) expect(Math.abs(grid[i] - expected[i])).toBeLessThan(1e-6);
        expect(grid[0]).toBeGreaterThan(0.3);
        expect(grid[1]).toBeLessThan(0.05);
        const cka = await fit.cka();
        const expectedCka = await reference.cka();
        for (let i = 0; i < 6; i++)
          expect(Math.abs(cka[i] - expectedCka[i])).toBeLessThan(1e-4 * Math.max(0.01, expectedCka[i]));
        expect((await fit.solve(1, 2, [1e-4])).heldOutR2).toBeCloseTo(grid[5], 6);
        const moments = await fit.moments(0, 2);
        const expectedMoments = await reference.moments(0, 2);
        for (const split of ['train', 'heldOut'] as const) {
          expect(relativeError(moments[split].ss.data, expectedMoments[split].ss.data)).toBeLessThan(1e-5);
          expect(relativeError(moments[split].st.data, expectedMoments[split].st.data)).toBeLessThan(1e-4);
          expect(relativeError(moments[split].tt, expectedMoments[split].tt)).toBeLessThan(1e-5);
          expect(relativeError(moments[split].sourceMean, expectedMoments[split].sourceMean)).toBeLessThan(1e-6);
        }
        if (folds) {
          const points = await fit.crossValidate(0, 0, [0, 1e-2]);
          const expectedPoints = await reference.crossValidate(0, 0, [0, 1e-2]);
          expect(points.map(({ perFold }) => perFold.length)).toEqual([folds, folds]);
          points.forEach((point, i) =>
            point.perFold.forEach((r2, k) => expect(Math.abs(r2 - expectedPoints[i].perFold[k])).toBeLessThan(1e-6)),
          );
        } else await expect(fit.crossValidate(0, 0, [1e-2])).rejects.toThrowError(/folds/);
        // src/math knows no LabError: there it is the platform's own.
        await expect(fit.grid(1, AbortSignal.abort())).rejects.toSatisfy(
          ({ name, code }) => name === 'AbortError' || code === 'cancelled',
        );
        fit.dispose();
        await expect(fit.grid(1)).rejects.toThrowError(/disposed|training rows/);
      },
    );
  });

  test('misuse is refused with a reason', async () => {
    const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: 2, targetWidth: 1 };
    await expect(maker.make({ ...shape, targetWidth: 0.5 })).rejects.toThrowError(/targetWidth/);
    await expect(maker.make(shape, { folds: 1 })).rejects.toThrowError(/folds/);
    const fit = await maker.make(shape);
    await expect(fit.restart()).rejects.toThrowError(/training rows/);
    await expect(fit.needsSecondPass()).rejects.toThrowError(/training rows/);
    await expect(
      (async () => fit.add({ source: [], target: [new Float32Array(1)], rows: 1, split: 'train' }))(),
    ).rejects.toThrowError(RangeError);
    fit.dispose();
  });
}
