import { expect, test } from 'vitest';
import { Random } from '../../math/random';
import { Float64Fit } from '../../fit/float64-fit';
import { cosine, norm } from '../../math/stats';
import type { Sample } from '../rows';
import { mapDirection, unit } from '../vectors';
import type { ArmInput } from './arm';
import { shuffled } from './shuffled';

const [rows, dS, dT, lambda] = [300, 6, 9, 0.05];
const random = new Random(11);
const X = Float32Array.from(random.normals(rows * dS), (x, i) => x + (i % dS));
const M = random.normals(dS * dT);
/** The target is the source, mapped, and a little noise: what the pairing is worth. */
const Y = Float32Array.from({ length: rows * dT }, (_, at) => {
  const [i, j] = [Math.floor(at / dT), at % dT];
  let sum = 2 + 0.1 * random.normal();
  for (let k = 0; k < dS; k++) sum += X[i * dS + k] * M[k * dT + j];
  return sum;
});
const sample: Sample = {
  rows,
  source: { width: dS, blocks: [new Float32Array(rows * dS), X] },
  target: { width: dT, blocks: [Y] },
  // Every fifth row is held out, and must not be fitted to.
  labels: Array.from({ length: rows }, (_, i) => ({ token: '', text: i, position: 1, heldOut: i % 5 === 4 })),
};
const train = sample.labels.flatMap(({ heldOut }, i) => (heldOut ? [] : [i]));
const rowsOf = (data: Float32Array, width: number, order: readonly number[]): Float32Array =>
  Float32Array.from(order.flatMap((i) => [...data.subarray(i * width, (i + 1) * width)]));

async function fitted(order: readonly number[]) {
  const fit = new Float64Fit({ sourceLayers: 1, targetLayers: 1, sourceWidth: dS, targetWidth: dT });
  const chunk = { source: [rowsOf(X, dS, train)], target: [rowsOf(Y, dT, order)], rows: train.length };
  fit.add({ ...chunk, split: 'train' });
  fit.add({ ...chunk, split: 'heldOut' });
  return (await fit.solve(0, 0, lambda)).best;
}

const source = Float32Array.from(random.normals(dS));
async function inputOf(change: Partial<ArmInput> = {}): Promise<ArmInput> {
  const map = await fitted(train);
  return {
    vectors: { source, mapped: mapDirection(map, source, false), native: new Float32Array(dT) },
    map,
    addBias: false,
    layers: { source: 1, target: 0 },
    sample,
    width: dT,
    draws: 3,
    seed: 7,
    signal: new AbortController().signal,
    ...change,
  };
}

test.each([false, true])(
  'each direction is what a ridge fit to the shuffled rows carries; with bias: %s',
  async (addBias) => {
    const input = await inputOf({ addBias });
    const found = await shuffled.directions(input);
    expect(found).toHaveLength(3);
    const draws = new Random(input.seed);
    for (const direction of found) {
      const order = [...draws.permutation(train.length)].map((i) => train[i]);
      const expected = unit(mapDirection(await fitted(order), source, addBias));
      expect(cosine(direction, expected)).toBeCloseTo(1, 6);
      expect(norm(direction)).toBeCloseTo(1, 6);
    }
  },
);

test('the same of one seed, other directions of another, and none near the map of the true pairs', async () => {
  const input = await inputOf();
  const [a, b] = [await shuffled.directions(input), await shuffled.directions(input)];
  expect(a).toEqual(b);
  expect(await shuffled.directions({ ...input, seed: 8 })).not.toEqual(a);
  const cosines = (await shuffled.directions({ ...input, draws: 16 })).map((d) => cosine(d, input.vectors.mapped));
  expect(Math.abs(cosines.reduce((x, y) => x + y, 0) / cosines.length)).toBeLessThan(0.5);
  expect(cosines.some((x) => x < 0)).toBe(true);
});
