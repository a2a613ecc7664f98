/** The self-test of the fit on WASM: the product and a whole fit on small seeded data, against float64. */
import { throwIfAborted } from '../experiment/errors';
import type { SelfTestCase, SelfTestReport } from '../gpu/selftest';
import { auditFit, onCpu } from '../fit/audit';
import { type Matrix, matmulTN, relativeError } from '../math/matrix';
import type { Products } from '../fit/products';
import { Random } from '../math/random';
import { Float64Fit } from '../fit/float64-fit';
import { activationLike } from '../math/testing/activations';
import { WhitenedFit } from '../fit/whitened-fit';

/** Relative error of float32 products of some hundred terms, with room. */
const PRODUCT_TOLERANCE = 5e-6;

/** Runs the product on widths that fill no tile, a fit at condition 1e8, and one with rows that are not finite. @throws LabError cancelled */
export async function runWasmSelfTest(products: Products, signal?: AbortSignal): Promise<SelfTestReport> {
  const start = performance.now();
  const cases: SelfTestCase[] = [];
  const check = async (kernel: string, name: string, tolerance: number, run: () => Promise<number>): Promise<void> => {
    throwIfAborted(signal);
    let error: number;
    try {
      error = await run();
    } catch {
      error = Infinity; // the report names the case; nothing is computed with products that fail
    }
    cases.push({ kernel, name, maxRelativeError: error, tolerance, passed: error <= tolerance });
  };

  const random = new Random(92);
  const matrix = (rows: number, cols: number): Matrix => ({
    rows,
    cols,
    data: Float64Array.from(random.normals(rows * cols), Math.fround),
  });
  for (const [rows, m, n] of [
    [131, 37, 53],
    [512, 64, 97],
  ]) {
    const [A, B] = [matrix(rows, m), matrix(rows, n)];
    const single = ({ data }: Matrix): Float32Array => Float32Array.from(data);
    await check('wasm atb', `${rows} rows, ${m} × ${n}`, PRODUCT_TOLERANCE, async () =>
      relativeError(await products.atb(single(A), rows, m, single(B), n), matmulTN(A, B).data),
    );
  }

  await check('fit', 'WASM, λ = 0 at condition 1e8', 1e-4, async () => {
    const { errorVsFloat64, deltaR2 } = await auditFit(
      onCpu((shape) => new WhitenedFit(shape, products, { cka: false, warmUpRows: 250 })),
      activationLike({ sourceWidth: 16, targetWidth: 12, rows: 700, kappa: 5e7, seed: 93 }),
      0,
      signal,
    );
    return Math.max(errorVsFloat64, deltaR2);
  });
  await check('fit', 'WASM, rows that are not finite', 1e-4, () => excludingError(products));
  return { passed: cases.every((item) => item.passed), milliseconds: performance.now() - start, cases };
}

/** A fit of rows with others strewn in that are not finite, against float64 without those; Infinity if they are not counted. */
async function excludingError(products: Products): Promise<number> {
  const [d, m, every] = [9, 5, 20];
  const { X, Y, rows } = activationLike({ sourceWidth: d, targetWidth: m, rows: 300, kappa: 1e3, seed: 94 });
  const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: d, targetWidth: m };
  const clean = new Float64Fit(shape, { cka: false });
  const strewn = new WhitenedFit(shape, products, { cka: false });
  for (const split of ['train', 'heldOut'] as const) {
    clean.add({ source: [X], target: [Y], rows, split });
    for (let first = 0; first < rows; first += every) {
      const [x, y] = [new Float32Array((every + 1) * d), new Float32Array((every + 1) * m)];
      x.set(X.subarray(first * d, (first + every) * d), d);
      y.set(Y.subarray(first * m, (first + every) * m), m);
      if (first % (2 * every) === 0) x[first % d] = NaN;
      else y[first % m] = Infinity;
      await strewn.add({ source: [x], target: [y], rows: every + 1, split });
    }
  }
  if ((await strewn.rows()).excluded !== (2 * rows) / every) return Infinity;
  return relativeError((await strewn.solve(0, 0, 1e-3)).best.W, (await clean.solve(0, 0, 1e-3)).best.W);
}
