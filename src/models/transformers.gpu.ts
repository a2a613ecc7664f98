/** Our tokenizer against transformers.js itself, over every text of the corpora and a conversation: the same ids, the same text back. */
import { expect, test } from 'vitest';
import { PreTrainedTokenizer } from '@huggingface/transformers';
import { parseCorpus } from '../lab/resources';
import { applyChatTemplate, type ChatMessage } from './chat';
import { createTokenizer } from './tokenizer';

const json = async (path: string): Promise<Record<string, unknown>> =>
  (await fetch(path)).json() as Promise<Record<string, unknown>>;

test.each(['lrt-stories-s', 'lrt-stranger'])('%s: ids and texts as transformers.js gives them', async (id) => {
  const [tokenizer, config] = [
    await json(`/models/${id}/tokenizer.json`),
    await json(`/models/${id}/tokenizer_config.json`),
  ];
  const theirs = new PreTrainedTokenizer(tokenizer, config);
  const ours = createTokenizer(tokenizer, config, { bosIds: [], eosIds: [] }, id);
  const texts = parseCorpus(await (await fetch('/corpora/validation.jsonl')).text());
  expect(texts.length).toBeGreaterThan(100);
  for (const text of [...texts, 'Ünïcode → 漢字 🦊', ' two  spaces\n\n']) {
    const ids = ours.encode(text);
    expect(ids).toEqual(theirs.encode(text));
    expect(ours.decode(ids)).toBe(
      theirs.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    );
    expect(ours.pieces(ids)).toHaveLength(ids.length);
  }
});

test('a chat template is rendered, and its text encoded, as transformers.js does', async () => {
  const template =
    "{{ bos_token }}{% for m in messages %}{{ '[' + m['role'] + '] ' + m['content'] | trim + (eos_token if m['role'] == 'assistant' else '') }}{% endfor %}{% if add_generation_prompt %}{{ '[assistant]' }}{% endif %}";
  const [tokenizer, config] = [
    await json('/models/lrt-stories-s/tokenizer.json'),
    { ...(await json('/models/lrt-stories-s/tokenizer_config.json')), chat_template: template },
  ];
  const theirs = new PreTrainedTokenizer(tokenizer, config);
  const ours = createTokenizer(tokenizer, config, { bosIds: [], eosIds: [] }, 's');
  const messages: ChatMessage[] = [
    { role: 'user', content: ' Who is older? ' },
    { role: 'assistant', content: 'The fox.' },
    { role: 'user', content: 'Why?' },
  ];
  for (const addGenerationPrompt of [true, false]) {
    const text = applyChatTemplate(ours, messages, { addGenerationPrompt });
    expect(text).toBe(
      theirs.apply_chat_template(messages, { tokenize: false, add_generation_prompt: addGenerationPrompt }),
    );
    expect(ours.encodeRendered(text)).toEqual(
      theirs.apply_chat_template(messages, {
        tokenize: true,
        return_tensor: false,
        return_dict: false,
        add_generation_prompt: addGenerationPrompt,
      }),
    );
  }
});
