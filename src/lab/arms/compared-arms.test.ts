/** The arms that the mapped vector is compared with, on states that were made up. */
import { expect, test } from 'vitest';
import { Random } from '../../math/random';
import { cosine, norm } from '../../math/stats';
import { extractVector } from '../extract';
import type { Sample } from '../rows';
import { mapDirection, unit } from '../vectors';
import type { ComparedInput, OtherSource, TokenTable } from './arm';
import { ridgeCarrier } from './carry';
import { randomDirection } from './random-direction';
import { randomSource } from './random-source';
import { tokenMeans } from './token-means';
import { shuffledWithin, tokenGroups, withinTokenShuffled } from './within-token-shuffled';

const [rows, dS, dT, tokens] = [600, 5, 8, 10];
const random = new Random(21);
const M = random.normals(dS * dT);
const own = random.normals(tokens * dS);
const token = Array.from({ length: rows }, () => random.integer(tokens));
/** A state is its token's and a context's, half and half; the target is the source, mapped. */
const X = Float32Array.from(
  { length: rows * dS },
  (_, at) => own[token[Math.floor(at / dS)] * dS + (at % dS)] + random.normal(),
);
const Y = new Float32Array(rows * dT);
for (let i = 0; i < rows; i++)
  for (let j = 0; j < dT; j++) for (let d = 0; d < dS; d++) Y[i * dT + j] += X[i * dS + d] * M[d * dT + j];
const map = { W: Float32Array.from(M), p: new Float32Array(dT), sourceWidth: dS, targetWidth: dT, lambda: 1e-4 };
const sample: Sample = {
  rows,
  source: { width: dS, blocks: [X] },
  target: { width: dT, blocks: [Y] },
  labels: token.map((t, i) => ({ token: `t${t}`, text: i, position: 1, heldOut: i % 5 === 4 })),
};
const source = Float32Array.from(random.normals(dS));
const table: TokenTable = {
  mean: new Float64Array(dT).fill(0.5),
  tokens: new Map(Array.from({ length: tokens }, (_, t) => [t, Float64Array.from(random.normals(dT))])),
};

const inputOf = (change: Partial<ComparedInput> = {}): ComparedInput => ({
  vectors: { source, mapped: mapDirection(map, source, false), native: new Float32Array(dT) },
  map,
  addBias: false,
  layers: { source: 0, target: 0 },
  sample,
  draws: 3,
  seed: 7,
  signal: new AbortController().signal,
  extract: (states) => extractVector(states, 'difference-of-means', 1, 'small'),
  read: () => ({ positive: [[1, 2], [3]], negative: [[4], [5, 6]] }),
  tokenTable: async () => table,
  otherSource: null,
  ...change,
});

test('a table of tokens: the contrast of the means of what is read, and the mean of all for a token it lacks', async () => {
  const [direction] = (await tokenMeans.directions(inputOf()))!;
  const at = (t: number, d: number): number => table.tokens.get(t)![d];
  const expected = Float32Array.from(
    { length: dT },
    (_, d) => (at(1, d) + at(2, d)) / 2 + at(3, d) - at(4, d) - (at(5, d) + at(6, d)) / 2,
  );
  expect(cosine(direction, expected)).toBeCloseTo(1, 6);
  expect(norm(direction)).toBeCloseTo(1, 6);
  const lacking = inputOf({ read: () => ({ positive: [[1]], negative: [[99]] }) });
  const [other] = (await tokenMeans.directions(lacking))!;
  expect(
    cosine(
      other,
      Float32Array.from({ length: dT }, (_, d) => at(1, d) - 0.5),
    ),
  ).toBeCloseTo(1, 6);
});

test('a table of tokens sees nothing where both sides read the same ones', async () => {
  const same = inputOf({ read: () => ({ positive: [[1, 2]], negative: [[2, 1]] }) });
  expect(await tokenMeans.directions(same)).toEqual([]);
});

test('shuffled within tokens: rows stay at their token, and the directions are what such maps carry', async () => {
  const groups = tokenGroups(sample);
  const train = sample.labels.filter(({ heldOut }) => !heldOut);
  expect(groups.flat().sort((a, b) => a - b)).toEqual(train.map((_, i) => i));
  for (const group of groups) expect(new Set(group.map((i) => train[i].token)).size).toBe(1);
  const found = (await withinTokenShuffled.directions(inputOf()))!;
  expect(found).toHaveLength(3);
  expect(await withinTokenShuffled.directions(inputOf())).toEqual(found);
  expect(await withinTokenShuffled.directions(inputOf({ seed: 8 }))).not.toEqual(found);
  // Nearer to the map of the true pairs than chance, for the tokens are still there; not the same, for the context is gone.
  const mapped = unit(mapDirection(map, source, false));
  for (const direction of found) {
    expect(cosine(direction, mapped)).toBeGreaterThan(0.3);
    expect(cosine(direction, mapped)).toBeLessThan(0.999);
  }
});

test('no row keeps its partner, and tokens that stand once are left out', async () => {
  const groups = [[0, 4], [1], [2, 3, 5, 6]];
  for (let seed = 0; seed < 50; seed++) {
    const order = shuffledWithin(groups, 7, new Random(seed));
    for (const group of groups) {
      expect(group.map((row) => order[row]).toSorted((a, b) => a - b)).toEqual(group);
      if (group.length > 1) for (const row of group) expect(order[row]).not.toBe(row);
    }
  }
  const alone = { ...sample, labels: sample.labels.map((label, i) => ({ ...label, token: `t${i}` })) };
  expect(await withinTokenShuffled.directions(inputOf({ sample: alone }))).toEqual([]);
});

test('a source with shuffled weights: its own vector, through a map of its own states; another of each seed', async () => {
  const seeds: number[] = [];
  const train = sample.labels.flatMap(({ heldOut }, i) => (heldOut ? [] : [i]));
  const other = async (seed: number): Promise<OtherSource> => {
    seeds.push(seed);
    const draw = new Random(seed);
    return {
      rows: Float32Array.from(draw.normals(train.length * dS)),
      pairs: { width: dS, positive: Float32Array.from(draw.normals(4 * dS)), negative: new Float32Array(4 * dS) },
    };
  };
  const found = (await randomSource.directions(inputOf({ otherSource: other })))!;
  expect(new Set(seeds).size).toBe(3);
  const { rows: states, pairs } = await other(seeds[0]);
  const target = {
    rows: train.length,
    cols: dT,
    data: Float32Array.from(train.flatMap((i) => [...Y.subarray(i * dT, (i + 1) * dT)])),
  };
  const vector = extractVector(pairs, 'difference-of-means', 1, 'small');
  const carry = ridgeCarrier({ rows: train.length, cols: dS, data: states }, target, vector, map.lambda, false);
  expect(cosine(found[0], carry())).toBeCloseTo(1, 6);
  expect(await randomSource.directions(inputOf())).toBeNull();
});

test('random source directions: unit, of the seed, and within what the map reaches', async () => {
  const found = (await randomDirection.directions(inputOf()))!;
  expect(found).toHaveLength(3);
  for (const direction of found) expect(norm(direction)).toBeCloseTo(1, 6);
  expect(await randomDirection.directions(inputOf())).toEqual(found);
  expect(await randomDirection.directions(inputOf({ seed: 8 }))).not.toEqual(found);
});
