/** Methods of Python's strings and lists that chat templates call, where the engine lacks them or does them otherwise. */

/** What a template hands over: a string, or the engine's values of a list. */
type Held = string | readonly { value: unknown }[];
type Argument = string | number | boolean | null | undefined | Map<string, { value: unknown }>;
type Method = (text: string, ...args: never[]) => unknown;

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
/** White space as Python's str methods take it: without the byte order mark. */
const SPACE = String.raw`[\s\x1c-\x1f\x85]`.replace(
  '\\s',
  String.raw`\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`,
);
/** Where Python ends a line. */
const BREAK = String.raw`\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]`;
const set = (chars: string | null | undefined): string =>
  chars === null || chars === undefined ? SPACE : chars === '' ? '(?!)' : `[${escape(chars)}]`;
const left = (text: string, chars?: string | null): string => text.replace(new RegExp(`^(?:${set(chars)})+`, 'u'), '');
function right(text: string, chars?: string | null): string {
  const one = new RegExp(`^(?:${set(chars)})$`, 'u');
  const characters = [...text];
  let end = characters.length;
  while (end > 0 && one.test(characters[end - 1])) end--;
  return characters.slice(0, end).join('');
}
const word = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
const every = (pattern: RegExp) => (text: string) => text !== '' && pattern.test(text);
const cased = (text: string): boolean => text.toLowerCase() !== text.toUpperCase();
const found = (at: number): number => {
  if (at === -1) throw new Error('substring not found');
  return at;
};
const centre = (text: string, width: number, fill = ' '): string => {
  const room = Math.max(0, width - text.length);
  // CPython puts the odd one on the left where the width is odd.
  const before = Math.floor(room / 2) + (room & width & 1);
  return fill.repeat(before) + text + fill.repeat(room - before);
};
function rsplit(text: string, separator?: string | null, most = -1): string[] {
  const parts =
    separator === null || separator === undefined ? text.split(new RegExp(`${SPACE}+`, 'u')) : text.split(separator);
  const kept = separator === null || separator === undefined ? parts.filter((part) => part !== '') : parts;
  if (most < 0 || kept.length <= most + 1) return kept;
  if (separator === null || separator === undefined) throw new Error('rsplit() by white space with a limit');
  return [kept.slice(0, kept.length - most).join(separator), ...kept.slice(kept.length - most)];
}
function format(text: string, ...values: Argument[]): string {
  let next = 0;
  return text.replace(/\{\{|\}\}|\{(\d*)\}|\{[^}]*\}/g, (whole: string, index?: string) => {
    if (whole === '{{' || whole === '}}') return whole[0];
    if (index === undefined) throw new Error(`format() with ${whole}`);
    return String(values[index === '' ? next++ : Number(index)]);
  });
}

const STRING: Readonly<Record<string, Method>> = {
  strip: (text: string, chars?: string | null) => right(left(text, chars), chars),
  lstrip: left,
  rstrip: right,
  find: (text: string, part: string, from = 0, to = text.length) => text.slice(0, to).indexOf(part, from),
  rfind: (text: string, part: string) => text.lastIndexOf(part),
  index: (text: string, part: string, from = 0) => found(text.indexOf(part, from)),
  rindex: (text: string, part: string) => found(text.lastIndexOf(part)),
  count: (text: string, part: string) => (part === '' ? [...text].length + 1 : text.split(part).length - 1),
  partition: (text: string, by: string) => {
    const at = text.indexOf(by);
    return at === -1 ? [text, '', ''] : [text.slice(0, at), by, text.slice(at + by.length)];
  },
  rpartition: (text: string, by: string) => {
    const at = text.lastIndexOf(by);
    return at === -1 ? ['', '', text] : [text.slice(0, at), by, text.slice(at + by.length)];
  },
  rsplit,
  splitlines: (text: string) =>
    text === '' ? [] : text.replace(new RegExp(`(?:${BREAK})$`), '').split(new RegExp(BREAK)),
  removeprefix: (text: string, part: string) => (text.startsWith(part) ? text.slice(part.length) : text),
  removesuffix: (text: string, part: string) =>
    part !== '' && text.endsWith(part) ? text.slice(0, -part.length) : text,
  title: (text: string) => text.replace(/\p{L}+/gu, word),
  capitalize: word,
  // Jinja's filters of these names: words are told apart by other marks than Python's are.
  'filter capitalize': word,
  'filter title': (text: string) =>
    text
      .split(/([-\s({[<]+)/u)
      .map(word)
      .join(''),
  swapcase: (text: string) =>
    Array.from(text, (c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join(''),
  casefold: (text: string) => text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ'),
  join: (text: string, items: readonly { value: unknown }[]) => items.map(({ value }) => String(value)).join(text),
  format,
  zfill: (text: string, width: number) =>
    text
      .replace(/^[+-]?/, '')
      .padStart(width - (/^[+-]/.test(text) ? 1 : 0), '0')
      .replace(/^/, /^[+-]/.exec(text)?.[0] ?? ''),
  rjust: (text: string, width: number, fill = ' ') => text.padStart(width, fill),
  ljust: (text: string, width: number, fill = ' ') => text.padEnd(width, fill),
  center: centre,
  expandtabs: (text: string, size = 8) => {
    let column = 0;
    return Array.from(text, (c) => {
      const written = c === '\t' ? ' '.repeat(size - (column % size)) : c;
      column = c === '\n' || c === '\r' ? 0 : column + written.length;
      return written;
    }).join('');
  },
  isdigit: every(/^[\p{Nd}²³¹]+$/u),
  isnumeric: every(/^\p{N}+$/u),
  isdecimal: every(/^\p{Nd}+$/u),
  isalpha: every(/^\p{L}+$/u),
  isalnum: every(/^[\p{L}\p{N}]+$/u),
  isspace: every(new RegExp(`^(?:${SPACE})+$`, 'u')),
  isupper: (text: string) => cased(text) && text === text.toUpperCase(),
  islower: (text: string) => cased(text) && text === text.toLowerCase(),
  startswith: (text: string, part: Held, from = 0) => starts(part).some((each) => text.startsWith(each, from)),
  endswith: (text: string, part: Held) => starts(part).some((each) => text.endsWith(each)),
};

const starts = (part: Held): string[] => (typeof part === 'string' ? [part] : part.map(({ value }) => String(value)));

const LIST: Readonly<Record<string, (items: readonly { value: unknown }[], item: unknown) => unknown>> = {
  index: (items, item) => found(items.findIndex(({ value }) => value === item)),
  count: (items, item) => items.filter(({ value }) => value === item).length,
};

/** Names whose calls go through `callMethod`. */
export const METHODS: ReadonlySet<string> = new Set([...Object.keys(STRING), ...Object.keys(LIST)]);

/**
 * Calls a method as Python would.
 * @throws Error naming the method, where the value has none of this name
 */
export function callMethod(name: string, held: unknown, ...args: Argument[]): unknown {
  if (args.some((each) => each instanceof Map)) throw new Error(`${name}() with named arguments`);
  if (typeof held === 'string' && Object.hasOwn(STRING, name)) return STRING[name](held, ...(args as never[]));
  if (Array.isArray(held) && Object.hasOwn(LIST, name)) return LIST[name](held as { value: unknown }[], args[0]);
  throw new Error(`Unknown method: ${name}`);
}
