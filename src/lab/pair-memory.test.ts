import { wordsOf } from '../i18n/text';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { planMemory, type MemoryLimits, type MemoryPlan, type PlannedModel } from '../models';
import { fixtureTokenizer } from './model-fixture';
import { chooseResidence, planSessions, TEXT_TOKENS } from './pair-memory';
import { saying, wording } from '../i18n/testing';

const work = {
  collectRows: 16,
  collectLength: 192,
  decodeRows: 96,
  decodeLength: 96,
  sessions: 4,
  fitBytes: 0,
  comparedTokens: 1680,
  sampleRows: 4096,
  corpusTokens: 16_000,
};
const model = (id: string, weightBytes: number): PlannedModel => ({
  id,
  dtype: 'fp32',
  weightBytes,
  config: { layers: 12, hiddenSize: 768, heads: 12, kvHeads: 12, vocabSize: 50_000 },
});
const machine = (gibibytes: number): MemoryLimits => ({
  backend: 'wasm',
  maxBufferSize: Infinity,
  maxStorageBufferBindingSize: Infinity,
  deviceMemory: gibibytes * 2 ** 30,
});

const plan = (source: PlannedModel, target: PlannedModel, limits: MemoryLimits): MemoryPlan =>
  planMemory(source, target, work, limits);

test('a pair that fits at once is held at once, and so is a bundled one', () => {
  expect(chooseResidence(plan(model('a', 1e8), model('b', 1e8), machine(6)), 'auto')).toEqual({
    residence: 'together',
    sequential: null,
  });
  expect(chooseResidence(null, 'auto')).toEqual({ residence: 'together', sequential: null });
});

test('a pair that fits only one at a time is run one after the other, and the reason has the sizes', () => {
  const tight = plan(model('a', 4e8), model('b', 4e8), machine(6));
  const chosen = chooseResidence(tight, 'auto');
  expect(chosen.residence).toBe('sequential');
  expect(wordsOf('en').say(chosen.sequential!)).toMatch(/together they would take [\d.]+ GB of about [\d.]+ GB/);
});

test('either way can be asked for', () => {
  expect(chooseResidence(null, 'sequential')).toEqual({
    residence: 'sequential',
    sequential: { key: 'run.sequential.asked', params: {} },
  });
  expect(chooseResidence(plan(model('a', 4e8), model('b', 4e8), machine(6)), 'together')).toEqual({
    residence: 'together',
    sequential: null,
  });
});

test.each(['auto', 'together', 'sequential'] as const)(
  'a model that does not fit alone is refused by name (%s)',
  (choice) => {
    const vast = plan(model('small', 1e8), model('vast', 2e9), machine(6));
    expect(() => chooseResidence(vast, choice)).toThrow(
      expect.objectContaining({
        code: 'out-of-memory',
        key: 'out-of-memory.plan',
        params: expect.objectContaining({ fits: 'no', reason: wording(/^vast alone takes/) }),
      }),
    );
  },
);

test('no text of the corpora is longer than the plan reckons with', () => {
  const tokenizer = fixtureTokenizer();
  const folder = new URL('../../public/corpora/', import.meta.url);
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.jsonl'))) {
    const texts = readFileSync(new URL(name, folder), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as { text: string }).text);
    const longest = texts.reduce((a, b) => (b.length > a.length ? b : a));
    expect(tokenizer.encode(longest).length, name).toBeLessThanOrEqual(TEXT_TOKENS);
  }
});

test('what may be tried against an estimate is not refused when it is asked for; what no machine lifts is', () => {
  const beyond = plan(model('a', 1e8), model('b', 1e8), machine(0.5));
  expect(beyond).toMatchObject({ fits: 'no', hard: false });
  expect(() => chooseResidence(beyond, 'auto')).toThrow(saying('One after the other', 'out-of-memory'));
  expect(chooseResidence(beyond, 'sequential').residence).toBe('sequential');
  expect(chooseResidence(beyond, 'together').residence).toBe('together');
});

test('a model that fits only with fewer sessions is planned with those, and it is said', () => {
  const by = (bytes: number) =>
    planSessions((sessions) => planMemory(model('a', 1e8), model('b', bytes), { ...work, sessions }, machine(64)));
  expect(by(4e8)).toMatchObject({ fits: 'together', sessions: 4 });
  // Four copies are more than the WASM heap; two are not.
  const large = by(1.2e9);
  expect(large).toMatchObject({ sessions: 2, reason: wording('keeps 2 sessions instead of 4') });
  expect(large.fits).not.toBe('no');
  expect(by(3e9)).toMatchObject({ fits: 'no', sessions: 4 });
});
