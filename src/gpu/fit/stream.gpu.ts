/** What a GPU fit makes of the rows it is given: any chunk size, float16, rows that are not finite, folds. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PairFit } from '../../fit/types';
import { relativeError } from '../../math/matrix';
import { Float64Fit } from '../../fit/float64-fit';
import { activationLike, type PairedStates } from '../../math/testing/activations';
import { HELD_OUT, layersOf, pairShape } from '../../fit/testing/cases';
import { createDevice, type LabDevice } from '../device';
import { Recorder } from '../recorder';
import { GpuRows } from '../rows';
import { GpuScope, liveMemory } from '../scope';
import { GpuFit, type GpuFitOptions } from './gpu-fit';
import { halves, roundedToHalf, stream, type StreamOptions } from './testing';

let lab: LabDevice;
beforeAll(async () => {
  lab = await createDevice();
  (await GpuFit.create(lab.device, { sourceLayers: 1, targetLayers: 1, sourceWidth: 4, targetWidth: 4 })).dispose(); // compiles
});
afterAll(() => lab.destroy());

/** Streams, solves, disposes. */
async function solved(
  data: PairedStates,
  lambdas: number[],
  options: GpuFitOptions = {},
  how: StreamOptions = {},
): Promise<PairFit> {
  const fit = await GpuFit.create(lab.device, pairShape(data), options);
  stream(lab.device, fit, layersOf(data), data, { ...how, folds: options.folds });
  const result = await fit.solve(0, 0, lambdas);
  fit.dispose();
  return result;
}

async function reference(data: PairedStates, lambdas: number[]): Promise<PairFit> {
  const fit = new Float64Fit(pairShape(data));
  stream(lab.device, fit, layersOf(data), data);
  return fit.solve(0, 0, lambdas);
}

const LAMBDAS = [0, 1e-4, 1e-2];

describe('chunks', () => {
  test('any size gives the same map, and memory depends on the widths only', async () => {
    const data = activationLike({ sourceWidth: 40, targetWidth: 24, rows: 6000 + HELD_OUT, kappa: 1e4, seed: 31 });
    const expected = await reference(data, LAMBDAS);
    for (const chunk of [17, 100, 2048, 5000]) {
      const got = await solved(data, LAMBDAS, {}, { chunk });
      expect(relativeError(got.best.W, expected.best.W)).toBeLessThan(2e-6);
      expect(Math.abs(got.heldOutR2 - expected.heldOutR2)).toBeLessThan(2e-7);
    }
    const fit = await GpuFit.create(lab.device, pairShape(data));
    stream(lab.device, fit, layersOf(data), data, { to: 3000 });
    stream(lab.device, fit, layersOf(data), data, { from: 6000 });
    const held = liveMemory(lab.device);
    for (let again = 0; again < 3; again++) stream(lab.device, fit, layersOf(data), data, { chunk: 2500 });
    expect(liveMemory(lab.device)).toEqual(held);
    fit.dispose();
  });

  test('a wide source and few rows', async () => {
    const data = activationLike({ sourceWidth: 1040, targetWidth: 40, rows: 300 + HELD_OUT, kappa: 100, seed: 32 });
    const expected = await reference(data, [1e-3]);
    const got = await solved(data, [1e-3]);
    expect(relativeError(got.best.W, expected.best.W)).toBeLessThan(1e-4);
    // More columns than rows: the map is the ridge's more than the data's.
    expect(Math.abs(got.heldOutR2 - expected.heldOutR2)).toBeLessThan(1e-5);
  }, 480_000); // large products on a software adapter

  test('a flood of held-out rows in front is refused, wrong shapes and folds too', async () => {
    const data = activationLike({ sourceWidth: 4, targetWidth: 4, rows: 600 + HELD_OUT, kappa: 10, seed: 33 });
    const fit = await GpuFit.create(lab.device, pairShape(data), { warmUpRows: 100 });
    expect(() => stream(lab.device, fit, layersOf(data), data, { from: 600 })).toThrowError(/all held out/);
    expect(() => fit.add({ source: [], target: [], rows: 4, split: 'train' })).toThrowError(RangeError);
    await expect(fit.solve(0, 0, 0)).rejects.toThrowError(/two training rows/);
    fit.dispose();
    await expect(GpuFit.create(lab.device, pairShape(data), { folds: 1 })).rejects.toThrowError(RangeError);
    const folded = await GpuFit.create(lab.device, pairShape(data), { folds: 3 });
    const scope = new GpuScope(lab.device);
    const matrix = scope.matrix(2, 4, 'rows');
    expect(() => folded.add({ source: [matrix], target: [matrix], rows: 2, split: 'train' })).toThrowError(
      /fold from 0 to 2/,
    );
    expect(() => folded.add({ source: [matrix], target: [matrix], rows: 2, split: 'train', fold: 3 })).toThrowError(
      RangeError,
    );
    scope.dispose();
    folded.dispose();
  });
});

