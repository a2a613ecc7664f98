/** The catalogue against the sources: every text can be formatted, is used, and finds all its places filled. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IntlMessageFormat } from 'intl-messageformat';
import { describe, expect, test } from 'vitest';
import { en } from './en';

const texts: Record<string, string> = en.texts;
const src = fileURLToPath(new URL('..', import.meta.url));
const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !/\.(test|gpu)\.tsx?$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(src, path), 'utf8') }));

interface Element {
  type: number;
  value?: string;
  options?: Record<string, { value: Element[] }>;
  children?: Element[];
}

const ARGUMENTS = new Set([1, 2, 3, 4, 5, 6]);
const TAG = 8;

/** Names of the places and of the tags of a parsed message. */
function namesIn(elements: readonly Element[]): { places: Set<string>; tags: Set<string> } {
  const found = { places: new Set<string>(), tags: new Set<string>() };
  const walk = (list: readonly Element[]): void =>
    list.forEach(({ type, value, options, children }) => {
      if (ARGUMENTS.has(type)) found.places.add(value!);
      if (type === TAG) found.tags.add(value!);
      Object.values(options ?? {}).forEach((option) => walk(option.value));
      walk(children ?? []);
    });
  walk(elements);
  return found;
}

const parsed = new Map(
  Object.entries(texts).map(([key, text]) => [
    key,
    namesIn(new IntlMessageFormat(text, 'en').getAst() as unknown as Element[]),
  ]),
);

/** What stands between a bracket and its partner. */
function inside(text: string, open: number): string {
  const partner: Record<string, string> = { '(': ')', '{': '}', '[': ']' };
  const stack: string[] = [];
  for (let i = open; i < text.length; i++) {
    if (partner[text[i]]) stack.push(partner[text[i]]);
    else if (text[i] === stack.at(-1)) {
      stack.pop();
      if (stack.length === 0) return text.slice(open + 1, i);
    }
  }
  return '';
}

/** Names of an object literal's properties; null where it holds another object spread out. */
function propertiesOf(literal: string): Set<string> | null {
  let depth = 0;
  let flat = '';
  for (const letter of literal) {
    if ('({['.includes(letter)) depth += 1;
    if (depth === 0) flat += letter;
    if (')}]'.includes(letter)) depth -= 1;
  }
  if (flat.includes('...')) return null;
  return new Set(flat.split(',').map((part) => /^\s*(\w+)/.exec(part)?.[1] ?? ''));
}

/** A key as the sources write it: literal, or with parts filled in, which may be any of several. */
function keysOf(written: string): string[] {
  if (written[0] !== '`') return [written.slice(1, -1)];
  const pattern = written
    .slice(1, -1)
    .split(/\$\{[^}]*\}/)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\w-]+(?:\\.[\\w-]+)*');
  return Object.keys(texts).filter((key) => new RegExp(`^${pattern}$`).test(key));
}

/** The places or tags that all of some texts have: of a key with parts filled in those that are always needed. */
function sharedBy(keys: readonly string[], what: 'places' | 'tags'): string[] {
  const [first, ...rest] = keys.map((key) => parsed.get(key)![what]);
  return [...(first ?? [])].filter((name) => rest.every((names) => names.has(name)));
}

const KEY = /(?:'[a-z][\w-]*(?:\.[\w-]+)+'|"[a-z][\w-]*(?:\.[\w-]+)+"|`[a-z][\w-]*\.(?:[\w.-]|\$\{[^}`]*\})*`)/;

/** The attributes `name={…}` and `name="…"` that follow one another from a place on. */
function attributesOf(text: string, from: number): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = from; ;) {
    const next = /^\s*(\w+)=(?:"[^"]*"|(\{))/.exec(text.slice(at));
    if (!next) return found;
    at += next[0].length;
    if (next[2] === undefined) continue;
    const value = inside(text, at - 1);
    found.set(next[1], value);
    at += value.length + 1;
  }
}

describe('the English catalogue', () => {
  test('has no key twice', () => {
    const here = fileURLToPath(new URL('./en/', import.meta.url));
    const keys = readdirSync(here)
      .filter((name) => name.endsWith('.json') && !name.startsWith('errors'))
      .flatMap((name) => Object.keys(JSON.parse(readFileSync(here + name, 'utf8')) as object));
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
    expect(keys.filter((key) => texts[key] === undefined)).toEqual([]);
  });

  test('has no text that is not used', () => {
    const used = new Set(
      sources.flatMap(({ text }) => [...text.matchAll(new RegExp(KEY, 'g'))].flatMap(([written]) => keysOf(written))),
    );
    const unused = Object.keys(texts).filter(
      (key) => !used.has(key) && !sources.some(({ text }) => text.includes(`'${key}'`)),
    );
    expect(unused).toEqual([]);
  });

  test('finds every place filled where a text is used', () => {
    const call = new RegExp(`\\b(?:text|message)\\(\\s*(${KEY.source})\\s*(,|\\))`, 'g');
    const wrong: string[] = [];
    for (const { path, text } of sources)
      for (const match of text.matchAll(call)) {
        const open = text.indexOf('(', match.index);
        const rest = inside(text, open);
        const literal = rest.indexOf('{', rest.indexOf(match[1]) + match[1].length);
        // Parameters that are made elsewhere are not followed.
        if (match[2] === ',' && !/^\s*,\s*\{/.test(rest.slice(rest.indexOf(match[1]) + match[1].length))) continue;
        const given = match[2] === ')' ? new Set<string>() : propertiesOf(inside(rest, literal));
        if (!given) continue;
        for (const place of sharedBy(keysOf(match[1]), 'places'))
          if (!given.has(place)) wrong.push(`${path}: ${match[1]} lacks {${place}}`);
      }
    expect(wrong).toEqual([]);
  });

  test('finds every place and every tag of a marked-up text', () => {
    const element = new RegExp(`<Rich\\s+text=\\{?(${KEY.source})\\}?`, 'g');
    const wrong: string[] = [];
    for (const { path, text } of sources)
      for (const match of text.matchAll(element)) {
        const attributes = attributesOf(text, match.index + '<Rich'.length);
        const [given, tags] = ['params', 'tags'].map((name) => {
          const value = attributes.get(name)?.trim();
          if (value === undefined) return new Set<string>();
          return value.startsWith('{') ? propertiesOf(inside(value, 0)) : null;
        });
        const keys = keysOf(match[1]);
        for (const place of sharedBy(keys, 'places'))
          if (given && !given.has(place)) wrong.push(`${path}: ${match[1]} lacks {${place}}`);
        for (const tag of sharedBy(keys, 'tags'))
          if (tags && !tags.has(tag)) wrong.push(`${path}: ${match[1]} lacks <${tag}>`);
      }
    expect(wrong).toEqual([]);
  });
});
