import { expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { planMemory, type MemoryLimits, type PlannedModel } from '../models';
import { requireFits } from './pair-memory';

const work = { collectRows: 16, collectLength: 512, decodeRows: 96, decodeLength: 96, sessions: 4, fitBytes: 0 };
const model = (id: string, weightBytes: number): PlannedModel => ({ id, dtype: 'fp32', weightBytes, config: { layers: 12, hiddenSize: 768, heads: 12, kvHeads: 12, vocabSize: 50_000 } });
const machine = (gibibytes: number): MemoryLimits => ({ backend: 'wasm', maxBufferSize: Infinity, maxStorageBufferBindingSize: Infinity, deviceMemory: gibibytes * 2 ** 30 });

function refusal(source: PlannedModel, target: PlannedModel, limits: MemoryLimits): LabError | null {
  try {
    requireFits(planMemory(source, target, work, limits));
    return null;
  } catch (error) {
    return error as LabError;
  }
}

test('a pair that fits at once passes', () => {
  expect(refusal(model('a', 1e8), model('b', 1e8), machine(8))).toBeNull();
});

test('a pair that fits only in turn is refused as not built yet, with the sizes', () => {
  const error = refusal(model('a', 3e8), model('b', 3e8), machine(8));
  expect(error).toBeInstanceOf(LabError);
  expect(error?.code).toBe('out-of-memory');
  expect(error?.message).toMatch(/in turn is not built yet/);
  expect(error?.details).toMatchObject({ fits: 'in turn' });
  expect(Number(error?.details?.together)).toBeGreaterThan(Number(error?.details?.budget));
});

test('a model that does not fit alone is refused by name', () => {
  expect(refusal(model('small', 1e8), model('vast', 2e9), machine(8))?.message).toMatch(/^vast alone takes/);
});
