/** Messages to words: the catalogues of all languages, and the one place that formats them (ICU, by FormatJS). */
import { IntlMessageFormat, type Formatters, type FormatXMLElementFn } from 'intl-messageformat';
import type { LabErrorJson } from '../experiment/errors';
import { ERROR_PREFIX, type Message, type MessageParam, type MessageParams } from '../experiment/message';
import { en } from './en';
import type { Catalogue, MessageKey } from './keys';

export const LOCALES = { en: 'English' } as const;
export type Locale = keyof typeof LOCALES;

const CATALOGUES: Record<Locale, Catalogue> = { en };
const compiled = new Map<string, IntlMessageFormat>();
const made = new Map<Locale, Words>();

const numbers = new Map<string, Intl.NumberFormat>();

/** Numbers as the lab writes them: thin spaces in thousands, a true minus. */
const getNumberFormat: Formatters['getNumberFormat'] = (locales, options) => {
  const key = JSON.stringify([locales, options]);
  const known = numbers.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(locales, options);
  const format = (value: number | bigint): string =>
    made
      .formatToParts(value)
      .map(({ type, value: part }) => (type === 'group' ? '\u202f' : type === 'minusSign' ? '−' : part))
      .join('');
  // Of a number format the messages call this alone.
  const written = { format } as Intl.NumberFormat;
  numbers.set(key, written);
  return written;
};

const FORMATTERS: Formatters = {
  getNumberFormat,
  getDateTimeFormat: (locales, options) => new Intl.DateTimeFormat(locales, options),
  getPluralRules: (locales, options) => new Intl.PluralRules(locales, options),
};

/** Formats messages in one language. */
export interface Words {
  readonly locale: Locale;
  /** The text of a key. @throws RangeError for a place that no parameter fills */
  text: (key: MessageKey, params?: MessageParams) => string;
  /** The same with parts of it marked up: `<b>…</b>` in the catalogue is given to `tags.b`. */
  rich: <T>(
    key: MessageKey,
    params: MessageParams,
    tags: Record<string, FormatXMLElementFn<string, T>>,
  ) => (string | T)[];
  /** The text of a message, which a document may hold under a key that this version lacks: then the key and its values are shown. */
  say: (message: Message) => string;
  /** What happened, and what to do about it. */
  error: (error: LabErrorJson) => { what: string; remedy: string };
}

/** The words of a language; the same object for the same language. */
export function wordsOf(locale: Locale): Words {
  const words = made.get(locale) ?? makeWords(locale);
  made.set(locale, words);
  return words;
}

function makeWords(locale: Locale): Words {
  const { texts, errors } = CATALOGUES[locale] as {
    texts: Record<string, string>;
    errors: Record<string, { what: string; remedy: string }>;
  };
  const value = (param: MessageParam): string | number | boolean =>
    Array.isArray(param) ? param.map(say).join(' · ') : typeof param === 'object' ? say(param) : param;
  const values = (params: MessageParams): Record<string, string | number | boolean> =>
    Object.fromEntries(Object.entries(params).map(([name, param]) => [name, value(param)]));
  const format = (id: string, text: string, params: MessageParams): string =>
    String(compile(locale, id, text).format(values(params)));

  function say({ key, params }: Message): string {
    const error = key.startsWith(ERROR_PREFIX) ? errors[key.slice(ERROR_PREFIX.length)] : undefined;
    const text = error?.what ?? texts[key];
    if (text !== undefined) return format(key, text, params);
    const filled = Object.entries(values(params)).map(([name, given]) => `${name} ${given}`);
    return [key, ...filled].join(' · ');
  }

  return {
    locale,
    text: (key, params = {}) => format(key, texts[key], params),
    rich: (key, params, tags) => {
      const parts = compile(locale, key, texts[key]).format({ ...values(params), ...tags } as never);
      return (Array.isArray(parts) ? parts : [parts]) as never;
    },
    say,
    error: ({ key, params }) => {
      const entry = errors[key];
      // Of a file by another version of the lab: the key and its values are shown.
      if (entry === undefined) return { what: say({ key: String(key), params: params ?? {} }), remedy: '' };
      return {
        what: format(`${key}:what`, entry.what, params),
        remedy: format(`${key}:remedy`, entry.remedy, params),
      };
    },
  };
}

function compile(locale: Locale, id: string, text: string): IntlMessageFormat {
  const known = compiled.get(`${locale}:${id}`);
  if (known) return known;
  const parsed = new IntlMessageFormat(text, locale, undefined, { formatters: FORMATTERS });
  compiled.set(`${locale}:${id}`, parsed);
  return parsed;
}
