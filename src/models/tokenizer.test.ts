import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { ModelTokenizer } from './types';
import { byteLevelBytes } from './bytes';
import { tokenizerOf } from './testing';
import { checkTokenizerFits } from './tokenizer';

type Json = Record<string, unknown>;

async function parts(id: string): Promise<[Json, Json]> {
  const read = async (name: string): Promise<Json> =>
    JSON.parse(await readFile(new URL(`../../public/models/${id}/${name}`, import.meta.url), 'utf8'));
  return [await read('tokenizer.json'), await read('tokenizer_config.json')];
}

async function bundled(id: string, change: (json: Json) => Json = (json) => json): Promise<ModelTokenizer> {
  const [json, config] = await parts(id);
  return tokenizerOf(change(json), config, { bosIds: [], eosIds: [] }, id);
}

describe('the bundled tokenizer', () => {
  test('puts the begin token in front, and no end token behind', async () => {
    const tokenizer = await bundled('lrt-stories-s');
    const ids = tokenizer.encode('One day');
    expect(ids[0]).toBe(tokenizer.bosId);
    expect(ids).not.toContain(tokenizer.eosId);
    expect(tokenizer.encode('')).toEqual([tokenizer.bosId]);
    expect(tokenizer.specialIds).toEqual(new Set([0, 1, 2, 3]));
    expect(tokenizer.vocabSize).toBe(2048);
  });

  test('gives texts back unchanged, piece by piece too', async () => {
    const tokenizer = await bundled('lrt-stories-s');
    const corpus = await readFile(new URL('../../public/corpora/validation.jsonl', import.meta.url), 'utf8');
    for (const line of corpus.trim().split('\n').slice(0, 50)) {
      const { text } = JSON.parse(line) as { text: string };
      const ids = tokenizer.encode(text);
      expect(tokenizer.decode(ids)).toBe(text);
      const pieces = tokenizer.pieces(ids.slice(1)).join('');
      if (!pieces.includes('\uFFFD')) expect(pieces).toBe(text);
    }
  });

  test('shows spaces and accents in pieces, and a replacement only for parts of a character', async () => {
    const tokenizer = await bundled('lrt-stories-s');
    expect(tokenizer.pieces(tokenizer.encode('a small day')).slice(1).join('|')).toContain('| ');
    const fox = tokenizer.encode('🦊').slice(1);
    expect(tokenizer.decode(fox)).toBe('🦊');
    expect(fox.length).toBeGreaterThan(1);
    expect(tokenizer.pieces(fox).every((piece) => piece.includes('\uFFFD'))).toBe(true);
    expect(tokenizer.pieces([1, 99_999])).toEqual(['<s>', '\uFFFD']);
  });
});

describe('digests', () => {
  test('one family, one digest; another family, another', async () => {
    const [s, l, stranger] = [
      await bundled('lrt-stories-s'),
      await bundled('lrt-stories-l'),
      await bundled('lrt-stranger'),
    ];
    expect(l.digest).toBe(s.digest);
    expect(stranger.digest).not.toBe(s.digest);
  });

  test('how the file is written does not matter', async () => {
    const plain = await bundled('lrt-stories-s');
    const rewritten = await bundled('lrt-stories-s', (json) => {
      const model = json.model as Json;
      const merges = (model.merges as (string | string[])[]).map((merge) =>
        Array.isArray(merge) ? merge.join(' ') : merge.split(' '),
      );
      return { version: '9', ...json, model: { ...model, merges, dropout: null, continuing_subword_prefix: '' } };
    });
    expect(rewritten.digest).toBe(plain.digest);
  });

  test('a swapped merge, a special token or another normalizer does', async () => {
    const plain = await bundled('lrt-stories-s');
    const swapped = await bundled('lrt-stories-s', (json) => {
      const model = json.model as Json;
      return { ...json, model: { ...model, merges: (model.merges as unknown[]).toReversed() } };
    });
    const lower = await bundled('lrt-stories-s', (json) => ({ ...json, normalizer: { type: 'Lowercase' } }));
    const special = await bundled('lrt-stories-s', (json) => ({
      ...json,
      added_tokens: (json.added_tokens as Json[]).slice(0, 3),
    }));
    expect(new Set([plain.digest, swapped.digest, lower.digest, special.digest]).size).toBe(4);
  });
});

test('an end token that a template adds is left out of prompts', async () => {
  const [json, config] = await parts('lrt-stories-s');
  const single = [
    { SpecialToken: { id: '<s>', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
    { SpecialToken: { id: '</s>', type_id: 0 } },
  ];
  const special = (id: string, n: number) => ({ id, ids: [n], tokens: [id] });
  const template = {
    type: 'TemplateProcessing',
    single,
    pair: single,
    special_tokens: { '<s>': special('<s>', 1), '</s>': special('</s>', 2) },
  };
  const tokenizer = tokenizerOf({ ...json, post_processor: template }, config, { bosIds: [], eosIds: [] }, 'closed');
  const ids = tokenizer.encode('One day');
  expect(ids[0]).toBe(1);
  expect(ids).not.toContain(2);
});

test('byte-level characters stand for all 256 bytes', () => {
  expect(byteLevelBytes('ĠÃ©Ċ')).toEqual(Uint8Array.of(0x20, 0xc3, 0xa9, 0x0a));
  expect(byteLevelBytes('Ā')).toEqual(Uint8Array.of(0));
  expect(byteLevelBytes('漢')).toBeNull();
});

test('a tokenizer with more ids than the model has rows does not fit', async () => {
  const tokenizer = await bundled('lrt-stories-s');
  expect(() => checkTokenizerFits(tokenizer, 2048, 'm')).not.toThrow();
  expect(() => checkTokenizerFits(tokenizer, 2047, 'm')).toThrow('2047');
});
