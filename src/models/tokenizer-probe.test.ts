import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { tokenizerOf } from './testing';
import { probeTokenizer } from './tokenizer-probe';
import { readRepository } from './transformers';
import type { ModelTokenizer } from './types';

type Json = Record<string, unknown>;
const NONE = { bosIds: [], eosIds: [] };
const { cases } = JSON.parse(
  await readFile(new URL('../../fixtures/tokenizers/features.json', import.meta.url), 'utf8'),
) as { cases: { name: string; tokenizer: Json }[] };
const stated = (name: string): Json => structuredClone(cases.find((each) => each.name === name)!.tokenizer);

function keyOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return LabError.from(error).key;
  }
}
const load = (json: Json): string | null => keyOf(() => tokenizerOf(json, {}, NONE, 'm'));

describe('what the file states and nobody does is refused by name', () => {
  test('a prefix of later pieces in BPE, and dropout', () => {
    const json = stated('llama');
    const model = json.model as Json;
    expect(load(json)).toBeNull();
    expect(load({ ...json, model: { ...model, continuing_subword_prefix: '##' } })).toBe(
      'model-invalid.tokenizer-part',
    );
    expect(load({ ...json, model: { ...model, dropout: 0.1 } })).toBe('model-invalid.tokenizer-part');
    expect(load({ ...json, model: { ...model, dropout: 0, continuing_subword_prefix: '' } })).toBeNull();
  });

  test('a table of rewritings, wherever it stands', () => {
    const json = stated('unigram, fallback, metaspace always True');
    const table = { type: 'Precompiled', precompiled_charsmap: 'ALQCAACEAAA=' };
    expect(load({ ...json, normalizer: table })).toBe('model-invalid.tokenizer-part');
    expect(load({ ...json, normalizer: { type: 'Sequence', normalizers: [{ type: 'NFC' }, table] } })).toBe(
      'model-invalid.tokenizer-part',
    );
  });

  test('parts of a kind that nobody knows', async () => {
    const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
    const read = (json: Json) =>
      readRepository(
        new Map([
          ['config.json', bytes({ model_type: 'llama' })],
          ['tokenizer.json', bytes(json)],
          ['tokenizer_config.json', bytes({ tokenizer_class: 'PreTrainedTokenizerFast' })],
        ]),
        'm',
      );
    await expect(read(stated('llama'))).resolves.toBeTruthy();
    for (const part of [{ pre_tokenizer: { type: 'Runes' } }, { normalizer: { type: 'Nmt' } }])
      await expect(read({ ...stated('llama'), ...part })).rejects.toMatchObject({
        key: 'model-invalid.auto-tokenizer',
      });
  });
});

describe('texts that do not come back are found at load', () => {
  test('bytes that no decoder turns into text', () => {
    const json = stated('llama');
    expect(load({ ...json, decoder: null })).toBe('model-invalid.tokenizer-texts');
  });

  test('a decoder of another kind of tokenizer', () => {
    expect(load({ ...stated('byte level'), decoder: { type: 'WordPiece', prefix: '##', cleanup: false } })).toBe(
      'model-invalid.tokenizer-texts',
    );
  });

  test('a Unigram model without an unknown token', () => {
    const json = stated('unigram, unknown, metaspace always True');
    expect(load({ ...json, model: { ...(json.model as Json), unk_id: null } })).toBe('model-invalid.tokenizer-ids');
  });

  const whole = (): ModelTokenizer => tokenizerOf(stated('llama'), {}, NONE, 'm');
  const normalise = (text: string): string => text;
  const probe = (tokenizer: ModelTokenizer): string | null =>
    keyOf(() => probeTokenizer(tokenizer, stated('llama'), normalise, 'm'));

  test('an engine that gives unknown tokens although every byte has its own', () => {
    const tokenizer = whole();
    expect(probe(tokenizer)).toBeNull();
    const forgets = (text: string): number[] => tokenizer.encodeRendered(text).map((id) => (id < 259 ? 0 : id));
    expect(probe({ ...tokenizer, encodeRendered: forgets })).toBe('model-invalid.tokenizer-unknown');
  });

  test('an engine that does not look for an added token', () => {
    const tokenizer = whole();
    const misses = (text: string): number[] =>
      text === '<turn>' ? tokenizer.encodeRendered('turn') : tokenizer.encodeRendered(text);
    expect(probe({ ...tokenizer, encodeRendered: misses })).toBe('model-invalid.tokenizer-added');
  });
});

test('unknown tokens span their text, however the model names its unknown token', () => {
  for (const name of ['unigram, unknown, metaspace always True', 'llama, fused unknown', 'words, metaspace']) {
    const tokenizer = tokenizerOf(stated(name), {}, NONE, name);
    const text = 'the 漢字 cat';
    const { ids, offsets } = tokenizer.encodeWithOffsets(text);
    const at = ids.indexOf(tokenizer.unknownId!);
    expect(at, name).toBeGreaterThan(0);
    expect(text.slice(...offsets[at]).trim(), name).toBe('漢字');
    expect(offsets.at(-1)![1], name).toBe(text.length);
  }
});