describe('float16', () => {
  for (const [sourceWidth, targetWidth] of [
    [33, 21],
    [48, 64],
  ] as const) {
    test(`${sourceWidth} → ${targetWidth}: the fit of the rounded numbers`, async () => {
      const data = activationLike({ sourceWidth, targetWidth, rows: 3000 + HELD_OUT, kappa: 1e3, seed: 34 });
      const rounded = { ...data, X: roundedToHalf(data.X), Y: roundedToHalf(data.Y) };
      expect(rounded.X.every(Number.isFinite)).toBe(true);
      const expected = await reference(rounded, LAMBDAS);
      const got = await solved(data, LAMBDAS, {}, { half: true, chunk: 301 });
      expect(relativeError(got.best.W, expected.best.W)).toBeLessThan(5e-6);
      expect(Math.abs(got.heldOutR2 - expected.heldOutR2)).toBeLessThan(1e-6);
      // Of the numbers before rounding it is another fit.
      expect(relativeError(got.best.W, (await reference(data, LAMBDAS)).best.W)).toBeGreaterThan(1e-5);
    });
  }

  test('rows are gathered into float32, NaN and infinity included', async () => {
    const numbers = Float32Array.from({ length: 7 * 3 }, (_, i) => i / 3 - 2);
    numbers[4] = NaN;
    numbers[20] = -Infinity;
    const scope = new GpuScope(lab.device);
    const rows = await GpuRows.create(lab.device);
    const tensor = { buffer: scope.upload(halves(numbers), 'float16'), rows: 7, cols: 3, type: 'float16' } as const;
    const [matrix] = rows.gather([tensor], Uint32Array.of(6, 1, 0, 1), scope);
    const rec = await Recorder.create(lab.device, []);
    const got = await rec.readFloats(matrix.buffer, 12);
    const expected = roundedToHalf(numbers);
    expect(got).toEqual(Float32Array.from([6, 1, 0, 1].flatMap((row) => [...expected.subarray(row * 3, row * 3 + 3)])));
    rec.dispose();
    rows.dispose();
    scope.dispose();
  });
});

