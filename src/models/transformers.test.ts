/**
 * What AutoTokenizer and AutoConfig make of a folder, by way of `env.fetch`: the same ids, texts and rendered chats as the
 * engines inside transformers.js give by themselves, from memory alone.
 */
import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import { readFile } from 'node:fs/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { parseCorpus } from '../lab/resources';
import { applyChatTemplate, type ChatMessage } from './chat';
import { folder, serve } from './fixtures';
import { openModel } from './open';
import { tokenizerOf } from './testing';
import { readRepository, withRepository } from './transformers';

type Json = Record<string, unknown>;

const FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json'];
const bytes = (path: string): Promise<Buffer> => readFile(new URL(`../../public/${path}`, import.meta.url));
const json = async (path: string): Promise<Json> => JSON.parse((await bytes(path)).toString()) as Json;
const filesOf = async (id: string): Promise<Map<string, Uint8Array>> =>
  new Map(
    await Promise.all(
      FILES.map(async (name): Promise<[string, Uint8Array]> => [name, await bytes(`models/${id}/${name}`)]),
    ),
  );

afterEach(() => void vi.unstubAllGlobals());

test.each(['lrt-stories-s', 'lrt-stranger'])('%s, opened: ids and texts as the engine alone gives them', async (id) => {
  serve();
  const { tokenizer: ours } = await openModel(folder(id));
  const engine = new Tokenizer(
    await json(`models/${id}/tokenizer.json`),
    await json(`models/${id}/tokenizer_config.json`),
  );
  const texts = parseCorpus((await bytes('corpora/validation.jsonl')).toString());
  expect(texts.length).toBeGreaterThan(100);
  for (const text of [...texts, 'Ünïcode → 漢字 🦊', ' two  spaces\n\n']) {
    const ids = ours.encode(text);
    expect(ids).toEqual(engine.encode(text).ids);
    expect(ours.decode(ids)).toBe(
      engine.decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    );
    expect(ours.pieces(ids)).toHaveLength(ids.length);
  }
});

test('a chat template is rendered as its engine alone renders it', async () => {
  const template =
    "{{ bos_token }}{% for m in messages %}{{ '[' + m['role'] + '] ' + m['content'] | trim + (eos_token if m['role'] == 'assistant' else '') }}{% endfor %}{% if add_generation_prompt %}{{ '[assistant]' }}{% endif %}";
  const config = { ...(await json('models/lrt-stories-s/tokenizer_config.json')), chat_template: template };
  const ours = tokenizerOf(await json('models/lrt-stories-s/tokenizer.json'), config, { bosIds: [], eosIds: [] }, 's');
  const messages: ChatMessage[] = [
    { role: 'user', content: ' Who is older? ' },
    { role: 'assistant', content: 'The fox.' },
    { role: 'user', content: 'Why?' },
  ];
  for (const addGenerationPrompt of [true, false]) {
    expect(applyChatTemplate(ours, messages, { addGenerationPrompt })).toBe(
      new Template(template).render({
        messages,
        add_generation_prompt: addGenerationPrompt,
        bos_token: '<s>',
        eos_token: '</s>',
      }),
    );
  }
});

test('configuration and tokenizer come from memory: no request is made', async () => {
  const asked = vi.fn(() => Promise.reject(new Error('no network')));
  vi.stubGlobal('fetch', asked);
  const { config, tokenizer } = await readRepository(await filesOf('lrt-stories-s'), 's');
  expect(config).toMatchObject({ model_type: 'llama', num_hidden_layers: 3, hidden_size: 64 });
  expect(tokenizer.encode('One day')[0]).toBe(1);
  expect(asked).not.toHaveBeenCalled();
});

test('what is not among the files is not there, and is asked of nobody', async () => {
  const asked = vi.fn(() => Promise.reject(new Error('no network')));
  vi.stubGlobal('fetch', asked);
  const files = await filesOf('lrt-stories-s');
  files.delete('tokenizer.json');
  await expect(readRepository(files, 's')).rejects.toMatchObject({
    code: 'model-invalid',
    key: 'model-invalid.auto-tokenizer',
    params: { model: 's' },
  });
  // An id of a hub, and the id of work that has ended.
  const gone = await withRepository(await filesOf('lrt-stories-s'), (_, id) => Promise.resolve(id));
  await withRepository(files, async ({ AutoConfig }) => {
    await expect(AutoConfig.from_pretrained('owner/name')).rejects.toThrow('file was not found locally');
    await expect(AutoConfig.from_pretrained(gone)).rejects.toThrow('file was not found locally');
  });
  expect(asked).not.toHaveBeenCalled();
});
