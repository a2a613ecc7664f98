import { expect, test } from 'vitest';
import { PlainProducts } from '../fit/testing/plain-products';
import { Random } from '../math/random';
import { WhitenedFit } from '../fit/whitened-fit';
import { comparedBlocks } from '../experiment/compared-blocks';
import { comparedShape, pick, sparseGridFit } from './compared';
import { chooseLayers } from './fit';

const auto = { sourceLayer: 'auto', targetLayer: 'auto' } as const;
const shape = (sourceLayers: number, sourceWidth: number, targetLayers = sourceLayers, targetWidth = sourceWidth) => ({
  sourceLayers,
  targetLayers,
  sourceWidth,
  targetWidth,
});

test('the bundled models are compared block by block; of deep and wide ones evenly spaced blocks, first, last and chosen ones among them', () => {
  expect(comparedBlocks(shape(4, 192, 8, 384), auto)).toBeNull();
  const smol = comparedBlocks(shape(30, 576), { sourceLayer: 14, targetLayer: 'auto' })!;
  expect(smol.target).toEqual([0, 3, 6, 10, 13, 16, 19, 23, 26, 29]);
  expect(smol.source).toEqual([0, 3, 6, 10, 13, 14, 16, 19, 23, 26, 29]);
  // SmolLM2 1.7B against itself: at least four.
  expect(comparedBlocks(shape(24, 2048), auto)!.source).toEqual([0, 8, 15, 23]);
  // Two blocks are two, and one that is not there is left to be refused later.
  expect(comparedBlocks(shape(2, 8192), { sourceLayer: 5, targetLayer: 1 })).toEqual({
    source: [0, 1],
    target: [0, 1],
  });
});

test('a fit of some blocks answers as the fit of all does, and NaN for the rest', async () => {
  const all = { sourceLayers: 4, targetLayers: 3, sourceWidth: 5, targetWidth: 4 };
  const compared = { source: [0, 2, 3], target: [1, 2] };
  const random = new Random(3);
  const rows = (n: number, width: number): Float32Array =>
    Float32Array.from({ length: n * width }, () => random.normal());
  const chunks = (
    [
      ['train', 300],
      ['heldOut', 100],
    ] as const
  ).map(([split, n]) => ({
    split,
    rows: n,
    source: Array.from({ length: 4 }, () => rows(n, 5)),
    target: Array.from({ length: 3 }, () => rows(n, 4)),
  }));
  const whole = new WhitenedFit(all, new PlainProducts(), { warmUpRows: 64 });
  const some = sparseGridFit(
    new WhitenedFit(comparedShape(all, compared), new PlainProducts(), { warmUpRows: 64 }),
    all,
    compared,
  );
  for (const chunk of chunks) {
    await whole.add(chunk);
    await some.add(chunk);
  }
  expect(some.shape).toEqual(all);
  expect(await some.rows()).toEqual(await whole.rows());
  const told: number[] = [];
  const [full, part] = [await whole.grid(1e-4), await some.grid(1e-4, undefined, (done) => told.push(done))];
  expect(told).toEqual(compared.source);
  const [fullCka, partCka] = [await whole.cka(), await some.cka()];
  for (let s = 0; s < 4; s++) {
    for (let t = 0; t < 3; t++) {
      const known = compared.source.includes(s) && compared.target.includes(t);
      expect(part[s * 3 + t]).toBe(known ? full[s * 3 + t] : NaN);
      if (known) expect(partCka[s * 3 + t]).toBeCloseTo(fullCka[s * 3 + t], 12);
      else expect(partCka[s * 3 + t]).toBeNaN();
    }
  }
  expect((await some.solve(3, 1, 1e-3)).heldOutR2).toBe((await whole.solve(3, 1, 1e-3)).heldOutR2);
  expect((await some.moments(2, 2)).train.st.data).toEqual((await whole.moments(2, 2)).train.st.data);
  await expect(some.solve(1, 1, 1e-3)).rejects.toThrow('Block 1 was not compared');
  whole.dispose();
  some.dispose();
});

test('the lab chooses among the pairs that were compared', () => {
  const grid = [
    [NaN, NaN, 1],
    [1, NaN, 1],
    [0.9, NaN, 0.9],
    [NaN, 0.6, NaN],
  ];
  expect(chooseLayers(grid, 'auto', 'auto').layers).toEqual({ source: 3, target: 1 });
  expect(pick(['a', 'b', 'c'], [2, 0])).toEqual(['c', 'a']);
  expect(pick(['a', 'b'], null)).toEqual(['a', 'b']);
});