describe('rows that are not finite', () => {
  const poison = [NaN, Infinity, -Infinity];

  /** Two layers a side; some rows of one layer or another are spoilt, the first among them. */
  function spoilt(every: number): {
    layers: { X: Float32Array[]; Y: Float32Array[] };
    data: PairedStates;
    bad: Set<number>;
  } {
    const data = activationLike({ sourceWidth: 20, targetWidth: 18, rows: 2600 + HELD_OUT, kappa: 1e4, seed: 35 });
    const other = activationLike({ sourceWidth: 20, targetWidth: 18, rows: data.rows, kappa: 1e3, seed: 36 });
    const layers = { X: [data.X, other.X], Y: [other.Y, data.Y] };
    const bad = new Set<number>();
    for (let r = 0, i = 0; r < data.rows; r += every, i++) {
      const side = [layers.X[0], layers.X[1], layers.Y[0], layers.Y[1]][i % 4];
      const width = i % 4 < 2 ? 20 : 18;
      side[r * width + ((i * 7) % width)] = poison[i % 3];
      bad.add(r);
    }
    return { layers, data, bad };
  }

  test('are left out of everything and counted, as in float64', async () => {
    const { layers, data, bad } = spoilt(37);
    const shape = { ...pairShape(data), sourceLayers: 2, targetLayers: 2 };
    const fit = await GpuFit.create(lab.device, shape, { folds: 3 });
    const expected = new Float64Fit(shape, { folds: 3 });
    stream(lab.device, fit, layers, data, { folds: 3 });
    stream(lab.device, expected, layers, data, { folds: 3 });
    const heldOutBad = [...bad].filter((r) => r >= data.rows - HELD_OUT).length;
    const counts = { train: 2600 - (bad.size - heldOutBad), heldOut: HELD_OUT - heldOutBad, excluded: bad.size };
    expect(await fit.rows()).toEqual(counts);
    const [got, right] = [await fit.solve(0, 1, LAMBDAS), await expected.solve(0, 1, LAMBDAS)];
    expect(await fit.rows()).toEqual(counts);
    expect(await expected.rows()).toEqual(counts);
    expect(relativeError(got.best.W, right.best.W)).toBeLessThan(2e-6);
    expect(relativeError(got.best.p, right.best.p)).toBeLessThan(1e-5);
    expect(Math.abs(got.heldOutR2 - right.heldOutR2)).toBeLessThan(1e-6);
    expect(got.constantColumns).toBe(0);
    const [grid, rightGrid] = [await fit.grid(1e-3), await expected.grid(1e-3)];
    grid.forEach((r2, i) => expect(Math.abs(r2 - rightGrid[i])).toBeLessThan(1e-6));
    const [points, rightPoints] = [await fit.crossValidate(0, 1, LAMBDAS), await expected.crossValidate(0, 1, LAMBDAS)];
    points.forEach((point, i) => expect(Math.abs(point.meanR2 - rightPoints[i].meanR2)).toBeLessThan(2e-6));
    await fit.restart(); // shift and scale are renewed from the rows that are left
    stream(lab.device, fit, layers, data, { folds: 3 });
    expect(await fit.rows()).toEqual(counts);
    expect(relativeError((await fit.solve(0, 1, LAMBDAS)).best.W, right.best.W)).toBeLessThan(2e-6);
    fit.dispose();
  });

  test('constant columns are still recognised when the first row is one of them', async () => {
    const { layers, data } = spoilt(37);
    for (let r = 0; r < data.rows; r++) layers.X[0][r * 20 + 9] = 0.1;
    const fit = await GpuFit.create(lab.device, { ...pairShape(data), sourceLayers: 2, targetLayers: 2 });
    stream(lab.device, fit, layers, data);
    expect((await fit.solve(0, 1, 1e-4)).constantColumns).toBe(1);
    fit.dispose();
  });

  test('no rows left is an error that says how many', async () => {
    const { layers, data } = spoilt(1);
    const fit = await GpuFit.create(lab.device, { ...pairShape(data), sourceLayers: 2, targetLayers: 2 });
    stream(lab.device, fit, layers, data);
    expect(await fit.rows()).toEqual({ train: 0, heldOut: 0, excluded: data.rows });
    await expect(fit.solve(0, 0, 1e-3)).rejects.toMatchObject({
      code: 'non-finite',
      params: { excluded: data.rows, rows: data.rows },
    });
    await expect(fit.grid(1e-3)).rejects.toMatchObject({
      key: 'non-finite.rows',
      params: { excluded: data.rows, rows: data.rows, left: 0 },
    });
    fit.dispose();
  });

  test('numbers too large for float32 sums are an error, not a NaN', async () => {
    const data = activationLike({ sourceWidth: 8, targetWidth: 8, rows: 1500 + HELD_OUT, kappa: 10, seed: 37 });
    data.X[8 * 1400] = 1e30;
    const fit = await GpuFit.create(lab.device, pairShape(data));
    stream(lab.device, fit, layersOf(data), data);
    await expect(fit.solve(0, 0, 1e-3)).rejects.toMatchObject({ code: 'non-finite' });
    fit.dispose();
  });
});

