import { expect, test } from 'vitest';
import { planMemory, type MemoryLimits, type MemoryPlan, type PlannedModel } from '../models';
import { chooseResidence } from './pair-memory';

const work = { collectRows: 16, collectLength: 512, decodeRows: 96, decodeLength: 96, sessions: 4, fitBytes: 0, corpusTokens: 16_000 };
const model = (id: string, weightBytes: number): PlannedModel => ({ id, dtype: 'fp32', weightBytes, config: { layers: 12, hiddenSize: 768, heads: 12, kvHeads: 12, vocabSize: 50_000 } });
const machine = (gibibytes: number): MemoryLimits => ({ backend: 'wasm', maxBufferSize: Infinity, maxStorageBufferBindingSize: Infinity, deviceMemory: gibibytes * 2 ** 30 });

const plan = (source: PlannedModel, target: PlannedModel, limits: MemoryLimits): MemoryPlan => planMemory(source, target, work, limits);

test('a pair that fits at once is held at once, and so is a bundled one', () => {
  expect(chooseResidence(plan(model('a', 1e8), model('b', 1e8), machine(8)), 'auto')).toEqual({ residence: 'together', inTurn: null });
  expect(chooseResidence(null, 'auto')).toEqual({ residence: 'together', inTurn: null });
});

test('a pair that fits only one at a time is run in turn, and the reason has the sizes', () => {
  const tight = plan(model('a', 3e8), model('b', 3e8), machine(8));
  const chosen = chooseResidence(tight, 'auto');
  expect(chosen.residence).toBe('in turn');
  expect(chosen.inTurn).toMatch(/together they would take [\d,]+ MiB of about [\d,]+ MiB/);
});

test('either way can be asked for', () => {
  expect(chooseResidence(null, 'in turn')).toEqual({ residence: 'in turn', inTurn: expect.stringContaining('as asked') });
  expect(chooseResidence(plan(model('a', 3e8), model('b', 3e8), machine(8)), 'together')).toEqual({ residence: 'together', inTurn: null });
});

test.each(['auto', 'together', 'in turn'] as const)('a model that does not fit alone is refused by name (%s)', (choice) => {
  const vast = plan(model('small', 1e8), model('vast', 2e9), machine(8));
  expect(() => chooseResidence(vast, choice)).toThrow(expect.objectContaining({ code: 'out-of-memory', message: expect.stringMatching(/^vast alone takes/), details: expect.objectContaining({ fits: 'no' }) }));
});
