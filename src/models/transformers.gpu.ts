/** Our tokenizer against transformers.js itself, over every text of the corpora: the same ids, the same text back. */
import { expect, test } from 'vitest';
import { PreTrainedTokenizer } from '@huggingface/transformers';
import { parseCorpus } from '../lab/resources';
import { createTokenizer } from './tokenizer';

const json = async (path: string): Promise<Record<string, unknown>> => (await fetch(path)).json() as Promise<Record<string, unknown>>;

test.each(['lrt-stories-s', 'lrt-stranger'])('%s: ids and texts as transformers.js gives them', async (id) => {
  const [tokenizer, config] = [await json(`/models/${id}/tokenizer.json`), await json(`/models/${id}/tokenizer_config.json`)];
  const theirs = new PreTrainedTokenizer(tokenizer, config);
  const ours = createTokenizer(tokenizer, config, { bosIds: [], eosIds: [] }, id);
  const texts = parseCorpus(await (await fetch('/corpora/validation.jsonl')).text());
  expect(texts.length).toBeGreaterThan(100);
  for (const text of [...texts, 'Ünïcode → 漢字 🦊', ' two  spaces\n\n']) {
    const ids = ours.encode(text);
    expect(ids).toEqual(theirs.encode(text));
    expect(ours.decode(ids)).toBe(theirs.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false }));
    expect(ours.pieces(ids)).toHaveLength(ids.length);
  }
});
