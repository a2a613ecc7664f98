import fc from 'fast-check';
import type { ErrorCode } from '../experiment/errors';
import { describe, expect, test } from 'vitest';
import { fromBase64, toBase64 } from '../experiment/base64';
import { checkPairs } from './extract';
import { Memo } from './memo';
import { parseCorpus } from './resources';
import { finiteSample, flatPositions, SAMPLE_ROWS, SampleLedger, type Tokenizers } from './rows';
import { mapDirection, medianNorm, randomDirections, unit } from './vectors';
import { saying } from '../i18n/testing';

describe('rows', () => {
  test('rows with a state that is not finite leave the sample', () => {
    const label = { token: 'a', text: 0, position: 1, heldOut: false };
    const sample = {
      rows: 3,
      source: { width: 1, blocks: [Float32Array.of(1, NaN, 3)] },
      target: { width: 2, blocks: [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(1, 2, 3, 4, 5, Infinity)] },
      labels: [label, label, { ...label, position: 9 }],
    };
    expect(finiteSample(sample)).toEqual({
      rows: 1,
      source: { width: 1, blocks: [Float32Array.of(1)] },
      target: { width: 2, blocks: [Float32Array.of(1, 2), Float32Array.of(1, 2)] },
      labels: [label],
    });
  });

  test('flat positions address rows of a padded batch', () => {
    const item = (positions: number[]) => ({ ids: [], positions });
    expect([...flatPositions([item([1, 2]), item([1])], 5)]).toEqual([1, 2, 6]);
  });

  test('labels name the token of each side where they differ, up to the bound of the split', () => {
    const pieces = (mark: string): Tokenizers['source'] =>
      ({
        pieces: (ids: readonly number[]) => ids.map((id) => `${id === 7 ? 'same' : mark}${id}`),
      }) as unknown as Tokenizers['source'];
    const tokenizers = { source: pieces('s'), target: pieces('t') };
    const aligned = {
      text: 4,
      source: { ids: [1, 2, 7], positions: [1, 2] },
      target: { ids: [5, 6, 8, 7], positions: [2, 3] },
      heldOut: false,
      fold: 0,
    };
    const ledger = new SampleLedger();
    expect(ledger.take([aligned], false, tokenizers)).toBe(2);
    expect(ledger.labels).toEqual([
      { token: 's2', partner: 't8', text: 4, position: 1, heldOut: false },
      { token: 'same7', text: 4, position: 2, heldOut: false },
    ]);
    const many = { ...aligned, source: { ids: [], positions: Array.from({ length: SAMPLE_ROWS.train }, (_, i) => i) } };
    expect(ledger.take([{ ...many, target: many.source }], false, tokenizers)).toBe(SAMPLE_ROWS.train - 2);
    expect(ledger.take([aligned], false, tokenizers)).toBe(0);
  });
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

describe('contrast pairs', () => {
  test.each([
    [[{ positive: 'a', negative: ' ' }], 'pairs-one-sided', /Pair 1 has no negative/],
    [
      [
        { positive: 'a', negative: 'b' },
        { positive: 'same', negative: 'same ' },
      ],
      'pairs-one-sided',
      /pair 2/,
    ],
    [[{ positive: 'a', negative: 'b' }], 'pairs-too-few', /one contrast pair/],
    [[], 'pairs-too-few', /no contrast pairs/],
  ])('%j is refused', (pairs, code, message) => {
    expect(() => checkPairs(pairs)).toThrow(saying(message, code as ErrorCode));
  });
});

describe('vectors', () => {
  test('a difference maps by W alone; the paper’s form adds p', () => {
    const map = {
      W: Float32Array.of(1, 0, 2, 0, 3, 0),
      p: Float32Array.of(10, 20, 30),
      sourceWidth: 2,
      targetWidth: 3,
      lambda: 0,
    };
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
