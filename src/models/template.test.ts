import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { saidBy } from '../i18n/testing';
import { strftime } from './strftime';
import { renderTemplate } from './template';

interface Fixture {
  messages: { role: string; content: string }[];
  cases: { template: string; text: string | null }[];
}

/** Made by jinja2: fixtures/templates/make.py. */
const { messages, cases } = JSON.parse(
  await readFile(new URL('../../fixtures/templates/templates.json', import.meta.url), 'utf8'),
) as Fixture;
const variables = { add_generation_prompt: true, bos_token: '<s>', eos_token: '</s>' };
const render = (template: string): string => renderTemplate(template, messages, variables);

function refusal(template: string): LabError {
  try {
    render(template);
  } catch (error) {
    return error as LabError;
  }
  throw new Error(`rendered: ${template}`);
}

describe('a template is rendered as jinja2 renders it', () => {
  test.each(cases.filter(({ text }) => text !== null))('$template', ({ template, text }) => {
    expect(render(template)).toBe(text);
  });

  test('the corpus holds enough', () => expect(cases.length).toBeGreaterThan(70));
});

describe('what is not supported is named, with the line of the template', () => {
  test.each([
    ['{{ bos_token }}\n\n{{ messages | batch(2) }}', 3, 'batch'],
    ['a\n{% include "x" %}', 2, 'include'],
    ["{{ 1 }}\n{{ 'a' is foo }}", 2, 'foo'],
    ["\n\n\n{{ strftime_now('%d %Q') }}", 4, '%Q'],
    ["{{ 'a' }}\n{{ 3.strip() }}", 2, 'strip'],
    ['x\ny\n{% for m in messages %}{{ m.role }', 3, ''],
  ])('%j', (template, line, name) => {
    const error = refusal(template);
    expect(error.key).toBe('chat-template.unsupported');
    expect(error.params.line).toBe(line);
    expect(saidBy(error)).toContain(`from line ${line} on`);
    expect(String(error.params.reason)).toContain(name);
  });

  test('a refusal in the template’s own words is one of its own', () => {
    const error = refusal("{{ raise_exception('Roles must alternate') }}");
    expect(error.key).toBe('chat-template.refused');
    expect(error.params.reason).toBe('Roles must alternate');
  });
});

test('weeks at the turn of a year, and hours of both halves of a day', () => {
  const at = (text: string, format: string): string => strftime(new Date(`${text}Z`), format);
  expect(at('2021-01-01T00:05:09', '%G-W%V-%u %j %U %W %I%p')).toBe('2020-W53-5 001 00 00 12AM');
  expect(at('2024-12-30T13:00:00', '%G-W%V-%u %j %U %W %-I%p')).toBe('2025-W01-1 365 52 53 1PM');
  expect(at('2024-02-05T00:00:00', '%-d|%e|%-m|%-H|%-M')).toBe('5| 5|2|0|0');
});
