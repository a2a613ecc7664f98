/** The errors against the sources: each is in the catalogue, each in the catalogue is used, and every place is filled. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IntlMessageFormat } from 'intl-messageformat';
import { parseSync } from 'vite';
import { describe, expect, test } from 'vitest';
import { ERROR_TABLE, errorTable } from '../../tools/error-table';
import { ERROR_CODES, LabError, type LabErrorJson } from '../experiment/errors';
import { en } from './en';
import { wordsOf } from './text';

const root = fileURLToPath(new URL('../..', import.meta.url));
const entries: Record<string, { what: string; remedy: string }> = en.errors;

/** A node of the syntax tree (ESTree). */
interface Node {
  type: string;
  start: number;
  [field: string]: unknown;
}

function* walk(node: Node): Generator<Node> {
  yield node;
  for (const child of Object.values(node))
    for (const part of Array.isArray(child) ? child : [child])
      if (part !== null && typeof part === 'object' && 'type' in part) yield* walk(part as Node);
}

interface Site {
  /** File and line. */
  at: string;
  /** The keys that the first argument may be; null where the source does not tell. */
  keys: string[] | null;
  /** The parameters that are always given; null where the source does not tell. */
  given: Set<string> | null;
}

/** Every `new LabError(…)` of a file. */
function sitesOf(path: string): Site[] {
  const text = readFileSync(join(root, path), 'utf8');
  const nodes = [...walk(parseSync(path, text).program as unknown as Node)];
  const named = (node: unknown): string => (node as { name?: string } | null)?.name ?? '';

  /** What a name stands for: the value of the nearest `const` before it, or the type of the parameter that it is. */
  const meaning = ({ name, start }: Node): Node | null => {
    const before = nodes.filter((node) => node.start < start).toSorted((a, b) => b.start - a.start);
    const constant = before.find((node) => node.type === 'VariableDeclarator' && named(node.id) === name);
    if (constant?.init) return constant.init as Node;
    const typed = before.find((node) => node.type === 'Identifier' && node.name === name && node.typeAnnotation);
    return (typed?.typeAnnotation as Node | undefined) ?? null;
  };

  const keysOf = (node: Node): string[] | null => {
    switch (node.type) {
      case 'Literal':
        return typeof node.value === 'string' ? [node.value] : null;
      case 'ConditionalExpression': {
        const both = [keysOf(node.consequent as Node), keysOf(node.alternate as Node)];
        return both.includes(null) ? null : (both.flat() as string[]);
      }
      case 'TemplateLiteral': {
        const parts = (node.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked);
        return Object.keys(entries).filter(
          (key) => key.startsWith(parts[0]) && key.endsWith(parts[parts.length - 1]) && parts.length === 2,
        );
      }
      case 'Identifier': {
        const meant = meaning(node);
        return meant && meant !== node ? keysOf(meant) : null;
      }
      case 'TSTypeAnnotation':
        return keysOf(node.typeAnnotation as Node);
      case 'TSUnionType': {
        const all = (node.types as Node[]).map(keysOf);
        return all.includes(null) ? null : (all.flat() as string[]);
      }
      case 'TSLiteralType':
        return keysOf(node.literal as Node);
      default:
        return null;
    }
  };

  const givenBy = (node: Node | undefined): Set<string> | null => {
    if (node === undefined) return new Set();
    if (node.type === 'Identifier') {
      const meant = meaning(node);
      return meant ? givenBy(meant) : null;
    }
    if (node.type !== 'ObjectExpression') return null;
    const given = new Set<string>();
    for (const property of node.properties as Node[]) {
      if (property.type === 'Property') given.add(named(property.key) || String((property.key as Node).value));
      // What is spread out conditionally is not always given; what comes from elsewhere is not known.
      else for (const name of givenBy(property.argument as Node) ?? []) given.add(name);
    }
    return given;
  };

  return nodes
    .filter((node) => node.type === 'NewExpression' && named(node.callee) === 'LabError')
    .map((node) => {
      const [key, params] = node.arguments as Node[];
      const line = text.slice(0, node.start).split('\n').length;
      return { at: `${path}:${line}`, keys: keysOf(key), given: givenBy(params) };
    });
}