describe('folds', () => {
  test('change no other result, and give the cross-validation of float64', async () => {
    const data = activationLike({ sourceWidth: 36, targetWidth: 28, rows: 3500 + HELD_OUT, kappa: 1e4, seed: 38 });
    const plain = await solved(data, LAMBDAS);
    const folded = await solved(data, LAMBDAS, { folds: 5 });
    expect(relativeError(folded.best.W, plain.best.W)).toBeLessThan(1e-6);
    expect(Math.abs(folded.heldOutR2 - plain.heldOutR2)).toBeLessThan(1e-6);
    folded.perDimension.forEach((r2, j) => expect(Math.abs(r2 - plain.perDimension[j])).toBeLessThan(1e-6));
    const fit = await GpuFit.create(lab.device, pairShape(data), { folds: 5 });
    const without = await GpuFit.create(lab.device, pairShape(data));
    const expected = new Float64Fit(pairShape(data), { folds: 5 });
    for (const each of [fit, without, expected]) stream(lab.device, each, layersOf(data), data, { folds: 5 });
    const lambdas = [0, 1e-5, 1e-3, 1e-1, 10];
    const points = await fit.crossValidate(0, 0, lambdas);
    const right = await expected.crossValidate(0, 0, lambdas);
    points.forEach((point, i) => {
      expect(point.lambda).toBe(lambdas[i]);
      point.perFold.forEach((r2, fold) => expect(Math.abs(r2 - right[i].perFold[fold])).toBeLessThan(1e-6));
      expect(Math.abs(point.meanR2 - right[i].meanR2)).toBeLessThan(1e-6);
      expect(Math.abs(point.standardError - right[i].standardError)).toBeLessThan(1e-6);
    });
    expect(new Set(points[0].perFold).size).toBe(5);
    const [cka, plainCka] = [await fit.cka(), await without.cka()];
    expect(Math.abs(cka[0] - plainCka[0])).toBeLessThan(1e-6);
    const [a, b] = [await fit.moments(0, 0), await without.moments(0, 0)];
    expect(relativeError(a.train.ss.data, b.train.ss.data)).toBeLessThan(1e-6);
    expect(relativeError(a.train.st.data, b.train.st.data)).toBeLessThan(1e-5);
    await expect(without.crossValidate(0, 0, [1])).rejects.toThrowError(/without folds/);
    await expect(fit.crossValidate(0, 0, [-1])).rejects.toThrowError(RangeError);
    const stop = new AbortController();
    const cancelled = fit.crossValidate(0, 0, lambdas, stop.signal);
    stop.abort();
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    fit.dispose();
    without.dispose();
  });

  test('an empty fold is named', async () => {
    const data = activationLike({ sourceWidth: 8, targetWidth: 8, rows: 900 + HELD_OUT, kappa: 10, seed: 39 });
    const fit = await GpuFit.create(lab.device, pairShape(data), { folds: 4 });
    stream(lab.device, fit, layersOf(data), data, { folds: 3 });
    await expect(fit.crossValidate(0, 0, [1e-3])).rejects.toThrowError(/Fold 3 has no rows/);
    fit.dispose();
  });
});

test('without whitening: plain normal equations, and never a second pass', async () => {
  const data = activationLike({
    sourceWidth: 40,
    targetWidth: 24,
    rows: 3000 + HELD_OUT,
    standardisedKappa: 1e3,
    seed: 40,
  });
  const expected = await reference(data, LAMBDAS);
  const fit = await GpuFit.create(lab.device, pairShape(data), { whiten: false });
  stream(lab.device, fit, layersOf(data), data);
  expect(await fit.needsSecondPass()).toBe(false);
  const got = await fit.solve(0, 0, LAMBDAS);
  expect(relativeError(got.best.W, expected.best.W)).toBeLessThan(1e-4);
  expect(Math.abs(got.heldOutR2 - expected.heldOutR2)).toBeLessThan(1e-6);
  const { train } = await fit.moments(0, 0);
  const right = new Float64Fit(pairShape(data));
  stream(lab.device, right, layersOf(data), data);
  expect(relativeError(train.ss.data, (await right.moments(0, 0)).train.ss.data)).toBeLessThan(1e-5);
  fit.dispose();
});

test('the reason for a second pass is told', async () => {
  const data = activationLike({
    sourceWidth: 48,
    targetWidth: 16,
    rows: 4096 + HELD_OUT,
    kappa: 1e8,
    seed: 4,
    misleading: 1300,
  });
  const fit = await GpuFit.create(lab.device, pairShape(data));
  stream(lab.device, fit, layersOf(data), data);
  const reason = await fit.secondPassReason();
  expect(reason).toMatchObject({ sourceLayer: 0, limit: 1e3 });
  expect((reason?.badPivots ?? 0) > 0 || (reason?.meanSquare ?? 0) > 1e3).toBe(true);
  await fit.restart();
  stream(lab.device, fit, layersOf(data), data);
  expect(await fit.secondPassReason()).toBeNull();
  fit.dispose();
});

test('no validation error went unnoticed', () => {
  expect(lab.uncaptured()).toEqual([]);
});
