/** A device that is lost in the middle of a fit costs the rows since the last checkpoint, and nothing else. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { relativeError } from '../../math/matrix';
import { activationLike } from '../../math/testing/activations';
import { HELD_OUT, pairShape } from '../../fit/testing/cases';
import { createDevice, type LabDevice } from '../device';
import { liveMemory } from '../scope';
import type { FitCheckpoint } from './checkpoint';
import { GpuFit, type GpuFitOptions } from './gpu-fit';
import { stream } from './testing';

const data = activationLike({ sourceWidth: 40, targetWidth: 28, rows: 5000 + HELD_OUT, kappa: 1e6, seed: 41 });
const layers = { X: [data.X], Y: [data.Y] };
const LAMBDAS = [0, 1e-4, 1e-2];
const CHUNK = 250;

let lab: LabDevice;
beforeAll(async () => {
  lab = await createDevice();
  (await GpuFit.create(lab.device, { sourceLayers: 1, targetLayers: 1, sourceWidth: 4, targetWidth: 4 })).dispose(); // compiles
});
afterAll(() => lab.destroy());

/** The checkpoint after `to` rows, with rows still streaming in while it is read, and the device destroyed after it. */
async function interrupted(to: number, options: GpuFitOptions): Promise<FitCheckpoint> {
  const lost = await createDevice();
  const fit = await GpuFit.create(lost.device, pairShape(data), options);
  stream(lost.device, fit, layers, data, { to, folds: options.folds, chunk: CHUNK });
  const before = liveMemory(lost.device);
  const reading = fit.checkpoint();
  stream(lost.device, fit, layers, data, { from: to, to: to + 500, folds: options.folds, chunk: CHUNK });
  const checkpoint = await reading;
  expect(liveMemory(lost.device).buffers).toBeGreaterThanOrEqual(before.buffers);
  expect(lost.uncaptured()).toEqual([]);
  lost.device.destroy();
  await lost.device.lost;
  await expect(fit.solve(0, 0, 1e-3)).rejects.toMatchObject({ code: 'webgpu-device-lost' });
  await expect(fit.checkpoint()).rejects.toMatchObject({ code: 'webgpu-device-lost' });
  return structuredClone(checkpoint);
}

// A device compiles everything anew, which takes a software adapter seconds: two losses cover what differs.
for (const [name, to, options] of [
  ['in the middle, with folds', 3500, { folds: 3 }],
  ['in the warm-up, without whitening', 500, { whiten: false }],
] as const) {
  test(`resumes ${name}`, async () => {
    const whole = await GpuFit.create(lab.device, pairShape(data), options);
    const folds = 'folds' in options ? options.folds : undefined;
    stream(lab.device, whole, layers, data, { folds, chunk: CHUNK });
    const checkpoint = await interrupted(to, options);
    expect(checkpoint.trainRows).toBe(to);
    const fit = await GpuFit.resume(lab.device, checkpoint);
    stream(lab.device, fit, layers, data, { from: to, folds, chunk: CHUNK });
    expect(await fit.rows()).toEqual(await whole.rows());
    expect(await fit.secondPassReason()).toEqual(await whole.secondPassReason());
    const [got, expected] = [await fit.solve(0, 0, LAMBDAS), await whole.solve(0, 0, LAMBDAS)];
    expect(relativeError(got.best.W, expected.best.W)).toBeLessThan(1e-6);
    expect(Math.abs(got.heldOutR2 - expected.heldOutR2)).toBeLessThan(1e-6);
    if (folds) {
      const [points, right] = [await fit.crossValidate(0, 0, LAMBDAS), await whole.crossValidate(0, 0, LAMBDAS)];
      points.forEach((point, i) => expect(Math.abs(point.meanR2 - right[i].meanR2)).toBeLessThan(1e-6));
    }
    fit.dispose();
    whole.dispose();
    expect(liveMemory(lab.device).buffers).toBe(0);
  });
}

test('a second pass survives, and what does not fit is refused', async () => {
  const fit = await GpuFit.create(lab.device, pairShape(data));
  stream(lab.device, fit, layers, data);
  await fit.restart();
  stream(lab.device, fit, layers, data, { to: 2500, chunk: CHUNK });
  const checkpoint = await fit.checkpoint();
  stream(lab.device, fit, layers, data, { from: 2500, chunk: CHUNK });
  const resumed = await GpuFit.resume(lab.device, checkpoint);
  stream(lab.device, resumed, layers, data, { from: 2500, chunk: CHUNK });
  const [got, expected] = [await resumed.solve(0, 0, LAMBDAS), await fit.solve(0, 0, LAMBDAS)];
  expect(got.secondPass).toBe(true);
  expect(relativeError(got.best.W, expected.best.W)).toBeLessThan(1e-6);
  const larger = { ...checkpoint, options: { ...checkpoint.options, bindingBytes: 2 ** 50 } };
  await expect(GpuFit.resume(lab.device, larger)).rejects.toMatchObject({ code: 'out-of-memory' });
  const damaged = { ...checkpoint, state: checkpoint.state.slice(1) };
  await expect(GpuFit.resume(lab.device, damaged)).rejects.toThrowError(/damaged/);
  fit.dispose();
  resumed.dispose();
  expect(liveMemory(lab.device).buffers).toBe(0);
  expect(lab.uncaptured()).toEqual([]);
});
