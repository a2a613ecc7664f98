/**
 * Links as they arrive: inside a text, wrapped, escaped, or inside another address. What a link was is guessed generously
 * here, since its digest tells a right guess from a wrong one; nothing that the digest does not vouch for is opened.
 */
import { DIGEST_DIGITS } from './codec';
import { LINK_PREFIX, separatorOf } from './fragment';

/** Longest text that is searched for a link. */
const MAX_TEXT = 200_000;
/** Times that a text is unescaped: a link inside an address inside an address. */
const ROUNDS = 3;
const MAX_CANDIDATES = 64;

/** Characters without width that editors and chat programs put between letters, and tags that allow a line break. */
const INVISIBLE =
  /[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]|\ufe0f|<wbr\s*\/?>|&(?:shy|ZeroWidthSpace|#8203);/gi;

/**
 * The fragments that a text may have meant, likeliest first, each of the strict form that `decodeLink` reads; empty where
 * nothing in it looks like a link.
 */
export function candidatesOf(text: string): string[] {
  const found = new Set<string>();
  for (const layer of layersOf(text.slice(0, MAX_TEXT))) {
    for (const fragment of fragmentsIn(layer)) {
      found.add(fragment);
      if (found.size >= MAX_CANDIDATES) return [...found];
    }
  }
  return [...found];
}

/** The text, and what it is with its escapes undone, layer by layer. */
function layersOf(text: string): string[] {
  const layers = [text];
  const add = (layer: string): void => void (layers.includes(layer) || layers.push(layer));
  for (let round = 0, start = 0; round < ROUNDS; round++) {
    const end = layers.length;
    for (const layer of layers.slice(start, end)) {
      add(percentDecoded(layer));
      add(entitiesDecoded(layer));
      add(quotedPrintableDecoded(layer));
      add(layer.replaceAll(/\\([^\s\w])/g, '$1'));
      add(layer.replaceAll(/\\_/g, '_'));
      // Proofpoint's second form: / as _, and % as -.
      if (/-23_x_\d/.test(layer)) add(percentDecoded(layer.replaceAll('_', '/').replaceAll(/-([0-9A-F]{2})/g, '%$1')));
      // Typography: two hyphens made one dash.
      add(layer.replaceAll(/[–—]/g, '--'));
    }
    start = end;
  }
  return layers;
}

const percentDecoded = (text: string): string =>
  text.replaceAll(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  num: '#',
  sol: '/',
  lowbar: '_',
  tilde: '~',
  hyphen: '-',
};

const entitiesDecoded = (text: string): string =>
  text.replaceAll(
    /&(?:#(\d{1,5})|#x([0-9a-f]{1,4})|([a-z]+));/gi,
    (whole, decimal?: string, hex?: string, name?: string) =>
      name
        ? (ENTITIES[name.toLowerCase()] ?? whole)
        : String.fromCharCode(decimal ? Number(decimal) : Number.parseInt(hex!, 16)),
  );

const quotedPrintableDecoded = (text: string): string =>
  text
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([2-7][0-9A-F])/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Start of a link; `*` stands where a filter of mails has put one for a special character. */
const START = /[#*]\/x\/(\d{1,6})\//g;
/** What may stand between two characters of a payload that were one line: breaks, indents, marks of quotation. */
const WRAPPING = /[\s>|=]+/g;

function* fragmentsIn(text: string): Generator<string> {
  const clean = text.replaceAll(INVISIBLE, '');
  for (const { index, 0: start, 1: version } of clean.matchAll(START)) {
    const rest = clean.slice(index + start.length);
    const separator = separatorOf(Number(version));
    const made = (payload: string, digest: string): string =>
      `${LINK_PREFIX}${version}/${payload}${separator}${digest}`;
    // `*` stands where a filter of mails has put one for a special character.
    // As it stands: up to the digest, and nothing behind that.
    const plain = new RegExp(`^([\\w-]*)[${separator}*]([0-9a-f]{${DIGEST_DIGITS}})`).exec(rest);
    if (plain) yield made(plain[1], plain[2]);
    // Wrapped: the separator, then the digits, with breaks anywhere.
    const wrapped = new RegExp(`^([\\w\\-\\s>|=]*?)[${separator}*]([0-9a-f\\s>|=]+)`).exec(rest);
    if (wrapped) {
      const digits = wrapped[2].replaceAll(WRAPPING, '');
      if (digits.length >= DIGEST_DIGITS)
        yield made(wrapped[1].replaceAll(WRAPPING, ''), digits.slice(0, DIGEST_DIGITS));
    }
    // The separator fell out, as a mark of struck-out text does: the last digits are the digest.
    for (const joined of [/^[\w-]*/.exec(rest)![0], /^[\w\-\s>|=]*/.exec(rest)![0].replaceAll(WRAPPING, '')]) {
      const lost = new RegExp(`^(.*?)([0-9a-f]{${DIGEST_DIGITS}})$`).exec(joined);
      if (lost) yield made(lost[1], lost[2]);
    }
  }
}
