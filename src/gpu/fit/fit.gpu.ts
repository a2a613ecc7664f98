/** The GPU fit: the suite of all fits, and what only a GPU has (memory, bindings, the whole range of conditions). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../experiment/errors';
import { relativeError } from '../../math/matrix';
import { Float64Fit } from '../../fit/float64-fit';
import { activationLike, ridgePathByQR } from '../../math/testing/activations';
import { gridLayers, HELD_OUT, layersOf, pairShape, SPECTRA, trainingRows } from '../../fit/testing/cases';
import { fitSuite } from '../../fit/testing/suite';
import { createDevice, type LabDevice } from '../device';
import { liveMemory } from '../scope';
import { GpuFit } from './gpu-fit';
import { stream, streamAll, uploading } from './testing';

let lab: LabDevice;
beforeAll(async () => {
  lab = await createDevice();
  (await GpuFit.create(lab.device, { sourceLayers: 1, targetLayers: 1, sourceWidth: 4, targetWidth: 4 })).dispose(); // compiles
});
afterAll(() => lab.destroy());

fitSuite(async () => ({
  make: async (shape, options) => uploading(lab.device, await GpuFit.create(lab.device, shape, options)),
  close: () => {},
}));

describe('conditions', () => {
  for (const item of SPECTRA) {
    test(item.name, async () => {
      const data = activationLike(item.states);
      const shape = pairShape(data);
      const truth = ridgePathByQR(trainingRows(data), item.lambdas);
      const reference = new Float64Fit(shape);
      stream(lab.device, reference, layersOf(data), data);
      const fit = await GpuFit.create(lab.device, shape);
      expect(await streamAll(lab.device, fit, data)).toBe(item.passes);
      const figures: string[] = [];
      for (const lambda of [...item.lambdas, ...item.onlyR2]) {
        const got = await fit.solve(0, 0, lambda);
        const deltaR2 = Math.abs(got.heldOutR2 - (await reference.solve(0, 0, lambda)).heldOutR2);
        const at = item.lambdas.indexOf(lambda);
        // Where the data do not determine the map, 512 held-out rows hold R² no tighter: its error is that of a mean
        // over them.
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
});

test('memory is given back, and small bindings change no result', async () => {
  const { shape, layers, data } = gridLayers();
  const before = liveMemory(lab.device);
  const fit = await GpuFit.create(lab.device, shape);
  stream(lab.device, fit, layers, data);
  const grid = await fit.grid(1e-4);
  const cka = await fit.cka();
  expect((await fit.solve(1, 2, [1e-4])).heldOutR2).toBeCloseTo(grid[5], 6);
  await fit.moments(0, 2);
  fit.dispose();
  expect(liveMemory(lab.device)).toEqual(before);

  // Each target layer is a band of its own.
  const split = await GpuFit.create(lab.device, shape, { maxBindingBytes: 80_000 });
  stream(lab.device, split, layers, data);
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
  const fit = await GpuFit.create(lab.device, pairShape(data));
  stream(lab.device, fit, layersOf(data), data);
  const held = liveMemory(lab.device);
  const stop = new AbortController();
  const work = fit.solve(
    0,
    0,
    Array.from({ length: 50 }, (_, i) => 1e-4 * (i + 1)),
    stop.signal,
  );
  stop.abort();
  await expect(work).rejects.toSatisfy((error) => error instanceof LabError && error.code === 'cancelled');
  expect(liveMemory(lab.device).buffers).toBeLessThanOrEqual(held.buffers);
  expect((await fit.solve(0, 0, 1e-3)).heldOutR2).toBeGreaterThan(0);
  fit.dispose();
  await expect(fit.grid(1)).rejects.toMatchObject({ code: 'internal' });
});

test('every fit gave its memory back, and no validation error went unnoticed', () => {
  expect(liveMemory(lab.device)).toEqual({ buffers: 0, bytes: 0 });
  expect(lab.uncaptured()).toEqual([]);
});
