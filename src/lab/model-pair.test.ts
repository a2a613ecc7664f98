import { beforeEach, describe, expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { fixtureModel, fixtureTokenizer, type FixtureModel } from './model-fixture';
import { ModelPair, residentFirst, type PairRequest, type Role } from './model-pair';
import { wordsOf } from '../i18n/text';

const words = wordsOf('en');
import { saying } from '../i18n/testing';

const tokenizer = fixtureTokenizer();
let loads: { role: Role; model: FixtureModel }[] = [];
let told: string[] = [];
let failing: Role | null = null;
const request: PairRequest = {
  signal: new AbortController().signal,
  onLoading: (_done, _total, note) => told.push(words.say(note)),
};

const alive = (): Role[] => loads.filter(({ model }) => !model.disposed).map(({ role }) => role);

function loader(role: Role, seed: () => number = () => 1) {
  return {
    title: role === 'source' ? 'Small' : 'Large',
    load: async ({ onProgress }: { onProgress?: (done: number, total: number, note: string) => void }) => {
      if (failing === role) throw new LabError('out-of-memory.buffer', { label: role, needed: 2, limit: 1 });
      onProgress?.(1, 1, 'onnx/model.onnx');
      const model = fixtureModel(role, { layers: 2, hiddenSize: 3, seed: seed() }, tokenizer);
      loads.push({ role, model });
      return model;
    },
  };
}

const pairOf = (residence: 'together' | 'sequential', seed?: () => number) =>
  ModelPair.load(residence, { source: loader('source', seed), target: loader('target', seed) }, request);
const ids = [[5, 6, 7]];

beforeEach(() => {
  loads = [];
  told = [];
  failing = null;
});

describe('both at once', () => {
  test('are loaded once and stay', async () => {
    const pair = await pairOf('together');
    for (let i = 0; i < 3; i++) await Promise.all([pair.source.collect(ids), pair.target.collect(ids)]);
    expect(loads.map(({ role }) => role)).toEqual(['source', 'target']);
    expect(pair.swaps).toBe(0);
    expect(alive()).toEqual(['source', 'target']);
    expect(residentFirst([pair.target, pair.source], (model) => model)).toEqual([pair.target, pair.source]);
    await pair.dispose();
    expect(alive()).toEqual([]);
  });

  test('where the second fails the first is freed', async () => {
    failing = 'target';
    await expect(pairOf('together')).rejects.toMatchObject({ code: 'out-of-memory' });
    expect(alive()).toEqual([]);
  });
});

describe('sequential', () => {
  test('at most one is in memory, the target at first; shape and tokenizer of both are at hand', async () => {
    const pair = await pairOf('sequential');
    expect(alive()).toEqual(['target']);
    expect(pair.source.info.hiddenSize).toBe(3);
    expect(pair.source.tokenizer.encode('Once').length).toBeGreaterThan(1);
    const [a, b] = [await pair.target.collect(ids), await pair.source.collect(ids)];
    expect(alive()).toEqual(['source']);
    expect(a.blocks[0].data).toEqual(b.blocks[0].data); // one seed: the same numbers, from two loads
    expect(pair.swaps).toBe(1);
    expect(told.at(-1)).toBe('Large unloaded, loading Small: onnx/model.onnx');
  });

  test('work of both at the same time waits for its turn, and is not unloaded under way', async () => {
    const pair = await pairOf('sequential');
    const seen: Role[][] = [];
    const slow = (role: Role) =>
      pair.use(role, async (model) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        seen.push(alive());
        await model.collect(ids);
      });
    await Promise.all([slow('target'), slow('source'), slow('target')]);
    expect(seen).toEqual([['target'], ['source'], ['target']]);
  });

  test('steps do what they have for the one in memory first', async () => {
    const pair = await pairOf('sequential');
    const order: Role[] = [];
    const visit = async (role: Role) => {
      order.push(role);
      await pair[role].collect(ids);
      return role;
    };
    expect(await pair.eachRole(visit)).toEqual({ source: 'source', target: 'target' });
    await pair.eachRole(visit);
    expect(order).toEqual(['target', 'source', 'source', 'target']);
    expect(pair.swaps).toBe(2);
    expect(residentFirst([pair.source, pair.target, pair.source], (model) => model)).toEqual([
      pair.target,
      pair.source,
      pair.source,
    ]);
  });

  test('a load that fails leaves neither, and the next call tries again', async () => {
    const pair = await pairOf('sequential');
    failing = 'source';
    await expect(pair.source.collect(ids)).rejects.toMatchObject({ code: 'out-of-memory' });
    expect(alive()).toEqual([]);
    failing = null;
    await pair.source.collect(ids);
    expect(alive()).toEqual(['source']);
  });

  test('the request at work is told of loading, not the one that loaded first', async () => {
    const pair = await pairOf('sequential');
    const later: string[] = [];
    pair.setRequest({ ...request, onLoading: (_done, _total, note) => later.push(words.say(note)) });
    const before = told.length;
    await pair.source.collect(ids);
    expect(told.length).toBe(before);
    expect(later).toEqual(['Large unloaded, loading Small: onnx/model.onnx']);
  });

  test('files that changed meanwhile are refused by name', async () => {
    let seed = 1;
    const pair = await pairOf('sequential', () => seed);
    seed = 2;
    await expect(pair.source.collect(ids)).rejects.toThrow(saying('Small', 'model-digest'));
    expect(alive()).toEqual([]);
  });
});
