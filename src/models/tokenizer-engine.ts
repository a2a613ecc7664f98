/**
 * Makes the engine of transformers.js do what a tokenizer.json states, as the tokenizers library does: byte fallback of
 * Unigram models, `single_word`, `lstrip` and `rstrip` of added tokens, the unknown token of WordLevel models, unknown
 * tokens that are fused within a word, and the parts of `tokenizer-parts.ts`. What neither does is refused by name.
 */
import { LabError } from '../experiment/errors';
import { AddedTokens, normaliserOf, preTokenizerOf, type AddedToken } from './tokenizer-parts';
import type { AutoTokenizer } from './transformers';

type Json = Record<string, unknown>;
type Engine = AutoTokenizer['_tokenizer'];

interface Normaliser {
  config?: Json;
  normalizers?: (Normaliser | null)[];
  normalize(text: string): string;
}

interface PreTokenizer {
  config?: Json;
  tokenizers?: (PreTokenizer | null)[];
  pattern?: RegExp | null;
  pre_tokenize(text: string | string[], options: { section_index: number }): string[];
  pre_tokenize_text(text: string, options?: { section_index?: number }): string[];
}

interface Model {
  (tokens: string[]): string[];
  tokens_to_ids: Map<string, number>;
  unk_token?: string;
  unk_token_id?: number;
  encode(tokens: string[]): string[];
}

interface Decoder {
  config: Json;
  decoders?: (Decoder | null)[];
  decode_chain(tokens: string[]): string[];
}

/** The engine's inside, as far as it is used here. */
interface Inside {
  added_tokens: AddedToken[];
  normalizer: Normaliser | null;
  pre_tokenizer: PreTokenizer | null;
  model: Model;
  decoder: Decoder | null;
  remove_space?: boolean;
  do_lowercase_and_remove_accent?: boolean;
  encode_text(text: string | null): string[] | null;
}

/**
 * Changes the engine in place.
 * @param json parsed tokenizer.json
 * @throws LabError `model-invalid.tokenizer-part` naming what the file states and the lab does not do
 */
export function completeEngine(engine: Engine, json: Json, modelId: string): void {
  refuseUnknownParts(json, modelId);
  const inside = engine as unknown as Inside;
  completeNormaliser(inside.normalizer);
  completePreTokenizer(inside.pre_tokenizer, json.pre_tokenizer as Json | null);
  completeModel(inside.model, (json.model ?? {}) as Json);
  completeDecoder(inside.decoder);
  inside.encode_text = encoderOf(inside);
}

function refuseUnknownParts(json: Json, id: string): void {
  const refuse = (part: string): never => {
    throw new LabError('model-invalid.tokenizer-part', { id, part });
  };
  const model = (json.model ?? {}) as Json;
  if (model.type === 'BPE') {
    if (typeof model.continuing_subword_prefix === 'string' && model.continuing_subword_prefix !== '')
      refuse(`model.continuing_subword_prefix = ${JSON.stringify(model.continuing_subword_prefix)}`);
    if (typeof model.dropout === 'number' && model.dropout > 0) refuse(`model.dropout = ${model.dropout}`);
  }
  const visit = (part: unknown): void => {
    if (part === null || typeof part !== 'object') return;
    const { type, precompiled_charsmap: map, normalizers } = part as Json;
    // The engine has a form of its own in place of the table that the file brings.
    if (type === 'Precompiled' && typeof map === 'string' && map !== '') refuse('normalizer.precompiled_charsmap');
    if (Array.isArray(normalizers)) normalizers.forEach(visit);
  };
  visit(json.normalizer);
}

function completeNormaliser(normaliser: Normaliser | null): void {
  if (!normaliser) return;
  normaliser.normalizers?.forEach(completeNormaliser);
  const does = normaliserOf(normaliser.config ?? {});
  if (does) normaliser.normalize = does;
}

/** @param config of tokenizer.json: not every kind of the engine's keeps its own */
function completePreTokenizer(part: PreTokenizer | null, config: Json | null): void {
  if (!part || !config) return;
  const members = config.pretokenizers as Json[] | undefined;
  part.tokenizers?.forEach((member, i) => completePreTokenizer(member, members?.[i] ?? null));
  const does = preTokenizerOf(config, part.pattern ?? null);
  if (does) part.pre_tokenize_text = (text, options) => does(text, options?.section_index === 0);
}

