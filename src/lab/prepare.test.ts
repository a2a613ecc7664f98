import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { defaultExperiment } from '../experiment/defaults';
import { tokenizerOf } from '../models/testing';
import type { ModelTokenizer } from '../runtime/types';
import { batchesOf } from './collect';
import { pairText, prepareTexts, readPositions } from './prepare';
import { parseCorpus } from './resources';
import { rowsIn } from './rows';
import { saying } from '../i18n/testing';

/** Cuts a text at the matches of a pattern, one id a piece; with or without a begin token. */
function cutter(pattern: RegExp, begin: boolean): ModelTokenizer {
  const encodeWithOffsets: ModelTokenizer['encodeWithOffsets'] = (text) => {
    const pieces = [...text.matchAll(pattern)];
    const ids = pieces.map(([piece]) => 10 + piece.codePointAt(0)! + 1000 * piece.length);
    const offsets = pieces.map((match): [number, number] => [match.index, match.index + match[0].length]);
    return begin ? { ids: [1, ...ids], offsets: [[0, 0], ...offsets] } : { ids, offsets };
  };
  return {
    specialIds: new Set([1, 2]),
    encode: (text: string) => encodeWithOffsets(text).ids,
    encodeWithOffsets,
  } as unknown as ModelTokenizer;
}

const letters = cutter(/./gs, true);
const words = cutter(/ ?[^ ]+/g, false);
const one = { source: letters, target: letters };
const corpus = { ...defaultExperiment('mood').corpus, maxTokens: 500 };

describe('preparing texts', () => {
  const texts = Array.from({ length: 60 }, (_, i) => `text number ${i} of the corpus`);

  test('content positions leave out the first and the special tokens', () => {
    expect(readPositions([1, 50, 2, 51], letters, 'content')).toEqual([1, 3]);
    expect(readPositions([1, 50, 2, 51], letters, 'all')).toEqual([0, 1, 2, 3]);
  });

  test('stops at the bound, holds out whole texts, and repeats with the same seed', () => {
    const { texts: prepared, alignment } = prepareTexts(texts, one, 'tokens', corpus);
    expect(rowsIn(prepared)).toBe(500);
    expect(alignment.share).toEqual({ source: 1, target: 1 });
    for (const { source, target } of prepared) expect(target).toBe(source);
    const share = prepared.filter((item) => item.heldOut).length / prepared.length;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.3);
    expect(new Set(prepared.map((item) => item.text)).size).toBe(prepared.length);
    expect(prepareTexts(texts, one, 'tokens', corpus).texts).toEqual(prepared);
    expect(prepareTexts(texts, one, 'tokens', { ...corpus, seed: 2 }).texts).not.toEqual(prepared);
  });

  test('of fewer texts than one in five would take, one is held out all the same', () => {
    const few = prepareTexts(texts.slice(0, 3), one, 'tokens', corpus).texts;
    expect(few.map(({ heldOut }) => heldOut)).toEqual([false, false, true]);
  });

  test('too little text is a named error', () => {
    expect(() => prepareTexts(['short'], one, 'tokens', corpus)).toThrow(
      expect.objectContaining({ code: 'corpus-empty' }),
    );
    expect(() => prepareTexts(texts.slice(0, 8), { source: letters, target: words }, 'characters', corpus)).toThrow(
      saying(/read the same characters/),
    );
    expect(() => parseCorpus('\n\n')).toThrow(expect.objectContaining({ code: 'corpus-empty' }));
    expect(() => parseCorpus('{"text": "fine"}\n{"txt": 3}')).toThrow(saying(/Line 2/));
  });

  test('folds deal out whole training texts in turn; batches hold one split and one fold', () => {
    const { texts: prepared } = prepareTexts(
      Array.from({ length: 400 }, (_, i) => `text number ${i}`),
      one,
      'tokens',
      { ...corpus, maxTokens: 5_000 },
      3,
    );
    const training = prepared.filter((item) => !item.heldOut);
    expect(training.map((item) => item.fold).slice(0, 4)).toEqual([0, 1, 2, 0]);
    const batches = batchesOf(prepared);
    for (const batch of batches) expect(new Set(batch.map((item) => `${item.heldOut} ${item.fold}`)).size).toBe(1);
    expect(batches.slice(0, 4).map(([first]) => first.fold)).toEqual([0, 1, 2, 0]);
    expect(batches.flat().length).toBe(prepared.length);
    expect(() => prepareTexts(texts, one, 'tokens', { ...corpus, maxTokens: 80 }, 10)).toThrow(
      saying(/10 folds/, 'corpus-empty'),
    );
  });
});

describe('pairing by characters', () => {
  test('takes the positions after which both have read the same characters, each in its own ids', () => {
    const pair = pairText('an old fox', { source: letters, target: words }, 'characters', 'content');
    // Letters: a begin token, then one id a character. Words: “an”, “ old”, “ fox”; the first position is left out.
    expect(pair.source.positions).toEqual([6, 10]);
    expect(pair.target.positions).toEqual([1, 2]);
    expect(pair.source.ids.length).toBe(11);
    expect(pair.target.ids.length).toBe(3);
    expect(pair.readable).toEqual({ source: 10, target: 2 });
    expect(pairText('an old fox', { source: letters, target: words }, 'characters', 'all').target.positions).toEqual([
      0, 1, 2,
    ]);
  });

  test('of one tokenizer pairs every position with itself', () => {
    const pair = pairText('an old fox', one, 'characters', 'content');
    expect(pair.source).toEqual(pair.target);
    expect(pair.source).toEqual(pairText('an old fox', one, 'tokens', 'content').source);
  });

  test('counts the share of each side over the whole, and bounds the rows', () => {
    const texts = Array.from({ length: 80 }, () => 'an old red fox');
    const { texts: prepared, alignment } = prepareTexts(texts, { source: letters, target: words }, 'characters', {
      ...corpus,
      maxTokens: 100,
    });
    expect(alignment).toEqual({
      by: 'characters',
      paired: 102,
      readable: { source: 34 * 14, target: 34 * 3 },
      share: { source: 3 / 14, target: 1 },
    });
    expect(rowsIn(prepared)).toBe(100);
    for (const { source, target } of prepared) expect(source.positions.length).toBe(target.positions.length);
  });

  test('of two bundled tokenizers: both sides of a pair have spelt the same text', async () => {
    const read = async (id: string): Promise<ModelTokenizer> => {
      const json = async (name: string): Promise<unknown> =>
        JSON.parse(await readFile(new URL(`../../public/models/${id}/${name}`, import.meta.url), 'utf8'));
      return tokenizerOf(
        await json('tokenizer.json'),
        await json('tokenizer_config.json'),
        { bosIds: [], eosIds: [] },
        id,
      );
    };
    const tokenizers = { source: await read('lrt-stories-s'), target: await read('lrt-stranger') };
    const text = 'The old fox gave two apples to the small cat. Le vieux renard était content.';
    const { source, target } = pairText(text, tokenizers, 'characters', 'content');
    expect(source.positions.length).toBeGreaterThan(10);
    const upTo = (side: keyof typeof tokenizers, ids: readonly number[], position: number): string =>
      tokenizers[side].decode(ids.slice(0, position + 1));
    source.positions.forEach((position, i) =>
      expect(upTo('target', target.ids, target.positions[i])).toBe(upTo('source', source.ids, position)),
    );
    expect(target.ids).not.toEqual(source.ids);
  });
});
