/**
 * The parts of tokenizer.json that the engine leaves out or does otherwise than the tokenizers library, whose files these
 * are (tokenizers 0.22: pre_tokenizers/, normalizers/, tokenizer/added_vocabulary.rs). `tokenizer-engine.ts` puts them in.
 */

/** An entry of `added_tokens`. */
export interface AddedToken {
  id: number;
  content: string;
  single_word: boolean;
  lstrip: boolean;
  rstrip: boolean;
  normalized: boolean;
}

/** A part of a text: a token that was found in it, or what lies between. */
export interface Section {
  text: string;
  /** Where it begins, in UTF-16 units. */
  start: number;
  token: AddedToken | null;
}

/** What Rust's regular expressions call a word character and white space. */
const WORD = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]`;
const SPACE = String.raw`\p{White_Space}`;
const STARTS_WITH_WORD = new RegExp(`^${WORD}`, 'u');
const ENDS_WITH_WORD = new RegExp(`${WORD}$`, 'u');
const LEADING_SPACE = new RegExp(`^${SPACE}+`, 'u');
const TRAILING_SPACE = new RegExp(`${SPACE}+$`, 'u');

interface Node {
  next: Map<string, Node>;
  token: AddedToken | null;
}

/** Finds added tokens in texts: leftmost, the longest first. A `single_word` one counts only where no word goes on beside it; the space that `lstrip` and `rstrip` take belongs to the token. */
export class AddedTokens {
  readonly #root: Node = { next: new Map(), token: null };

  /** @param tokens with the spelling that is looked for, which is not its content where that is normalised */
  constructor(tokens: readonly { spelling: string; token: AddedToken }[]) {
    for (const { spelling, token } of tokens) {
      if (spelling === '') continue;
      let node = this.#root;
      for (const unit of spelling.split('')) {
        let next = node.next.get(unit);
        if (!next) node.next.set(unit, (next = { next: new Map(), token: null }));
        node = next;
      }
      node.token ??= token;
    }
  }

  /** The text cut into tokens and what lies between; nothing empty. */
  split(text: string): Section[] {
    const sections: Section[] = [];
    let done = 0;
    const between = (to: number): void => {
      if (done < to) sections.push({ text: text.slice(done, to), start: done, token: null });
    };
    for (let at = 0; at < text.length;) {
      const found = this.#longest(text, at);
      if (!found) {
        at++;
        continue;
      }
      const { token, end } = found;
      const [before, after] = [text.slice(0, at), text.slice(end)];
      const alone = !token.single_word || !(ENDS_WITH_WORD.test(before) || STARTS_WITH_WORD.test(after));
      if (alone) {
        const left = token.lstrip ? (TRAILING_SPACE.exec(before)?.[0].length ?? 0) : 0;
        const right = token.rstrip ? (LEADING_SPACE.exec(after)?.[0].length ?? 0) : 0;
        const start = Math.max(done, at - left);
        between(start);
        sections.push({ text: text.slice(start, end + right), start, token });
        done = end + right;
      }
      at = end;
    }
    between(text.length);
    return sections;
  }

  #longest(text: string, from: number): { token: AddedToken; end: number } | null {
    let node: Node | undefined = this.#root;
    let found: { token: AddedToken; end: number } | null = null;
    for (let at = from; at < text.length && (node = node.next.get(text[at])); at++)
      if (node.token) found = { token: node.token, end: at + 1 };
    return found;
  }
}

export type SplitBehaviour = 'removed' | 'isolated' | 'mergedwithprevious' | 'mergedwithnext' | 'contiguous';

/** Cuts a text at the matches of a pattern; what becomes of a match is its behaviour. @param invert matches are what lies between */
export function splitAt(text: string, pattern: RegExp, behaviour: SplitBehaviour, invert = false): string[] {
  const parts: { text: string; match: boolean }[] = [];
  let at = 0;
  const add = (to: number, match: boolean): void => {
    if (to > at) parts.push({ text: text.slice(at, to), match: match !== invert });
    at = to;
  };
  for (const { 0: found, index } of text.matchAll(pattern)) {
    add(index, false);
    add(index + found.length, true);
  }
  add(text.length, false);
  const out: string[] = [];
  switch (behaviour) {
    case 'removed':
      return parts.filter(({ match }) => !match).map((part) => part.text);
    case 'isolated':
      return parts.map((part) => part.text);
    case 'contiguous':
      parts.forEach((part, i) => {
        if (parts[i - 1]?.match === part.match) out[out.length - 1] += part.text;
        else out.push(part.text);
      });
      return out;
    case 'mergedwithprevious':
      parts.forEach((part, i) => {
        if (part.match && i > 0 && !parts[i - 1].match) out[out.length - 1] += part.text;
        else out.push(part.text);
      });
      return out;
    case 'mergedwithnext':
      for (let i = parts.length - 1; i >= 0; i--) {
        const part = parts[i];
        if (part.match && i < parts.length - 1 && !parts[i + 1].match) out[out.length - 1] = part.text + out.at(-1)!;
        else out.push(part.text);
      }
      return out.toReversed();
  }
}

type Json = Record<string, unknown>;
/** @param first whether the text is the beginning of what was given to the tokenizer */
export type PreTokenize = (text: string, first: boolean) => string[];

const NUMERIC = /\p{N}/gu;
const PUNCTUATION = /[\p{P}!-/:-@[-`{-~]/gu;
const WORDS = new RegExp(String.raw`${WORD}+|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}${SPACE}]+`, 'gu');
const SPACES = new RegExp(SPACE, 'gu');

