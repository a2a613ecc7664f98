import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ModelTokenizer, OffsetEncoding } from './types';
import { alignByCharacters } from './align';
import { tokenizerOf } from './testing';

type Json = Record<string, unknown>;
const NONE = { bosIds: [], eosIds: [] };

async function byteLevel(id: string, normalizer: unknown = null): Promise<ModelTokenizer> {
  const read = async (name: string): Promise<Json> =>
    JSON.parse(await readFile(new URL(`../../public/models/${id}/${name}`, import.meta.url), 'utf8'));
  return tokenizerOf({ ...(await read('tokenizer.json')), normalizer }, await read('tokenizer_config.json'), NONE, id);
}

/** A SentencePiece tokenizer as Llama 2 and Gemma have them: spaces as U+2581, bytes for what the vocabulary lacks. */
function metaspace(normalizer: unknown, preTokenizer: unknown = null, fallback = true): ModelTokenizer {
  const bytes = fallback
    ? Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`)
    : [];
  const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,é'];
  const merges = [
    ['t', 'h'],
    ['th', 'e'],
    ['▁', 'the'],
    ['▁', 'c'],
    ['a', 't'],
    ['▁c', 'at'],
    ['▁', '▁'],
  ];
  const pieces = ['<unk>', '<s>', '</s>', '<turn>', ...bytes, '▁', ...letters, ...merges.map(([a, b]) => a + b)];
  const json = {
    version: '1.0',
    added_tokens: ['<unk>', '<s>', '</s>', '<turn>'].map((content, id) => ({
      id,
      content,
      special: true,
      normalized: false,
      single_word: false,
      lstrip: false,
      rstrip: false,
    })),
    normalizer,
    pre_tokenizer: preTokenizer,
    post_processor: null,
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
      ],
    },
    model: {
      type: 'BPE',
      unk_token: '<unk>',
      fuse_unk: true,
      byte_fallback: fallback,
      vocab: Object.fromEntries(pieces.map((piece, i) => [piece, i])),
      merges,
    },
  };
  return tokenizerOf(json, { bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>' }, NONE, 'metaspace');
}
const LLAMA = {
  type: 'Sequence',
  normalizers: [
    { type: 'Prepend', prepend: '▁' },
    { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
  ],
};
const GEMMA = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(...' \n\taeé.,the cat', '🦊', '漢', 'é', '각', '👩‍👧', '<s>', '<turn>', 'Å'),
    maxLength: 60,
  }),
);

/** Spans ascend and lie in the text; every character is in one. */
function expectCover(text: string, { ids, offsets }: OffsetEncoding): void {
  expect(offsets).toHaveLength(ids.length);
  let reached = 0;
  for (const [start, end] of offsets) {
    expect(start).toBeLessThanOrEqual(reached);
    expect(end).toBeGreaterThanOrEqual(start);
    reached = Math.max(reached, end);
  }
  expect(reached).toBe(text.length);
}

describe('offsets cover the text, and the ids are those of encode', () => {
  test.each([
    ['byte-level BPE', () => byteLevel('lrt-stories-s')],
    ['byte-level BPE, NFC', () => byteLevel('lrt-stories-s', { type: 'NFC' })],
    [
      'byte-level BPE, lower case',
      () => byteLevel('lrt-stories-s', { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Lowercase' }] }),
    ],
    ['metaspace, Llama 2', async () => metaspace(LLAMA)],
    ['metaspace, Gemma', async () => metaspace(GEMMA)],
    [
      'metaspace, pre-tokenizer',
      async () => metaspace(null, { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true }),
    ],
  ])('%s', async (_, make) => {
    const tokenizer = await make();
    fc.assert(
      fc.property(texts, (text) => {
        const encoded = tokenizer.encodeWithOffsets(text);
        expect(encoded.ids).toEqual(tokenizer.encode(text));
        expectCover(text, encoded);
      }),
      { numRuns: 300 },
    );
  });

  test('tokens that spell whole characters span exactly what they spell', async () => {
    const tokenizer = await byteLevel('lrt-stories-s');
    const corpus = await readFile(new URL('../../public/corpora/validation.jsonl', import.meta.url), 'utf8');
    for (const line of corpus.trim().split('\n').slice(0, 20)) {
      const { text } = JSON.parse(line) as { text: string };
      const { ids, offsets } = tokenizer.encodeWithOffsets(text);
      const pieces = tokenizer.pieces(ids);
      offsets.forEach(
        ([start, end], i) => i > 0 && !pieces[i].includes('\uFFFD') && expect(text.slice(start, end)).toBe(pieces[i]),
      );
    }
  });
});

test.each(['lrt-stories-s', 'lrt-stranger'])('%s: offsets are those of the Rust library', async (id) => {
  const tokenizer = await byteLevel(id);
  const reference = JSON.parse(
    await readFile(new URL('../../fixtures/tokenizers/offsets.json', import.meta.url), 'utf8'),
  ) as Record<string, (OffsetEncoding & { text: string })[]>;
  expect(reference[id].length).toBeGreaterThan(5);
  for (const { text, ids, offsets } of reference[id]) {
    const ours = tokenizer.encodeWithOffsets(text);
    const front = ours.ids.length - ids.length;
    expect(ours.ids.slice(front)).toEqual(ids);
    expect(ours.offsets.slice(front)).toEqual(offsets);
  }
});

describe('by hand', () => {
  test('the begin token spans nothing; the parts of an emoji span all of it', async () => {
    const tokenizer = await byteLevel('lrt-stories-s');
    const { offsets } = tokenizer.encodeWithOffsets('a🦊');
    expect(offsets.slice(0, 2)).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect(new Set(offsets.slice(2).map(String))).toEqual(new Set(['1,3']));
  });

  test('a space put in front spans nothing of its own; special tokens are literal', () => {
    const tokenizer = metaspace(LLAMA);
    const { ids, offsets } = tokenizer.encodeWithOffsets('the cat<turn>é漢');
    expect(tokenizer.pieces(ids).slice(0, 3)).toEqual([' the', ' cat', '<turn>']);
    expect(offsets.slice(0, 3)).toEqual([
      [0, 3],
      [3, 7],
      [7, 13],
    ]);
    expect(offsets.at(-1)).toEqual([14, 15]);
    expect(offsets.filter(([start]) => start === 14)).toHaveLength(3);
  });

  test('what the vocabulary lacks is spanned by the unknown token', () => {
    const tokenizer = metaspace(GEMMA, null, false);
    expect(tokenizer.encodeWithOffsets('the漢字 cat').offsets).toEqual([
      [0, 3],
      [3, 5],
      [5, 9],
    ]);
    expect(tokenizer.encodeWithOffsets('漢').offsets).toEqual([[0, 1]]);
  });

  test('a composed character stands for what it was composed of', async () => {
    const tokenizer = await byteLevel('lrt-stories-s', { type: 'NFC' });
    const { offsets } = tokenizer.encodeWithOffsets('e\u0301x');
    expect(offsets.at(-1)).toEqual([2, 3]);
    expect(offsets.slice(1, -1).every(([start, end]) => start === 0 && end === 2)).toBe(true);
  });

  test('a normalizer that cannot be followed is a named error', () => {
    const tokenizer = metaspace({ type: 'BertNormalizer', lowercase: true });
    expect(() => tokenizer.encodeWithOffsets('a')).toThrow('BertNormalizer');
  });
});

describe('alignment', () => {
  test('pairs the last tokens that end at one character', () => {
    const a: [number, number][] = [
      [0, 0],
      [0, 3],
      [3, 4],
      [4, 6],
      [4, 6],
      [6, 9],
    ];
    const b: [number, number][] = [
      [0, 4],
      [4, 6],
      [6, 7],
      [7, 9],
    ];
    expect(alignByCharacters(a, b)).toEqual({
      pairs: [
        [2, 0],
        [4, 1],
        [5, 3],
      ],
      share: { a: 3 / 5, b: 3 / 4 },
    });
    expect(alignByCharacters([], b)).toEqual({ pairs: [], share: { a: 0, b: 0 } });
    expect(() =>
      alignByCharacters(
        [
          [3, 4],
          [0, 3],
        ],
        b,
      ),
    ).toThrow(RangeError);
  });

  test('of a text with itself is the identity where no character is split; the last positions always meet', async () => {
    const [one, other] = [await byteLevel('lrt-stories-s'), metaspace(LLAMA)];
    fc.assert(
      fc.property(
        texts.filter((text) => text.length > 0),
        (text) => {
          const [a, b] = [one.encodeWithOffsets(text).offsets, other.encodeWithOffsets(text).offsets];
          const same = alignByCharacters(a, a);
          expect(same.pairs.every(([i, j]) => i === j)).toBe(true);
          const { pairs, share } = alignByCharacters(a, b);
          expect(pairs.length).toBeGreaterThan(0);
          for (const [i, j] of pairs) expect(a[i][1]).toBe(b[j][1]);
          expect(Math.max(share.a, share.b)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('two tokenizers of the bundled family meet at most words', async () => {
    const [one, other] = [await byteLevel('lrt-stories-s'), await byteLevel('lrt-stranger')];
    const text = 'Once upon a time there was a little fox who lived near the river.';
    const { share } = alignByCharacters(one.encodeWithOffsets(text).offsets, other.encodeWithOffsets(text).offsets);
    expect(share.a).toBeGreaterThan(0.6);
  });
});