function completeModel(model: Model, json: Json): void {
  if (json.type === 'WordLevel' && typeof json.unk_token === 'string') {
    model.unk_token = json.unk_token;
    model.unk_token_id = model.tokens_to_ids.get(json.unk_token);
  }
  if (json.type === 'BPE' && typeof json.unk_token !== 'string' && !json.end_of_word_suffix) dropUnknown(model, json);
  if (json.type === 'Unigram' && json.byte_fallback === true) {
    const pieces = model.encode.bind(model);
    const bytesOf = (text: string): string[] => bytePieces(text, model) ?? [text];
    model.encode = (tokens) =>
      tokens.flatMap((token) => {
        const out: string[] = [];
        let unknown = '';
        const flush = (): void => {
          if (unknown !== '') out.push(...bytesOf(unknown));
          unknown = '';
        };
        for (const piece of pieces([token])) {
          if (!model.tokens_to_ids.has(piece)) unknown += piece;
          else {
            flush();
            out.push(piece);
          }
        }
        flush();
        return out;
      });
  }
}

function completeDecoder(decoder: Decoder | null): void {
  if (!decoder) return;
  decoder.decoders?.forEach(completeDecoder);
  const { config } = decoder;
  if (config.type === 'ByteFallback') decoder.decode_chain = decodeBytes;
  // Nothing was put in front: a space at the beginning is the text's own.
  if (config.type === 'Metaspace' && config.prepend_scheme === 'never') {
    const replacement = typeof config.replacement === 'string' ? config.replacement : '\u2581';
    decoder.decode_chain = (tokens) => tokens.map((token) => token.replaceAll(replacement, ' '));
  }
}

/** Runs of byte tokens as text: a byte order mark stays, and of bytes that are no text each is one U+FFFD. */
function decodeBytes(tokens: string[]): string[] {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const out: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length === 0) return;
    try {
      out.push(utf8.decode(Uint8Array.from(bytes)));
    } catch {
      out.push(...bytes.map(() => '\uFFFD'));
    }
    bytes = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
    if (byte) bytes.push(Number.parseInt(byte[1], 16));
    else {
      flush();
      out.push(token);
    }
  }
  flush();
  return out;
}

/** A text in the tokens of its bytes: all of it, or null where the vocabulary lacks one. */
function bytePieces(text: string, { tokens_to_ids: known }: Model): string[] | null {
  const bytes = Array.from(
    new TextEncoder().encode(text),
    (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
  );
  return bytes.every((byte) => known.has(byte)) ? bytes : null;
}

/** Without an unknown token, characters that the vocabulary lacks are left out before merging: what stood beside them can merge. */
function dropUnknown(model: Model, json: Json): void {
  const encode = model.encode.bind(model);
  const known = (character: string): boolean =>
    model.tokens_to_ids.has(character) || (json.byte_fallback === true && bytePieces(character, model) !== null);
  model.encode = (tokens) =>
    encode(
      tokens.flatMap((token) => {
        if (json.ignore_merges === true && model.tokens_to_ids.has(token)) return [token];
        const kept = [...token].filter(known).join('');
        return kept === '' ? [] : [kept];
      }),
    );
}

/** Added tokens that are matched as they are written, then each rest normalised, then those that are matched normalised. */
function encoderOf(inside: Inside): Inside['encode_text'] {
  const { normalizer, pre_tokenizer: preTokenizer, model } = inside;
  const normalise = (text: string): string => (normalizer ? normalizer.normalize(text) : text);
  const written = new AddedTokens(
    inside.added_tokens.filter((token) => !token.normalized).map((token) => ({ spelling: token.content, token })),
  );
  const normalised = new AddedTokens(
    inside.added_tokens
      .filter((token) => token.normalized)
      .map((token) => ({ spelling: normalise(token.content), token })),
  );
  // Of tokenizer_config.json, as the engine has them.
  const prepare = (text: string): string => {
    const spaced = inside.remove_space === true ? text.trim().split(/\s+/).join(' ') : text;
    return inside.do_lowercase_and_remove_accent === true ? spaced.toLowerCase().replace(/\p{M}/gu, '') : spaced;
  };
  return (text) => {
    if (text === null) return null;
    return written.split(text).flatMap((section) =>
      section.token
        ? [section.token.content]
        : normalised.split(normalise(prepare(section.text))).flatMap((part) => {
            if (part.token) return [part.token.content];
            const first = section.start === 0 && part.start === 0;
            const words = preTokenizer
              ? preTokenizer.pre_tokenize(part.text, { section_index: first ? 0 : 1 })
              : [part.text];
            // Word by word: unknown tokens are fused within one.
            return words.flatMap((word) => (word === '' ? [] : model([word])));
          }),
    );
  };
}
