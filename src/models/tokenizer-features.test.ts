import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { tokenizerOf } from './testing';

interface Fixture {
  texts: string[];
  cases: { name: string; tokenizer: Record<string, unknown>; ids: number[][]; decoded: string[] }[];
}

/** Made by the Rust library: fixtures/tokenizers/features.py. */
const { texts, cases } = JSON.parse(
  await readFile(new URL('../../fixtures/tokenizers/features.json', import.meta.url), 'utf8'),
) as Fixture;
const NONE = { bosIds: [], eosIds: [] };

describe('every kind of model with every feature gives the ids of the Rust library', () => {
  test.each(cases)('$name', ({ name, tokenizer: json, ids }) => {
    const tokenizer = tokenizerOf(json, {}, NONE, name);
    for (const [i, text] of texts.entries())
      expect([text, tokenizer.encodeRendered(text)], name).toEqual([text, ids[i]]);
  });
});

describe('and its texts', () => {
  test.each(cases)('$name', ({ name, tokenizer: json, ids, decoded }) => {
    const tokenizer = tokenizerOf(json, {}, NONE, name);
    // The Rust library drops every space of a first token that holds several words; the engine, and the lab, only the first.
    const spaced = JSON.stringify(json.decoder).includes('"Metaspace"') && !name.includes('never');
    const form = (text: string): string => (spaced ? text.replaceAll(' ', '') : text);
    for (const [i, text] of texts.entries())
      expect([text, form(tokenizer.decode(ids[i]))], name).toEqual([text, form(decoded[i])]);
  });
});

test('the fixture holds each kind of model, and texts with unknown tokens', () => {
  const types = new Set(cases.map(({ tokenizer }) => (tokenizer.model as { type: string }).type));
  expect([...types].toSorted()).toEqual(['BPE', 'Unigram', 'WordLevel', 'WordPiece']);
  expect(cases.length * texts.length).toBeGreaterThan(800);
});
