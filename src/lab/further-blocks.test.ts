/** Further pairs of blocks: which are refused, and where their directions come from. */
import { expect, test } from 'vitest';
import { defaultExperiment } from '../experiment/defaults';
import { LabError } from '../experiment/errors';
import type { Experiment } from '../experiment/schema';
import type { AffineMap } from '../math/affine-map';
import { cosine, norm } from '../math/stats';
import type { LanguageModel } from '../runtime/types';
import type { LabContext } from './context';
import type { PairStates } from './extract';
import { meanDifference } from './extract/method';
import { checkFurther, furtherSites } from './further-blocks';
import { fixtureModel, fixtureTokenizer } from './model-fixture';
import type { ActivationsState } from './stage-activations';
import type { LoadedPair } from './stage-models';
import { comparedBlocks } from '../experiment/compared-blocks';
import { mapDirection, type DirectedArm } from './vectors';

const tokenizer = fixtureTokenizer();
/** The value of a token at a block; a model's states are its multiples. */
const stateOf = (token: number, block: number, d: number): number => Math.sin(token * (d + 1) + block);
const model = (id: string, layers: number, hiddenSize: number): LanguageModel => ({
  ...fixtureModel(id, { layers, hiddenSize, seed: 1 }, tokenizer),
  statesAt: async (block, { rows }) =>
    rows.map(({ ids }) =>
      Float32Array.from({ length: ids.length * hiddenSize }, (_, i) =>
        stateOf(ids[Math.floor(i / hiddenSize)], block, i % hiddenSize),
      ),
    ),
});
const [source, target] = [model('small', 3, 4), model('large', 5, 6)];
const models = {
  source,
  target,
  pair: {
    eachRole: async (work: (role: 'source' | 'target') => Promise<unknown>) => ({
      source: await work('source'),
      target: await work('target'),
    }),
  },
} as unknown as LoadedPair;
const ROWS = 40;
const states = (width: number, phase: number): Float32Array =>
  Float32Array.from({ length: ROWS * width }, (_, i) => Math.sin(1.3 * i + phase));
const activations = {
  sample: {
    rows: ROWS,
    source: { width: 4, blocks: [0, 1, 2].map((block) => states(4, block)) },
    target: { width: 6, blocks: [0, 1, 2, 3, 4].map((block) => states(6, 9 + block)) },
    labels: Array.from({ length: ROWS }, (_, i) => ({ token: 'a', text: i, position: 0, heldOut: i % 4 === 3 })),
  },
  result: { medianNorm: { source: [1, 2, 3], target: [10, 20, 30, 40, 50] } },
} as unknown as ActivationsState;
const context = { progress: () => {}, signal: new AbortController().signal } as unknown as LabContext;
const extract = (states: PairStates): Float32Array => Float32Array.from(meanDifference(states));
const first = { source: 1, target: 3 };
const pairs = [
  { positive: 'The happy fox smiled.', negative: 'The sad fox cried.' },
  { positive: 'The happy bear smiled.', negative: 'The sad bear cried.' },
];

function experiment(also: Experiment['transfer']['also']): Experiment {
  const base = defaultExperiment('mood');
  return { ...base, transfer: { ...base.transfer, also } };
}

function codeOf(also: Experiment['transfer']['also'], change: (e: Experiment) => Experiment = (e) => e): unknown {
  try {
    checkFurther(change(experiment(also)), first, models);
    return null;
  } catch (error) {
    return error instanceof LabError ? [error.key, error.params.field ?? null] : error;
  }
}

test('a block that is not there, or would be steered twice, is refused by name', () => {
  const pair = (sourceLayer: number, targetLayer: number) => ({ sourceLayer, targetLayer, share: 1 });
  expect(codeOf([])).toBeNull();
  expect(codeOf([pair(0, 2), pair(2, 4)])).toBeNull();
  expect(codeOf([pair(3, 2)])).toEqual(['settings-invalid.also-block', 'transfer.also.0.sourceLayer']);
  expect(codeOf([pair(0, 2), pair(2, 5)])).toEqual(['settings-invalid.also-block', 'transfer.also.1.targetLayer']);
  expect(codeOf([pair(0, 3)])).toEqual(['settings-invalid.also-twice', 'transfer.also.0.targetLayer']);
  expect(codeOf([pair(0, 2), pair(0, 4)])).toEqual(['settings-invalid.also-twice', 'transfer.also.1.sourceLayer']);
  const given = (e: Experiment): Experiment => ({
    ...e,
    concept: {
      kind: 'vector',
      title: 't',
      positive: 'p',
      negative: 'n',
      values: 'AAAA',
      block: 1,
      promptsFrom: 'mood',
    },
  });
  expect(codeOf([pair(0, 2)], given)).toEqual(['settings-invalid.also-given-vector', null]);
});

test('each arm has its direction at the further block: extracted there, or carried by the map of that pair', async () => {
  const asked: unknown[] = [];
  const map: AffineMap = {
    sourceWidth: 4,
    targetWidth: 6,
    W: Float32Array.from({ length: 24 }, (_, i) => Math.cos(i)),
    p: new Float32Array(6),
    lambda: 0.1,
  } as AffineMap;
  const settings = experiment([{ sourceLayer: 2, targetLayer: 4, share: 0.25 }]);
  const sites = await furtherSites(context, settings, models, activations, first, pairs, extract, async (layers) => {
    asked.push(layers);
    return map;
  });
  expect(asked).toEqual([{ source: 2, target: 4 }]);
  const of = (arm: DirectedArm['arm']) => sites({ arm } as DirectedArm);
  const [small] = of('small-steered');
  expect(small).toMatchObject({ block: 2, share: 0.25, medianNorm: 3 });
  const [native] = of('native');
  expect(native).toMatchObject({ block: 4, share: 0.25, medianNorm: 50 });
  expect(native.directions[0]).toHaveLength(6);
  expect(norm(native.directions[0])).toBeCloseTo(1, 6);
  expect(cosine(of('mapped')[0].directions[0], mapDirection(map, small.directions[0], false))).toBeCloseTo(1, 6);
  const [random] = of('random');
  expect(random.directions).toHaveLength(settings.generation.randomVectors);
  expect(random.directions[0]).not.toEqual(native.directions[0]);
  // Where nothing further is steered nothing is read.
  const none = await furtherSites(context, experiment([]), models, activations, first, pairs, extract, () =>
    Promise.reject(new Error('no map is needed')),
  );
  expect(none({ arm: 'mapped' } as DirectedArm)).toEqual([]);
});

test('blocks that are steered further are among those that are compared', () => {
  const shape = { sourceLayers: 30, targetLayers: 30, sourceWidth: 2048, targetWidth: 2048 };
  const auto = { sourceLayer: 'auto', targetLayer: 'auto' } as const;
  const without = comparedBlocks(shape, auto)!;
  expect(without.source).not.toContain(13);
  const withPair = comparedBlocks(shape, auto, [{ sourceLayer: 13, targetLayer: 7, share: 1 }])!;
  expect(withPair.source).toEqual([...without.source, 13].toSorted((a, b) => a - b));
  expect(withPair.target).toContain(7);
});
