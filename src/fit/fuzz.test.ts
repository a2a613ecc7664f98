/** The fits on the CPU over 2,000 seeded cases of unpleasant data. */
import { expect, test } from 'vitest';
import type { StreamingFit } from './types';
import { Float64Fit } from './float64-fit';
import { describeCase, type FuzzCase, fuzzCase, fuzzFit } from './testing/fuzz';
import { PlainProducts } from './testing/plain-products';
import { WhitenedFit } from './whitened-fit';

const CASES = 2000;
type Fit = StreamingFit<Float32Array>;

async function failures(make: (item: FuzzCase) => Fit, cases: number): Promise<string[]> {
  const out: string[] = [];
  for (let seed = 1; seed <= cases; seed++) {
    const item = fuzzCase(seed);
    for (const what of await fuzzFit(item, make(item), (fit, chunk) => fit.add(chunk)))
      out.push(`${describeCase(item)}: ${what}`);
  }
  return out;
}

const fits: [string, (item: FuzzCase) => Fit][] = [
  ['float64', ({ shape, folds }) => new Float64Fit(shape, { cka: false, folds })],
  [
    'whitened float32',
    ({ shape, folds, warmUpRows }) => new WhitenedFit(shape, new PlainProducts(), { cka: false, folds, warmUpRows }),
  ],
];
for (const [name, make] of fits) {
  test(`${name}: never a NaN without an error that explains it`, { timeout: 600_000 }, async () => {
    expect(await failures(make, CASES)).toEqual([]);
  });
}

test('a fit that misbehaves is noticed', async () => {
  const broken =
    (change: (fit: Fit) => void) =>
    ({ shape, folds }: FuzzCase): Fit => {
      const fit = new Float64Fit(shape, { cka: false, folds });
      change(fit);
      return fit;
    };
  const solving = (change: (pair: Awaited<ReturnType<Fit['solve']>>) => void) =>
    broken((fit) => {
      const solve = fit.solve.bind(fit);
      fit.solve = async (...args) => {
        const pair = await solve(...args);
        change(pair);
        return pair;
      };
    });
  const all: [RegExp, (item: FuzzCase) => Fit][] = [
    [/W is not finite/, solving((pair) => pair.best.W.fill(NaN, 0, 1))],
    [/p is not finite/, solving((pair) => pair.best.p.fill(Infinity, 0, 1))],
    [/the rows give/, solving((pair) => (pair.heldOutR2 -= 0.01))],
    [/of dimension/, solving((pair) => pair.perDimension.fill(NaN))],
    [/constant columns/, solving((pair) => pair.constantColumns++)],
    [/excluded rows/, broken((fit) => (fit.rows = async () => ({ train: 0, heldOut: 0, excluded: -1 })))],
    [/does not say why|refuses/, broken((fit) => (fit.solve = () => Promise.reject(new RangeError('No.'))))],
    [/TypeError/, broken((fit) => (fit.solve = () => Promise.reject(new TypeError('x'))))],
  ];
  for (const [message, make] of all)
    expect((await failures(make, 12)).filter((what) => message.test(what)).length).toBeGreaterThan(6);
});
