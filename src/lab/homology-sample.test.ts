import { describe, expect, test } from 'vitest';
import { Random } from '../math/random';
import { compareSample, sampledBlocks, sampleTexts } from './homology-sample';
import { fixtureTokenizer } from './model-fixture';
import { rowsIn, type Sample } from './rows';

const TEXTS = 20;
const ROWS = 20 * TEXTS;
const signal = new AbortController().signal;

const noise = (count: number, seed: number, size = 1): Float32Array => {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => size * random.normal());
};

/** What both models know of each row, in eight dimensions, seen through a random matrix, with noise on it. */
function view(latent: Float32Array, width: number, seed: number, size: number): Float32Array {
  const M = noise(8 * width, seed);
  const out = noise(ROWS * width, seed + 1, size);
  for (let i = 0; i < ROWS; i++)
    for (let k = 0; k < 8; k++)
      for (let d = 0; d < width; d++) out[i * width + d] += latent[i * 8 + k] * M[k * width + d];
  return out;
}

/** Two and three blocks: the first of each sees the tokens, the later ones something else, shared or not. */
function sampleOf(shared: boolean): Sample {
  const [token, later, other] = [noise(ROWS * 8, 1), noise(ROWS * 8, 2), noise(ROWS * 8, 3)];
  return {
    rows: ROWS,
    source: { width: 12, blocks: [view(token, 12, 10, 0.3), view(later, 12, 20, 0.3)] },
    target: {
      width: 16,
      blocks: [
        view(token, 16, 30, 0.3),
        view(shared ? later : other, 16, 40, 0.3),
        view(shared ? later : other, 16, 50, 0.3),
      ],
    },
    labels: Array.from({ length: ROWS }, (_, i) => ({
      token: '',
      text: Math.floor(i / 20),
      position: i % 20,
      heldOut: Math.floor(i / 20) % 4 === 3,
    })),
  };
}

const blocks = { source: [0, 1], target: [0, 1, 2] };

describe('the comparison', () => {
  test('goes by the later blocks: shared ones are alike, and a quick map between them explains them', async () => {
    const found = await compareSample(sampleOf(true), blocks, TEXTS, signal);
    expect(found.verdict).toBe('alike');
    expect(found.late.map(({ target, source }) => [target, source])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(found.profile[0]).toMatchObject({ target: 0, source: 0 });
    expect(found.map).toMatchObject({ source: 1, target: 1 });
    expect(found.map.heldOutR2).toBeGreaterThan(0.8);
    expect(found.rows).toEqual({ train: 300, heldOut: 100, left: 0 });
  });

  test('two that share the tokens alone are not alike, however alike their first blocks are', async () => {
    const found = await compareSample(sampleOf(false), blocks, TEXTS, signal);
    expect(found.verdict).toBe('unalike');
    expect(found.profile[0].cka).toBeGreaterThan(0.5);
    expect(Math.abs(found.meanCka)).toBeLessThan(0.1);
    expect(found.map.heldOutR2).toBeLessThan(0.1);
  });

  test('massive and broken rows are left out, and too few of them judge nothing', async () => {
    const sample = sampleOf(true);
    sample.target.blocks[1].fill(1e4, 0, 16);
    sample.source.blocks[0][5 * 12] = Number.NaN;
    const found = await compareSample(sample, blocks, TEXTS, signal);
    expect(found.rows.left).toBe(2);
    expect(found.verdict).toBe('alike');
    sample.source.blocks[1].fill(Number.NaN, 0, 300 * 12);
    await expect(compareSample(sample, blocks, TEXTS, signal)).rejects.toMatchObject({ code: 'non-finite' });
  });
});

test('texts: as many as are wanted, short, every fourth held out, each row within both texts', () => {
  const tokenizer = fixtureTokenizer();
  const texts = Array.from({ length: 60 }, (_, i) =>
    i % 5 === 0
      ? 'Hm'
      : 'The old fox gave two red apples to the small cat and the cat gave them to a bird that sat in the tree. '.repeat(
          1 + (i % 3),
        ),
  );
  const sampled = sampleTexts(texts, { source: tokenizer, target: tokenizer }, 'tokens');
  expect(sampled.length).toBe(32);
  expect(sampled.filter(({ heldOut }) => heldOut).length).toBe(8);
  expect(rowsIn(sampled.map((item) => ({ ...item, fold: 0 })))).toBeGreaterThan(300);
  for (const { source, target } of sampled) {
    expect(source.ids.length).toBeLessThanOrEqual(32);
    for (const { ids, positions } of [source, target])
      for (const position of positions) expect(position).toBeLessThan(ids.length);
    expect(target.positions.length).toBe(source.positions.length);
  }
});

test('blocks: all of a small model, some of a wide one, the last among them', () => {
  expect(sampledBlocks(5, 192, 640)).toEqual([0, 1, 2, 3, 4]);
  const some = sampledBlocks(28, 2048, 640);
  expect(some).toEqual([3, 6, 9, 12, 15, 18, 21, 24, 27]);
});
