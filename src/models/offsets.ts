/**
 * Which characters of a text each token stands for. The engine gives tokens without
 * offsets, so the bytes that the tokens spell are laid along the bytes of the text, after
 * the rewriting that the tokenizer's normalizer does, followed character by character.
 */
import { LabError } from '../experiment/errors';

/** What a token spells: its bytes; a literal that is matched before normalizing; or anything that the vocabulary lacks (`text` is how that token itself is written). */
export type Spelling =
  { kind: 'bytes'; bytes: Uint8Array } | { kind: 'literal'; text: string } | { kind: 'unknown'; text: string | null };

/** A text and, for each of its UTF-16 units, the span of the original that it came from. */
interface Followed {
  text: string;
  start: number[];
  end: number[];
}

type Normalizer = {
  type?: string;
  normalizers?: Normalizer[];
  pattern?: { String?: string; Regex?: string };
  content?: string;
  prepend?: string;
};

const SPACE = 0x20;
/** A base character with its marks, or the jamo of one Hangul syllable: what the Unicode forms compose and decompose together. */
const CLUSTER =
  /(?:[\u1100-\u115f]+[\u1160-\u11a7]*[\u11a8-\u11ff]*|[\uac00-\ud7a3][\u1160-\u11ff]*|\P{M})\p{M}*|\p{M}+/gu;

/**
 * @param normalizer the field of tokenizer.json
 * @param metaspace  true where the vocabulary writes a space as U+2581
 * @throws LabError `model-invalid` if the normalizer is of a kind that cannot be followed
 */
function follow(text: string, normalizer: unknown, metaspace: boolean, modelId: string): Followed {
  const units = Array.from({ length: text.length }, (_, i) => i);
  const followed = normalise(
    { text, start: units, end: units.map((i) => i + 1) },
    normalizer as Normalizer | null,
    modelId,
  );
  return metaspace ? { ...followed, text: followed.text.replaceAll('\u2581', ' ') } : followed;
}

function normalise(input: Followed, normalizer: Normalizer | null, modelId: string): Followed {
  switch (normalizer?.type) {
    case undefined:
    // Space that is put in front or stripped is allowed for when the tokens are laid along the text.
    case 'Strip':
    case 'Prepend':
      return input;
    case 'Sequence':
      return (normalizer?.normalizers ?? []).reduce((followed, part) => normalise(followed, part, modelId), input);
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = normalizer!.type as 'NFC';
      return input.text.normalize(form) === input.text
        ? input
        : rewrite(input, CLUSTER, (cluster) => cluster.normalize(form));
    }
    case 'Lowercase':
      return rewrite(input, /./gsu, (character) => character.toLowerCase());
    case 'StripAccents':
      return rewrite(input, /\p{M}+/gu, () => '');
    case 'Replace': {
      const { String: literal, Regex: source } = normalizer!.pattern ?? {};
      const pattern =
        source !== undefined
          ? new RegExp(source, 'gu')
          : new RegExp((literal ?? '').replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gu');
      const content = normalizer!.content ?? '';
      return rewrite(input, pattern, () => content);
    }
    default:
      throw new LabError('model-invalid.normalizer', { id: modelId, normalizer: normalizer!.type });
  }
}

/** Replaces the matches of a pattern. What comes out of a match of another length stands for the whole match. */
function rewrite(input: Followed, pattern: RegExp, replace: (match: string) => string): Followed {
  const output: Followed = { text: '', start: [], end: [] };
  const parts: string[] = [];
  const copy = (from: number, to: number): void => {
    parts.push(input.text.slice(from, to));
    for (let i = from; i < to; i++) {
      output.start.push(input.start[i]);
      output.end.push(input.end[i]);
    }
  };
  let at = 0;
  for (const match of input.text.matchAll(pattern)) {
    const [found] = match;
    const replaced = replace(found);
    if (found === '' || replaced === found) continue;
    copy(at, match.index);
    at = match.index + found.length;
    const oneToOne = replaced.length === found.length;
    parts.push(replaced);
    for (let i = 0; i < replaced.length; i++) {
      output.start.push(input.start[oneToOne ? match.index + i : match.index]);
      output.end.push(input.end[oneToOne ? match.index + i : at - 1]);
    }
  }
  copy(at, input.text.length);
  output.text = parts.join('');
  return output;
}

/** The UTF-8 bytes of a followed text, and the span of the original behind each. */
function bytesOf(followed: Followed): { bytes: Uint8Array; start: number[]; end: number[] } {
  const encoder = new TextEncoder();
  const bytes: number[] = [];
  const start: number[] = [];
  const end: number[] = [];
  let unit = 0;
  for (const character of followed.text) {
    const last = unit + character.length - 1;
    for (const byte of encoder.encode(character)) {
      bytes.push(byte);
      start.push(followed.start[unit]);
      end.push(followed.end[last]);
    }
    unit += character.length;
  }
  return { bytes: Uint8Array.from(bytes), start, end };
}

/**
 * @param tokens what each token spells, in order
 * @returns for each token the span [start, end) of the text in UTF-16 units; tokens that share a character all span it
 * @throws LabError `model-invalid` if the tokens do not spell the text
 */
export function tokenOffsets(
  text: string,
  tokens: readonly Spelling[],
  normalizer: unknown,
  metaspace: boolean,
  modelId: string,
): [number, number][] {
  const { bytes, start, end } = bytesOf(follow(text, normalizer, metaspace, modelId));
  let at = 0;
  const matches = (wanted: Uint8Array, from: number): boolean =>
    from + wanted.length <= bytes.length && wanted.every((byte, i) => bytes[from + i] === byte);
  const isSpace = (byte: number): boolean => byte === SPACE || (byte >= 0x09 && byte <= 0x0d);
  const here = (): number => (at < bytes.length ? start[at] : text.length);

  /** Where the token begins and ends in the bytes, from `from` on; null if it is not there. */
  const place = (token: Spelling, from: number): [number, number] | null => {
    if (token.kind !== 'bytes') {
      if (token.text === null) return null;
      const first = from < bytes.length ? start[from] : text.length;
      if (!text.startsWith(token.text, first)) return null;
      let to = from;
      while (to < bytes.length && start[to] < first + token.text.length) to++;
      return [from, to];
    }
    if (matches(token.bytes, from)) return [from, from + token.bytes.length];
    // A space that the tokenizer put in front of the text.
    if (token.bytes[0] === SPACE && matches(token.bytes.subarray(1), from))
      return [from, from + token.bytes.length - 1];
    return null;
  };
  /** The same, after white space that the tokenizer has dropped. */
  const find = (token: Spelling, from: number): [number, number] | null => {
    for (let skip = from; ; skip++) {
      const placed = place(token, skip);
      if (placed) return placed;
      if (skip >= bytes.length || !isSpace(bytes[skip])) return null;
    }
  };

  return tokens.map((token, i) => {
    const placed = find(token, at);
    if (placed) {
      at = placed[1];
      return placed[0] === placed[1] ? [here(), here()] : [start[placed[0]], end[placed[1] - 1]];
    }
    if (token.kind !== 'unknown') {
      throw new LabError('model-invalid.spelling', { id: modelId, character: here() });
    }
    // An unknown token stands for all up to the next token that is found, at least one character.
    const from = at;
    let later = i + 1;
    while (tokens[later]?.kind === 'unknown') later++;
    const next = tokens[later];
    do at++;
    while (at < bytes.length && (start[at] === start[at - 1] || !next || !find(next, at)));
    at = Math.min(at, bytes.length);
    return from >= bytes.length ? [text.length, text.length] : [start[from], end[at - 1]];
  });
}
