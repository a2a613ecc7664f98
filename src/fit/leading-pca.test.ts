import { expect, test } from 'vitest';
import { leadingPca } from './leading-pca';
import { pca } from '../math/pca';
import { PlainProducts } from './testing/plain-products';
import { Random } from '../math/random';

/** n×d rows whose columns, mixed by a fixed rotation of neighbours, have these deviations, about 3. */
function rowsOf(n: number, deviations: readonly number[]): Float32Array {
  const random = new Random(5);
  const d = deviations.length;
  const rows = new Float32Array(n * d);
  for (let r = 0; r < n; r++) {
    const x = deviations.map((s) => s * random.normal());
    for (let j = 0; j < d; j++) rows[r * d + j] = 3 + 0.8 * x[j] + 0.6 * x[(j + 1) % d];
  }
  return rows;
}

test.each([
  ['a falling spectrum', Array.from({ length: 40 }, (_, i) => 10 / (i + 1))],
  ['one massive direction beside the rest', [100, ...Array.from({ length: 39 }, (_, i) => 2 - i / 40)]],
  ['a flat spectrum, where the iteration gives up', Array.from({ length: 40 }, () => 1)],
])('the leading components of %s are those of all', async (_name, deviations) => {
  const rows = rowsOf(700, deviations);
  const few = await leadingPca(rows, 40, 2, new PlainProducts());
  const all = pca({ rows: 700, cols: 40, data: rows }, 2);
  expect(few.total / all.total).toBeCloseTo(1, 5);
  for (let c = 0; c < 2; c++) {
    expect(few.variances[c] / all.variances[c]).toBeCloseTo(1, 4);
    const dot = few.components.data
      .subarray(c * 40, (c + 1) * 40)
      .reduce((sum, x, i) => sum + x * all.components.data[c * 40 + i], 0);
    expect(dot).toBeCloseTo(1, 4);
  }
  expect(few.mean).toEqual(all.mean);
});

test('refuses what cannot be', async () => {
  await expect(leadingPca(new Float32Array(8), 4, 5, new PlainProducts())).rejects.toThrow(RangeError);
  await expect(leadingPca(Float32Array.of(1, NaN, 2, 3), 2, 1, new PlainProducts())).rejects.toThrow(RangeError);
});
