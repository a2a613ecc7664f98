/** The whitened fit on ONNX Runtime's WASM, in a browser. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { relativeError } from '../math/matrix';
import type { Products } from '../fit/products';
import { Float64Fit } from '../fit/float64-fit';
import { activationLike } from '../math/testing/activations';
import { HELD_OUT, layersOf, pairShape, stream } from '../fit/testing/cases';
import { fitSuite, whitenedFits } from '../fit/testing/suite';
import { productsSuite } from '../fit/testing/products-suite';
import { WhitenedFit } from '../fit/whitened-fit';
import { runWasmSelfTest } from '../lab/wasm-selftest';
import { createWasmProducts } from './wasm-products';

fitSuite(() => whitenedFits(createWasmProducts));
productsSuite(createWasmProducts);

let products: Products;
beforeAll(async () => {
  products = await createWasmProducts();
});
afterAll(() => products.dispose());

describe('accuracy at the widths of real models', () => {
  test.each([2e4, 2e8, 2e10])('192 → 256, 16,384 rows, κ of the standardised covariance %d', async (kappa) => {
    const data = activationLike({
      sourceWidth: 192,
      targetWidth: 256,
      rows: 16384 + HELD_OUT,
      standardisedKappa: kappa,
      seed: 21,
    });
    const shape = pairShape(data);
    const fits = [new Float64Fit(shape, { cka: false }), new WhitenedFit(shape, products, { cka: false })];
    for (const fit of fits) await stream(fit, layersOf(data), data);
    expect(await fits[1].needsSecondPass(0)).toBe(false);
    for (const lambda of [0, 1e-4, 1e-2]) {
      const [expected, got] = [await fits[0].solve(0, 0, lambda), await fits[1].solve(0, 0, lambda)];
      const error = relativeError(got.best.W, expected.best.W);
      const deltaR2 = Math.abs(got.heldOutR2 - expected.heldOutR2);
      console.log(
        `κ ${kappa.toExponential(0)}, λ ${lambda}: W ${error.toExponential(1)}, ΔR² ${deltaR2.toExponential(1)}`,
      );
      expect(got.badPivots).toBe(0);
      expect(deltaR2).toBeLessThan(1e-6);
      if (kappa < 1e10 || lambda > 0) expect(error).toBeLessThan(1e-4);
    }
  });
});

test('the self-test passes', async () => {
  const report = await runWasmSelfTest(products);
  console.log(
    `self-test ${report.milliseconds.toFixed(0)} ms: ${report.cases.map((item) => `${item.kernel} (${item.name}) ${item.maxRelativeError.toExponential(1)}`).join(', ')}`,
  );
  expect(report.cases.filter((item) => !item.passed)).toEqual([]);
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
