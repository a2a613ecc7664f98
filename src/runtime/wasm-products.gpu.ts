/** The whitened fit on ONNX Runtime's WASM, in a browser: the GPU fit's cases and tolerances, and its speed beside float64. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FIT_CASES, HELD_OUT, trainingRows } from '../gpu/fit/cases';
import type { FitShape, StreamingFit } from '../math/fit-types';
import { matmulTN, relativeError } from '../math/matrix';
import type { Products } from '../math/products';
import { Random } from '../math/random';
import { Float64Fit } from '../math/ridge';
import { activationLike } from '../math/testing/activations';
import { stream, whitenedSuite } from '../math/testing/whitened-suite';
import { WhitenedFit } from '../math/whitened-fit';
import { runWasmSelfTest } from '../lab/wasm-selftest';
import { createWasmProducts } from './wasm-products';

whitenedSuite(createWasmProducts, { cases: FIT_CASES, heldOut: HELD_OUT, trainingRows });

let products: Products;
beforeAll(async () => {
  products = await createWasmProducts();
});
afterAll(() => products.dispose());

async function seconds(work: () => Promise<unknown> | unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];
const normals = (count: number, seed: number): Float32Array => Float32Array.from(new Random(seed).normals(count));

describe('accuracy at the widths of real models', () => {
  test.each([2e4, 2e8, 2e10])('192 → 256, 16,384 rows, κ of the standardised covariance %d', async (kappa) => {
    const data = activationLike({ sourceWidth: 192, targetWidth: 256, rows: 16384 + HELD_OUT, standardisedKappa: kappa, seed: 21 });
    const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: 192, targetWidth: 256 };
    const fits = [new Float64Fit(shape, { cka: false }), new WhitenedFit(shape, products, { cka: false })];
    for (const fit of fits) await stream(fit, { X: [data.X], Y: [data.Y] }, data, HELD_OUT);
    expect(await fits[1].needsSecondPass(0)).toBe(false);
    for (const lambda of [0, 1e-4, 1e-2]) {
      const [expected, got] = [await fits[0].solve(0, 0, lambda), await fits[1].solve(0, 0, lambda)];
      const error = relativeError(got.best.W, expected.best.W);
      const deltaR2 = Math.abs(got.heldOutR2 - expected.heldOutR2);
      console.log(`κ ${kappa.toExponential(0)}, λ ${lambda}: W ${error.toExponential(1)}, ΔR² ${deltaR2.toExponential(1)}`);
      expect(got.badPivots).toBe(0);
      expect(deltaR2).toBeLessThan(1e-6);
      if (kappa < 1e10 || lambda > 0) expect(error).toBeLessThan(1e-4);
    }
  });
});

describe('speed', () => {
  test.each([[512, 256, 512], [2048, 256, 512], [512, 64, 576]])('AᵀB of %i rows, %i × %i is faster than in JavaScript', async (rows, m, n) => {
    const [A, B] = [normals(rows * m, 1), normals(rows * n, 2)];
    const times = { wasm: [] as number[], js: [] as number[] };
    for (let i = 0; i < 12; i++) {
      times.wasm.push(await seconds(() => products.atb(A, rows, m, B, n)));
      times.js.push(await seconds(() => matmulTN({ rows, cols: m, data: A }, { rows, cols: n, data: B })));
    }
    const rate = (list: number[]): number => (2e-9 * rows * m * n) / median(list);
    // The least times are compared: another program's load only ever adds.
    console.log(`AᵀB ${rows} rows, ${m}×${n}: WASM ${rate(times.wasm).toFixed(1)} GFLOP/s, float64 in JavaScript ${rate(times.js).toFixed(1)}`);
    expect(Math.min(...times.wasm)).toBeLessThan(Math.min(...times.js));
  });

  const wholeFit = async (make: () => StreamingFit<Float32Array>, shape: FitShape, rows: number): Promise<number> => {
    const { sourceLayers, targetLayers, sourceWidth, targetWidth } = shape;
    const X = Array.from({ length: sourceLayers }, (_, s) => normals(512 * sourceWidth, s));
    const Y = Array.from({ length: targetLayers }, (_, t) => normals(512 * targetWidth, 50 + t));
    const fit = make();
    const time = await seconds(async () => {
      for (let first = 0; first < rows; first += 512) await fit.add({ source: X, target: Y, rows: 512, split: first % 5120 === 4608 ? 'heldOut' : 'train' });
      if (sourceLayers * targetLayers > 1) {
        await fit.grid(1e-4);
        await fit.cka();
      }
      await fit.solve(0, 0, [0, 1e-4, 1e-2]);
    });
    fit.dispose();
    return time;
  };

  const SHAPES: [string, FitShape, number][] = [
    ['the bundled small pair', { sourceLayers: 3, targetLayers: 4, sourceWidth: 64, targetWidth: 128 }, 10_000],
    ['4 × 6 layers of 64 → 96', { sourceLayers: 4, targetLayers: 6, sourceWidth: 64, targetWidth: 96 }, 10_000],
    ['the bundled large pair', { sourceLayers: 4, targetLayers: 5, sourceWidth: 128, targetWidth: 192 }, 10_000],
    ['one pair 256 → 512', { sourceLayers: 1, targetLayers: 1, sourceWidth: 256, targetWidth: 512 }, 20_000],
    ['one pair 16 → 16', { sourceLayers: 1, targetLayers: 1, sourceWidth: 16, targetWidth: 16 }, 10_000],
    ['one pair 64 → 96', { sourceLayers: 1, targetLayers: 1, sourceWidth: 64, targetWidth: 96 }, 10_000],
  ];
  test.each(SHAPES)('whole fit, %s', async (name, shape, rows) => {
    const times = { wasm: [] as number[], float64: [] as number[] };
    for (let i = 0; i < 3; i++) {
      times.wasm.push(await wholeFit(() => new WhitenedFit(shape, products), shape, rows));
      times.float64.push(await wholeFit(() => new Float64Fit(shape), shape, rows));
    }
    console.log(`${name}, ${rows} rows, median (least): WASM ${median(times.wasm).toFixed(2)} (${Math.min(...times.wasm).toFixed(2)}) s, float64 ${median(times.float64).toFixed(2)} (${Math.min(...times.float64).toFixed(2)}) s`);
    if (shape.sourceWidth * shape.targetWidth * shape.sourceLayers * shape.targetLayers > 20_000) expect(Math.min(...times.wasm)).toBeLessThan(Math.min(...times.float64));
  });
});

test('the self-test passes within its time', async () => {
  const reports = [];
  for (let i = 0; i < 5; i++) reports.push(await runWasmSelfTest(products));
  const report = reports.reduce((a, b) => (b.milliseconds < a.milliseconds ? b : a)); // the first also compiles JavaScript, and load only adds
  console.log(`self-test ${report.milliseconds.toFixed(0)} ms: ${report.cases.map((item) => `${item.kernel} (${item.name}) ${item.maxRelativeError.toExponential(1)}`).join(', ')}`);
  expect(report.cases.filter((item) => !item.passed)).toEqual([]);
  expect(report.milliseconds).toBeLessThan(200);
});

test('a self-test of wrong products fails and names them', async () => {
  const wrong: Products = {
    atb: async (...args) => (await products.atb(...args)).map((x, i) => x * (1 + 1e-3 * (i % 7))),
    dispose: async () => {},
  };
  const report = await runWasmSelfTest(wrong);
  expect(report.passed).toBe(false);
  expect(report.cases.filter((item) => item.passed)).toEqual([]);
  const none = await runWasmSelfTest({ ...wrong, atb: () => Promise.reject(new Error('no memory')) });
  expect(none.cases.map((item) => item.maxRelativeError)).toEqual(none.cases.map(() => Infinity));
});

test('disposed products refuse work with a named error', async () => {
  const gone = await createWasmProducts();
  await gone.dispose();
  await gone.dispose();
  await expect(gone.atb(new Float32Array(1), 1, 1, new Float32Array(1), 1)).rejects.toMatchObject({ code: 'internal' });
});