const files = ['src', 'tools'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path}`)
    .filter((path) => /\.tsx?$/.test(path) && !/\.(test|gpu|browser)\.tsx?$/.test(path)),
);
// The class itself makes an error out of its JSON, whose key was one of the catalogue's when it was written.
const sites = files.flatMap(sitesOf).filter(({ at, keys }) => !(at.startsWith('src/experiment/errors.ts') && !keys));

/** An element of a parsed ICU message. */
interface Element {
  type: number;
  value?: string;
  options?: Record<string, { value: Element[] }>;
  children?: Element[];
}

/** Names of the places of a text, those of every case of a choice included. */
function placesOf(text: string): Set<string> {
  const found = new Set<string>();
  const collect = (elements: readonly Element[]): void =>
    elements.forEach(({ type, value, options, children }) => {
      if (type >= 1 && type <= 6) found.add(value!);
      Object.values(options ?? {}).forEach((option) => collect(option.value));
      collect(children ?? []);
    });
  collect(new IntlMessageFormat(text, 'en').getAst() as unknown as Element[]);
  return found;
}

describe('the errors of the catalogue', () => {
  test('are found in the sources: hundreds of places', () => {
    expect(sites.length).toBeGreaterThan(250);
  });

  test('are used, each, and every error that is thrown is there', () => {
    expect(sites.filter(({ keys }) => keys === null || keys.length === 0).map(({ at }) => at)).toEqual([]);
    const used = new Set(sites.flatMap(({ keys }) => keys ?? []));
    expect([...used].filter((key) => !Object.hasOwn(entries, key))).toEqual([]);
    expect(Object.keys(entries).filter((key) => !used.has(key))).toEqual([]);
  });

  test('are of a known code, and every code has one', () => {
    const codes = new Set(Object.keys(entries).map((key) => key.split('.')[0]));
    expect([...codes].filter((code) => !ERROR_CODES.some((known) => known === code))).toEqual([]);
    expect(ERROR_CODES.filter((code) => !codes.has(code))).toEqual([]);
  });

  test('have every place filled wherever they are thrown', () => {
    const wrong = sites.flatMap(({ at, keys, given }) =>
      (keys ?? []).flatMap((key) => {
        const { what = '', remedy = '' } = entries[key] ?? {};
        return [...placesOf(what), ...placesOf(remedy)]
          .filter((place) => !given?.has(place))
          .map((place) => `${at}: ${key} lacks {${place}}`);
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('are in one file only, and end as sentences do', () => {
    const folder = join(root, 'src/i18n/en');
    const keys = readdirSync(folder)
      .filter((name) => name.startsWith('errors'))
      .flatMap((name) => Object.keys(JSON.parse(readFileSync(join(folder, name), 'utf8')) as object));
    expect(keys.filter((key, i) => keys.indexOf(key) !== i)).toEqual([]);
    expect(keys.toSorted()).toEqual(Object.keys(entries).toSorted());
    const open = Object.entries(entries).filter(
      ([, { what, remedy }]) => !/[.…}]$/.test(remedy) || (!/[.…}]$/.test(what) && !/\{\w+\}$/.test(what)),
    );
    expect(open.map(([key]) => key)).toEqual([]);
  });

  test('are listed in docs/errors.md as they are (npm run docs:errors)', () => {
    expect(readFileSync(ERROR_TABLE, 'utf8')).toBe(errorTable());
  });
});

test('an error keeps its words on the way through JSON, and one of another version shows its key and values', () => {
  const error = new LabError('unknown-preset.site', { id: 'x', presets: 'mood, language' });
  const back = LabError.fromJSON(JSON.parse(JSON.stringify(error)) as LabErrorJson);
  expect(back).toMatchObject({ code: 'unknown-preset', key: error.key, params: error.params });
  const words = wordsOf('en');
  expect(words.error(back.toJSON())).toEqual({
    what: 'There is no preset “x”.',
    remedy: 'Choose one of: mood, language.',
  });
  expect(words.error({ code: 'internal', key: 'internal.of-tomorrow', params: { n: 3 } })).toEqual({
    what: 'internal.of-tomorrow · n 3',
    remedy: '',
  });
});
