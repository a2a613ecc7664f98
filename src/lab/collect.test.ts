import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64, toBase64 } from '../experiment/base64';
import { defaultExperiment } from '../experiment/defaults';
import type { Tokenizer } from '../runtime/types';
import { batchesOf, prepareTexts, readPositions } from './collect';
import { checkPairs, differenceOfMeans } from './extract';
import { Memo } from './memo';
import { parseCorpus } from './resources';
import { finiteSample, flatPositions } from './rows';
import { mapDirection, medianNorm, randomDirections, unit } from './vectors';

/** One id a character, with a begin token: positions are then easy to reason about. */
const letters: Tokenizer = {
  vocabSize: 70_000,
  bosId: 1,
  eosId: 2,
  specialIds: new Set([1, 2]),
  encode: (text) => [1, ...Array.from(text, (c) => 10 + c.codePointAt(0)!)],
  decode: (ids) => ids.map((id) => String.fromCodePoint(id - 10)).join(''),
  pieces: (ids) => ids.map(String),
  digest: 'letters',
};
const corpus = { ...defaultExperiment('mood').corpus, maxTokens: 500 };

describe('preparing texts', () => {
  const texts = Array.from({ length: 60 }, (_, i) => `text number ${i} of the corpus`);

  test('content positions leave out the first and the special tokens', () => {
    expect(readPositions([1, 50, 2, 51], letters, 'content')).toEqual([1, 3]);
    expect(readPositions([1, 50, 2, 51], letters, 'all')).toEqual([0, 1, 2, 3]);
  });

  test('stops at the bound, holds out whole texts, and repeats with the same seed', () => {
    const prepared = prepareTexts(texts, letters, corpus);
    expect(prepared.reduce((n, item) => n + item.positions.length, 0)).toBe(500);
    const share = prepared.filter((item) => item.heldOut).length / prepared.length;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.3);
    expect(new Set(prepared.map((item) => item.text)).size).toBe(prepared.length);
    expect(prepareTexts(texts, letters, corpus)).toEqual(prepared);
    expect(prepareTexts(texts, letters, { ...corpus, seed: 2 })).not.toEqual(prepared);
  });

  test('too little text is a named error', () => {
    expect(() => prepareTexts(['short'], letters, corpus)).toThrow(expect.objectContaining({ code: 'corpus-empty' }));
    expect(() => parseCorpus('\n\n')).toThrow(expect.objectContaining({ code: 'corpus-empty' }));
    expect(() => parseCorpus('{"text": "fine"}\n{"txt": 3}')).toThrow(/Line 2/);
  });

  test('any corpus file gives texts or a named error', () => {
    fc.assert(
      fc.property(fc.string(), (jsonl) => {
        try {
          expect(parseCorpus(jsonl).length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ name: 'LabError' });
        }
      }),
      { numRuns: 300 },
    );
  });

  test('folds deal out whole training texts in turn; batches hold one split and one fold', () => {
    const prepared = prepareTexts(Array.from({ length: 400 }, (_, i) => `text number ${i}`), letters, { ...corpus, maxTokens: 5_000 }, 3);
    const training = prepared.filter((item) => !item.heldOut);
    expect(training.map((item) => item.fold).slice(0, 4)).toEqual([0, 1, 2, 0]);
    const batches = batchesOf(prepared);
    for (const batch of batches) expect(new Set(batch.map((item) => `${item.heldOut} ${item.fold}`)).size).toBe(1);
    expect(batches.slice(0, 4).map(([first]) => first.fold)).toEqual([0, 1, 2, 0]);
    expect(batches.flat().length).toBe(prepared.length);
    expect(() => prepareTexts(texts, letters, { ...corpus, maxTokens: 80 }, 10)).toThrow(expect.objectContaining({ code: 'corpus-empty', message: expect.stringMatching(/10 folds/) }));
  });

  test('rows with a state that is not finite leave the sample', () => {
    const label = { token: 'a', text: 0, position: 1, heldOut: false };
    const sample = { rows: 3, source: { width: 1, blocks: [Float32Array.of(1, NaN, 3)] }, target: { width: 2, blocks: [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(1, 2, 3, 4, 5, Infinity)] }, labels: [label, label, { ...label, position: 9 }] };
    expect(finiteSample(sample)).toEqual({ rows: 1, source: { width: 1, blocks: [Float32Array.of(1)] }, target: { width: 2, blocks: [Float32Array.of(1, 2), Float32Array.of(1, 2)] }, labels: [label] });
  });

  test('flat positions address rows of a padded batch', () => {
    const item = (positions: number[]) => ({ text: 0, ids: [], positions, heldOut: false, fold: 0 });
    expect([...flatPositions([item([1, 2]), item([1])], 5)]).toEqual([1, 2, 6]);
  });
});

describe('contrast pairs', () => {
  test.each([
    [[{ positive: 'a', negative: ' ' }], 'pairs-one-sided', /Pair 1 has no negative/],
    [[{ positive: 'a', negative: 'b' }, { positive: 'same', negative: 'same ' }], 'pairs-one-sided', /pair 2/],
    [[{ positive: 'a', negative: 'b' }], 'pairs-too-few', /one contrast pair/],
    [[], 'pairs-too-few', /no contrast pairs/],
  ])('%j is refused', (pairs, code, message) => {
    expect(() => checkPairs(pairs)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  test('the difference of means', () => {
    const states = { width: 2, positive: Float32Array.of(1, 2, 3, 4), negative: Float32Array.of(0, 0, 2, 0) };
    expect([...differenceOfMeans(states)]).toEqual([1, 3]);
  });
});

describe('vectors', () => {
  test('a difference maps by W alone; the paper’s form adds p', () => {
    const map = { W: Float32Array.of(1, 0, 2, 0, 3, 0), p: Float32Array.of(10, 20, 30), sourceWidth: 2, targetWidth: 3, lambda: 0 };
    expect([...mapDirection(map, Float32Array.of(2, 1), false)]).toEqual([2, 3, 4]);
    expect([...mapDirection(map, Float32Array.of(2, 1), true)]).toEqual([12, 23, 34]);
  });

  test('units, medians, base64', () => {
    expect([...unit(Float32Array.of(3, 4))]).toEqual([Math.fround(0.6), Math.fround(0.8)]);
    expect(() => unit(new Float32Array(3))).toThrow(RangeError);
    expect(medianNorm(Float32Array.of(3, 4, 0, 1, 0, 2), 2)).toBe(2);
    const v = Float32Array.of(1.5, -2, Math.PI);
    expect(fromBase64(toBase64(v))).toEqual(v);
    const [a, b] = randomDirections(64, 2, 5);
    expect(Math.hypot(...a)).toBeCloseTo(1, 5);
    expect(a).not.toEqual(b);
    expect(randomDirections(64, 2, 5)[1]).toEqual(b);
  });
});

test('memory: a value is kept under its inputs and disposed of when they change', async () => {
  const memo = new Memo();
  const gone: string[] = [];
  await memo.keep('stage', { a: 1 }, 'first', () => void gone.push('first'));
  expect(memo.recall('stage', { a: 1 })).toBe('first');
  expect(memo.recall('stage', { a: 2 })).toBeNull();
  await memo.keep('stage', { a: 2 }, 'second', () => void gone.push('second'));
  expect(gone).toEqual(['first']);
  await memo.clear();
  expect(gone).toEqual(['first', 'second']);
});
