/** The self-test of the fit on WASM: the product and a whole fit on small seeded data, against float64. */
import { throwIfAborted } from '../experiment/errors';
import type { SelfTestCase, SelfTestReport } from '../gpu/selftest';
import { auditFit } from '../math/audit';
import { type Matrix, matmulTN, relativeError } from '../math/matrix';
import type { Products } from '../math/products';
import { Random } from '../math/random';
import { activationLike } from '../math/testing/activations';
import { WhitenedFit } from '../math/whitened-fit';

/** Relative error of float32 products of some hundred terms, with room. */
const PRODUCT_TOLERANCE = 5e-6;

/** Runs the product on widths that fill no tile, a fit at condition 1e8, and one with rows that are not finite. @throws LabError cancelled */
export async function runWasmSelfTest(products: Products, signal?: AbortSignal): Promise<SelfTestReport> {
  const start = performance.now();
  const cases: SelfTestCase[] = [];
  const check = async (kernel: string, tolerance: number, run: () => Promise<number>): Promise<void> => {
    throwIfAborted(signal);
    let error: number;
    try {
      error = await run();
    } catch {
      error = Infinity; // the report names the case; nothing is computed with products that fail
    }
    cases.push({ kernel, maxRelativeError: error, tolerance, passed: error <= tolerance });
  };

  const random = new Random(92);
  const matrix = (rows: number, cols: number): Matrix => ({ rows, cols, data: Float64Array.from(random.normals(rows * cols), Math.fround) });
  for (const [rows, m, n] of [[131, 37, 53], [512, 64, 97]]) {
    const [A, B] = [matrix(rows, m), matrix(rows, n)];
    const single = ({ data }: Matrix): Float32Array => Float32Array.from(data);
    await check(`wasm atb ${rows} rows`, PRODUCT_TOLERANCE, async () => relativeError(await products.atb(single(A), rows, m, single(B), n), matmulTN(A, B).data));
  }

  const data = activationLike({ sourceWidth: 24, targetWidth: 12, rows: 1500, kappa: 5e7, seed: 93 });
  const audit = (rows: Float32Array): Promise<{ errorVsFloat64: number; deltaR2: number }> =>
    auditFit((shape) => new WhitenedFit(shape, products, { cka: false, warmUpRows: 500 }), rows, data.Y, data.rows, 24, 12, 0, signal);
  await check('wasm fit', 1e-4, async () => {
    const { errorVsFloat64, deltaR2 } = await audit(data.X);
    return Math.max(errorVsFloat64, deltaR2);
  });
  await check('wasm fit without rows that are not finite', 1e-4, async () => {
    const broken = data.X.slice();
    for (let r = 0; r < data.rows; r += 50) broken[r * 24 + (r % 24)] = r % 100 === 0 ? NaN : Infinity;
    const { errorVsFloat64, deltaR2 } = await audit(broken);
    return Math.max(errorVsFloat64, deltaR2);
  });
  return { passed: cases.every((item) => item.passed), milliseconds: performance.now() - start, cases };
}
