import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultExperiment } from '../experiment/defaults';
import { tokenizerOf } from '../models/testing';
import type { ModelTokenizer } from '../runtime/types';
import { promptIds, readText, renderChat, requireTemplates, writtenPrompt, writtenText } from './prompting';
import { saying } from '../i18n/testing';

/** A template in the manner of Llama 2, of the bundled tokenizer's own special tokens. */
const TEMPLATE =
  "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content + '\n' }}{% else %}{{ 'User: ' + m.content | trim + '\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}";

function tokenizer(template: string | null): ModelTokenizer {
  const json = (name: string): object =>
    JSON.parse(readFileSync(new URL(`../../public/models/lrt-stories-s/${name}`, import.meta.url), 'utf8'));
  return tokenizerOf(
    json('tokenizer.json'),
    { ...json('tokenizer_config.json'), chat_template: template ?? undefined },
    { bosIds: [], eosIds: [] },
    'fixture',
  );
}

const { prompting: plain } = defaultExperiment('mood');
const chat = { template: 'chat', system: '' } as const;
const templated = tokenizer(TEMPLATE);
const spelt = (ids: readonly number[]): string => templated.pieces(ids).join('');

describe('a prompt', () => {
  test('plain is the text; in a chat it is the user’s message, the system’s before it, up to where the answer begins', () => {
    expect(promptIds('The fox slept.', templated, plain)).toEqual(templated.encode('The fox slept.'));
    expect(renderChat('The fox slept.', templated, chat)).toBe('<s>User: The fox slept.\nAssistant:');
    expect(renderChat('The fox slept.', templated, { ...chat, system: 'Be brief.' })).toBe(
      '<s>Be brief.\nUser: The fox slept.\nAssistant:',
    );
  });

  test('in a chat it has one begin token, that of the template', () => {
    const ids = promptIds('The fox slept.', templated, chat);
    expect(ids.filter((id) => id === templated.bosId)).toHaveLength(1);
    expect(templated.decode(ids)).toBe('User: The fox slept.\nAssistant:');
  });

  test('is shown as each model is given it, its special tokens marked', () => {
    expect(writtenPrompt('The fox', { source: templated, target: templated }, plain)).toBeNull();
    const shown = writtenPrompt(
      'The fox',
      { source: templated, target: tokenizer("{{ 'Q ' + messages[0].content }}") },
      chat,
    )!;
    expect(shown.source.tokens.join('')).toBe('<s>User: The fox\nAssistant:');
    expect(shown.source.special).toEqual([0]);
    expect(shown.target.tokens.join('').trim()).toBe('Q The fox');
    expect(shown.target.special).toEqual([]);
  });
});

describe('a side of a pair', () => {
  const text = 'The happy fox slept.';
  const twin = 'The angry fox barked.';

  test('plain is read at its content', () => {
    const { ids, read } = readText(text, twin, templated, plain, 'mean');
    expect(read).toEqual(ids.map((_, i) => i).slice(1));
    expect(readText(text, twin, templated, plain, 'last').read).toEqual([ids.length - 1]);
  });

  test('in a chat the last token is where the answer begins, and the mean is over the message alone', () => {
    const last = readText(text, twin, templated, chat, 'last');
    expect(last.read).toEqual([last.ids.length - 1]);
    expect(spelt(last.ids).endsWith('Assistant:')).toBe(true);
    const mean = readText(text, twin, templated, chat, 'mean');
    expect(mean.ids).toEqual(last.ids);
    expect(spelt(mean.read.map((i) => mean.ids[i])).trim()).toBe(text);
    expect(writtenText(mean.ids, templated, mean.read).read).toEqual(mean.read);
  });

  test('the message is found after a system message that says the same', () => {
    const { ids, read } = readText(text, twin, templated, { ...chat, system: text }, 'mean');
    expect(read[0]).toBeGreaterThan(ids.length / 3);
    expect(spelt(read.map((i) => ids[i])).trim()).toBe(text);
  });

  test('the completion begins where the two sides part', () => {
    const begins = 'The fox was';
    const [glad, sad] = [`${begins} glad and slept.`, `${begins} sad.`];
    for (const prompting of [plain, chat]) {
      const own = readText(glad, sad, templated, prompting, 'completion');
      expect(spelt(own.read.map((i) => own.ids[i])).trim()).toBe('glad and slept.');
      const other = readText(sad, glad, templated, prompting, 'completion');
      expect(spelt(other.read.map((i) => other.ids[i])).trim()).toBe('sad.');
      expect(own.ids.slice(0, own.read[0])).toEqual(other.ids.slice(0, other.read[0]));
      expect(readText(glad, sad, templated, prompting, 'mean').read).toEqual(expect.arrayContaining(own.read));
    }
  });

  test('a text that is the beginning of the other has no completion, and is named', () => {
    for (const prompting of [plain, chat]) {
      const short = 'The fox was glad';
      const long = `${short} and slept`;
      // In a chat the template goes on behind the message, but its tokens are no completion.
      expect(() => readText(short, long, templated, prompting, 'completion')).toThrow(
        expect.objectContaining({ code: 'pairs-one-sided', params: { text: short } }),
      );
      const { ids, read } = readText(long, short, templated, prompting, 'completion');
      expect(spelt(read.map((i) => ids[i])).trim()).toBe('and slept');
    }
  });

  test('a template that rewrites messages cannot be read in the middle, but at its end', () => {
    const loud = tokenizer("{{ messages[0].content | upper + ' Assistant:' }}");
    expect(() => readText(text, twin, loud, chat, 'mean')).toThrow(saying(/rewrites/, 'chat-template'));
    expect(readText(text, twin, loud, chat, 'last').read).toHaveLength(1);
  });
});

describe('before anything long is begun', () => {
  const pair = (target: ModelTokenizer): Parameters<typeof requireTemplates>[0] => ({
    source: { tokenizer: templated },
    target: { tokenizer: target },
  });
  const titles = { source: 'Small', target: 'Large' };

  test('a model without a template is named, and plain prompts need none', () => {
    expect(() => requireTemplates(pair(tokenizer(null)), titles, chat)).toThrow(
      expect.objectContaining({
        code: 'chat-template',
        key: 'chat-template.model-none',
        params: { model: 'Large' },
      }),
    );
    requireTemplates(pair(tokenizer(null)), titles, plain);
    requireTemplates(pair(templated), titles, chat);
  });

  test('a template that takes no system message is named with the remedy', () => {
    const strict = tokenizer(
      "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{{ messages[0].content }}",
    );
    requireTemplates(pair(strict), titles, chat);
    expect(() => requireTemplates(pair(strict), titles, { ...chat, system: 'Be brief.' })).toThrow(
      expect.objectContaining({
        key: 'chat-template.model-system',
        params: { model: 'Large', reason: expect.stringMatching(/System role/) },
      }),
    );
  });
});

test('a template that writes the date writes the same one on any day', () => {
  const dated = tokenizer("{{ strftime_now('%d %B %Y') + ', ' + date_string + ': ' + messages[0].content }}");
  expect(renderChat('Hello', dated, chat)).toBe('26 July 2024, 26 Jul 2024: Hello');
});
