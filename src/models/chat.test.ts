import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { applyChatTemplate, readChatTemplate, type ChatMessage } from './chat';
import { tokenizerOf } from './testing';

/** The ChatML template of SmolLM2 and Qwen2.5, shortened to what it does. */
const CHATML = `{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou are helpful<|im_end|>\\n' }}{% endif %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}`;
/** Gemma: a begin token in the template, no system role, the assistant called model. */
const GEMMA = `{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}`;

const TOKENIZER = JSON.parse(
  readFileSync(new URL('../../public/models/lrt-stories-s/tokenizer.json', import.meta.url), 'utf8'),
) as unknown;
const model = (chatTemplate: string | null) =>
  tokenizerOf(
    TOKENIZER,
    { bos_token: '<bos>', eos_token: '<eos>', chat_template: chatTemplate ?? undefined },
    { bosIds: [], eosIds: [] },
    'template',
  );
const asked: ChatMessage[] = [{ role: 'user', content: ' How old is the fox? ' }];

test('a conversation is written out as the model’s template has it', () => {
  expect(applyChatTemplate(model(CHATML), asked, { addGenerationPrompt: true })).toBe(
    '<|im_start|>system\nYou are helpful<|im_end|>\n<|im_start|>user\n How old is the fox? <|im_end|>\n<|im_start|>assistant\n',
  );
  const answered: ChatMessage[] = [...asked, { role: 'assistant', content: 'Seven.' }];
  expect(applyChatTemplate(model(GEMMA), answered, { addGenerationPrompt: false })).toBe(
    '<bos><start_of_turn>user\nHow old is the fox?<end_of_turn>\n<start_of_turn>model\nSeven.<end_of_turn>\n',
  );
});

test('further variables reach the template', () => {
  const template = "{{ 'thinks' if enable_thinking else 'does not' }}";
  expect(
    applyChatTemplate(model(template), asked, { addGenerationPrompt: false, variables: { enable_thinking: false } }),
  ).toBe('does not');
});

describe('failures have names', () => {
  test.each([
    ['no template', null, asked],
    ['a refusal of the template', GEMMA, [{ role: 'system', content: 'x' }] as ChatMessage[]],
    ['a template that is none', '{% for %}', asked],
  ])('%s', (_, template, messages) => {
    expect(() => applyChatTemplate(model(template), messages, { addGenerationPrompt: true })).toThrow(LabError);
    try {
      applyChatTemplate(model(template), messages, { addGenerationPrompt: true });
    } catch (error) {
      expect((error as LabError).code).toBe('chat-template');
    }
  });
});

test('a file of its own comes before the field; of named ones the default', () => {
  expect(readChatTemplate({ chat_template: 'a' }, 'b')).toBe('b');
  expect(readChatTemplate({ chat_template: 'a' }, null)).toBe('a');
  expect(
    readChatTemplate(
      {
        chat_template: [
          { name: 'tool_use', template: 't' },
          { name: 'default', template: 'd' },
        ],
      },
      null,
    ),
  ).toBe('d');
  expect(readChatTemplate({}, null)).toBeNull();
});

test('a rendered chat is encoded with one begin token, not two', async () => {
  const read = async (name: string) =>
    JSON.parse(await readFile(new URL(`../../public/models/lrt-stories-s/${name}`, import.meta.url), 'utf8'));
  const config = {
    ...(await read('tokenizer_config.json')),
    chat_template: '{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}{{ eos_token }}',
  };
  const tokenizer = tokenizerOf(await read('tokenizer.json'), config, { bosIds: [], eosIds: [] }, 's');
  const text = applyChatTemplate(tokenizer, [{ role: 'user', content: 'One day' }], { addGenerationPrompt: false });
  expect(text).toBe('<s>One day</s>');
  expect(tokenizer.encodeRendered(text)).toEqual([
    tokenizer.bosId,
    ...tokenizer.encodeRendered('One day'),
    tokenizer.eosId,
  ]);
  expect(tokenizer.encode('One day')).toEqual([tokenizer.bosId, ...tokenizer.encodeRendered('One day')]);
});
