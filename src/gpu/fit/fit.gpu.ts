/** The GPU fit against the float64 fit and against Householder QR, on data shaped like activations. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../experiment/errors';
import { relativeError } from '../../math/matrix';
import { Float64Fit } from '../../math/ridge';
import { activationLike, type PairedStates, ridgeByQR, ridgePathByQR } from '../../math/testing/activations';
import { createDevice, type LabDevice } from '../device';
import { liveMemory } from '../scope';
import { FIT_CASES, HELD_OUT, SPECTRA, trainingRows } from './cases';
import { GpuFit, type GpuFitOptions } from './gpu-fit';
import { pairShape, stream, streamAll } from './testing';

let lab: LabDevice;
beforeAll(async () => {
  lab = await createDevice();
  (await GpuFit.create(lab.device, { sourceLayers: 1, targetLayers: 1, sourceWidth: 4, targetWidth: 4 })).dispose(); // compiles
});
afterAll(() => lab.destroy());

async function fitBoth(data: PairedStates, lambda: number | number[], options: GpuFitOptions = {}) {
  const shape = pairShape(data);
  const reference = new Float64Fit(shape);
  const fit = await GpuFit.create(lab.device, shape, options);
  stream(lab.device, reference, { X: [data.X], Y: [data.Y] }, data);
  const expected = await reference.solve(0, 0, lambda);
  const passes = await streamAll(lab.device, fit, data);
  const got = await fit.solve(0, 0, lambda);
  fit.dispose();
  return { expected, got, passes, errorW: relativeError(got.best.W, expected.best.W), errorP: relativeError(got.best.p, expected.best.p), deltaR2: Math.abs(got.heldOutR2 - expected.heldOutR2) };
}

describe('accuracy', () => {
  for (const item of FIT_CASES) {
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
      expect(Math.max(...result.got.perDimension.map((r2, j) => Math.abs(r2 - result.expected.perDimension[j])))).toBeLessThan(1e-5);
      expect(Math.abs(result.got.medianDimensionR2 - result.expected.medianDimensionR2)).toBeLessThan(1e-5);
    });
  }

  for (const item of SPECTRA) {
    test(item.name, async () => {
      const data = activationLike(item.states);
      const shape = pairShape(data);
      const truth = ridgePathByQR(trainingRows(data), item.lambdas);
      const reference = new Float64Fit(shape);
      stream(lab.device, reference, { X: [data.X], Y: [data.Y] }, data);
      const fit = await GpuFit.create(lab.device, shape);
      expect(await streamAll(lab.device, fit, data)).toBe(item.passes);
      const figures: string[] = [];
      for (const lambda of [...item.lambdas, ...item.onlyR2]) {
        const got = await fit.solve(0, 0, lambda);
        const deltaR2 = Math.abs(got.heldOutR2 - (await reference.solve(0, 0, lambda)).heldOutR2);
        const at = item.lambdas.indexOf(lambda);
        // Where the data do not determine the map, 512 held-out rows hold R² no tighter: its error is that of a mean over them.
        expect(deltaR2).toBeLessThan(at < 0 ? 2e-5 : 1e-6);
        expect(got.badPivots).toBe(0);
        expect(got.needsSecondPass).toBe(false);
        const error = at < 0 ? NaN : relativeError(got.best.W, truth[at].data);
        if (at >= 0) expect(error).toBeLessThan(1e-4);
        figures.push(`λ ${lambda}: W ${error.toExponential(1)}, ΔR² ${deltaR2.toExponential(1)}`);
      }
      console.log(`${item.name}: ${figures.join('; ')}`);
      fit.dispose();
    });
  }

  test('a warm-up that misleads is noticed, and a second pass repairs it', async () => {
    const data = activationLike({ sourceWidth: 48, targetWidth: 64, rows: 4096 + HELD_OUT, kappa: 1e8, seed: 4, misleading: 1300 });
    const result = await fitBoth(data, 0);
    console.log(`misleading: passes ${result.passes}, W ${result.errorW.toExponential(1)}, ΔR² ${result.deltaR2.toExponential(1)}`);
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
});

describe('columns that carry nothing', () => {
  test('constant columns get weight 0 and are counted; λ = 0 still works', async () => {
    const data = activationLike({ sourceWidth: 40, targetWidth: 16, rows: 2000 + HELD_OUT, kappa: 1e3, seed: 7 });
    for (let r = 0; r < data.rows; r++) {
      data.X[r * 40 + 7] = 0.1;
      data.X[r * 40 + 22] = 12345.678;
    }
    const { got, expected, errorW } = await fitBoth(data, 0);
    expect(got.constantColumns).toBe(2);
    expect(expected.constantColumns).toBe(2);
    expect(got.badPivots).toBe(0);
    expect(errorW).toBeLessThan(1e-4);
    expect(got.best.W.slice(7 * 16, 8 * 16).every((w) => w === 0)).toBe(true);
  });

  test('dependent columns: λ = 0 is reported and never chosen, a ridge solves them', async () => {
    const data = activationLike({ sourceWidth: 40, targetWidth: 16, rows: 2000 + HELD_OUT, kappa: 1e3, seed: 8 });
    for (let r = 0; r < data.rows; r++) data.X[r * 40 + 30] = data.X[r * 40 + 10];
    const { got, expected, errorW } = await fitBoth(data, [0, 1e-3]);
    expect(got.lambdaPath[0].badPivots).toBeGreaterThan(0);
    expect(got.lambdaPath[0].heldOutR2).toBeNaN();
    expect(got.best.lambda).toBe(1e-3);
    expect(expected.best.lambda).toBe(1e-3);
    expect(errorW).toBeLessThan(1e-3);
  });
});

describe('the grid', () => {
  test('R², CKA and moments of 2 × 3 layers agree with float64', async () => {
    const first = activationLike({ sourceWidth: 24, targetWidth: 36, rows: 1600 + HELD_OUT, kappa: 1e4, seed: 10 });
    const noise = activationLike({ sourceWidth: 24, targetWidth: 36, rows: first.rows, kappa: 1e3, seed: 11 });
    const mix = (a: Float32Array, b: Float32Array, w: number): Float32Array => a.map((x, i) => x + w * b[i]);
    const layers = { X: [first.X, noise.X], Y: [first.Y, noise.Y, mix(first.Y, noise.Y, 0.5)] };
    const shape = { sourceLayers: 2, targetLayers: 3, sourceWidth: 24, targetWidth: 36 };
    const before = liveMemory(lab.device);
    const fit = await GpuFit.create(lab.device, shape);
    const reference = new Float64Fit(shape);
    stream(lab.device, fit, layers, first);
    stream(lab.device, reference, layers, first);
    expect(await fit.rows()).toEqual({ train: 1600, heldOut: HELD_OUT, excluded: 0 });
    const grid = await fit.grid(1e-4);
    const expected = await reference.grid(1e-4);
    for (let i = 0; i < 6; i++) expect(Math.abs(grid[i] - expected[i])).toBeLessThan(2e-6);
    expect(grid[0]).toBeGreaterThan(0.3);
    expect(grid[1]).toBeLessThan(0.05);
    const cka = await fit.cka();
    const expectedCka = await reference.cka();
    for (let i = 0; i < 6; i++) expect(Math.abs(cka[i] - expectedCka[i])).toBeLessThan(1e-4 * Math.max(0.01, expectedCka[i]));
    const pair = await fit.solve(1, 2, [1e-4]);
    expect(pair.heldOutR2).toBeCloseTo(grid[5], 6);
    const moments = await fit.moments(0, 2);
    const expectedMoments = await reference.moments(0, 2);
    for (const split of ['train', 'heldOut'] as const) {
      expect(relativeError(moments[split].ss.data, expectedMoments[split].ss.data)).toBeLessThan(1e-5);
      expect(relativeError(moments[split].st.data, expectedMoments[split].st.data)).toBeLessThan(1e-4);
      expect(relativeError(moments[split].tt, expectedMoments[split].tt)).toBeLessThan(1e-5);
      expect(relativeError(moments[split].sourceMean, expectedMoments[split].sourceMean)).toBeLessThan(1e-6);
    }
    fit.dispose();
    expect(liveMemory(lab.device)).toEqual(before);

    // Small bindings: each target layer is a band of its own, and nothing else changes.
    const split = await GpuFit.create(lab.device, shape, { maxBindingBytes: 80_000 });
    stream(lab.device, split, layers, first);
    const splitGrid = await split.grid(1e-4);
    const splitCka = await split.cka();
    for (let i = 0; i < 6; i++) {
      expect(splitGrid[i]).toBeCloseTo(grid[i], 6);
      expect(splitCka[i]).toBeCloseTo(cka[i], 6);
    }
    expect((await split.solve(1, 2, [1e-4])).heldOutR2).toBeCloseTo(grid[5], 6);
    split.dispose();
  });

  test('cancelling stops a solve and leaves the fit usable', async () => {
    const data = activationLike({ sourceWidth: 16, targetWidth: 16, rows: 1100 + HELD_OUT, kappa: 100, seed: 12 });
    const fit = await GpuFit.create(lab.device, { sourceLayers: 1, targetLayers: 1, sourceWidth: 16, targetWidth: 16 });
    stream(lab.device, fit, { X: [data.X], Y: [data.Y] }, data);
    const held = liveMemory(lab.device);
    const stop = new AbortController();
    const work = fit.solve(0, 0, Array.from({ length: 50 }, (_, i) => 1e-4 * (i + 1)), stop.signal);
    stop.abort();
    await expect(work).rejects.toSatisfy((error) => error instanceof LabError && error.code === 'cancelled');
    expect(liveMemory(lab.device).buffers).toBeLessThanOrEqual(held.buffers);
    expect((await fit.solve(0, 0, 1e-3)).heldOutR2).toBeGreaterThan(0);
    fit.dispose();
    await expect(fit.grid(1)).rejects.toMatchObject({ code: 'internal' });
  });
});

test('no validation error went unnoticed', () => {
  expect(lab.uncaptured()).toEqual([]);
});