/**
 * A pre-tokenizer that the engine does otherwise; null for those that it does as stated.
 * @param pattern the engine's form of a `Split`'s pattern
 */
export function preTokenizerOf(config: Json, pattern: RegExp | null): PreTokenize | null {
  const behaviour = (fallback: SplitBehaviour): SplitBehaviour =>
    typeof config.behavior === 'string' ? (config.behavior.toLowerCase() as SplitBehaviour) : fallback;
  switch (config.type) {
    case 'Split': {
      const [does, inverted] = [behaviour('isolated'), config.invert === true];
      return pattern && ((text) => splitAt(text, pattern, does, inverted));
    }
    case 'Punctuation': {
      const does = behaviour('isolated');
      return (text) => splitAt(text, PUNCTUATION, does);
    }
    case 'Digits': {
      const does = config.individual_digits === true ? 'isolated' : 'contiguous';
      return (text) => splitAt(text, NUMERIC, does);
    }
    case 'Whitespace':
      return (text) => splitAt(text, WORDS, 'removed', true);
    case 'WhitespaceSplit':
      return (text) => splitAt(text, SPACES, 'removed');
    case 'Metaspace':
      return metaspace(config);
    default:
      return null;
  }
}

function metaspace(config: Json): PreTokenize {
  const replacement = typeof config.replacement === 'string' ? config.replacement : '\u2581';
  // Older files say `add_prefix_space` alone.
  const scheme = config.prepend_scheme ?? (config.add_prefix_space === false ? 'never' : 'always');
  const cut = config.split !== false;
  const pattern = new RegExp(replacement.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gu');
  return (text, first) => {
    let replaced = text.replaceAll(' ', replacement);
    const wanted = scheme === 'always' || (scheme === 'first' && first);
    if (wanted && !replaced.startsWith(replacement)) replaced = replacement + replaced;
    return cut ? splitAt(replaced, pattern, 'mergedwithnext') : [replaced];
  };
}

/** A normaliser that the engine does otherwise; null for those that it does as stated. */
export function normaliserOf(config: Json): ((text: string) => string) | null {
  switch (config.type) {
    case 'Lowercase':
      return lowerCase;
    case 'Strip':
      return (text) => {
        const left = config.strip_left === true ? text.replace(LEADING_SPACE, '') : text;
        return config.strip_right === true ? left.replace(TRAILING_SPACE, '') : left;
      };
    default:
      return null;
  }
}

/** Character by character: a sigma at the end of a word is not another one. */
export function lowerCase(text: string): string {
  return Array.from(text, (character) => character.toLowerCase()).join('');
}
