/**
 * Tokenizers as the lab needs them, on top of transformers.js's: its ids, texts and chat templates, and of our own what it
 * does not have: offsets, the spelling of single tokens, and digests by which two tokenizers are compared.
 */
import { digestOf } from '../experiment/digest';
import { LabError } from '../experiment/errors';
import type { ModelConfig, ModelTokenizer, Tokenizer } from './types';
import { byteLevelBytes } from './bytes';
import { readChatTemplate } from './chat';
import { tokenOffsets, type Spelling } from './offsets';
import { completeEngine } from './tokenizer-engine';
import { probeTokenizer } from './tokenizer-probe';
import type { AutoTokenizer } from './transformers';

type Json = Record<string, unknown>;
/** The tokenizer inside transformers.js's. */
type Engine = AutoTokenizer['_tokenizer'];

/**
 * @param auto what AutoTokenizer made of tokenizer.json and tokenizer_config.json (`readRepository`)
 * @param config the model's configuration: the fallback for the ids of the begin and end tokens
 * @param templateFile contents of chat_template.jinja, where the repository has that file
 * @throws LabError `model-invalid` if it cannot encode, or does not do what its file states (`completeEngine`, `probeTokenizer`)
 */
export function createTokenizer(
  auto: AutoTokenizer,
  config: Pick<ModelConfig, 'bosIds' | 'eosIds'>,
  modelId: string,
  templateFile: string | null = null,
): ModelTokenizer {
  const engine = auto._tokenizer;
  const json = auto._tokenizerJSON as Json;
  let prefix: number[];
  try {
    completeEngine(engine, json, modelId);
    prefix = specialPrefix(engine);
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('model-invalid.tokenizer', { id: modelId, reason: (error as Error).message }, error);
  }
  const settings = auto.config as Json;
  const added = engine.get_added_tokens_decoder();
  const specialIds = new Set([...added].filter(([, token]) => token.special).map(([id]) => id));
  const vocabSize = 1 + [...engine.get_vocab().values()].reduce((top, id) => Math.max(top, id), -1);
  const spellingOf = spellingReader(engine, json, added, unknownIdOf(engine, json));
  const pieceOf = pieceReader(spellingOf);
  const metaspace = !isByteLevel(json);
  const idOf = (name: string, fallback: number[]): number | null => {
    const content = tokenContent(settings[name]);
    return (content === null ? undefined : engine.token_to_id(content)) ?? fallback[0] ?? null;
  };
  const plainIds = (text: string): number[] => (text === '' ? [] : auto.encode(text, { add_special_tokens: false }));
  const offsetsOf = (text: string, ids: readonly number[]): [number, number][] =>
    tokenOffsets(text, ids.map(spellingOf), json.normalizer, metaspace, modelId);
  const unknownId = unknownIdOf(engine, json);
  let parts: ModelTokenizer['parts'] | null = null;
  const tokenizer: ModelTokenizer = {
    vocabSize,
    unknownId,
    bosId: idOf('bos_token', config.bosIds),
    eosId: idOf('eos_token', config.eosIds),
    specialIds,
    // Not the engine's own special tokens: a template may close the text with an end token, which a prompt must not have.
    encode: (text) => [...prefix, ...plainIds(text)],
    encodeRendered: plainIds,
    encodeWithOffsets: (text) => {
      const ids = plainIds(text);
      return {
        ids: [...prefix, ...ids],
        offsets: [...prefix.map((): [number, number] => [0, 0]), ...offsetsOf(text, ids)],
      };
    },
    decode: (ids) =>
      ids.length === 0 ? '' : auto.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    pieces: (ids) => ids.map(pieceOf),
    digest: digestOf(identity(json)),
    get parts() {
      // Over a hundred thousand entries in a large vocabulary: only for whoever compares two tokenizers.
      return (parts ??= digestParts(json));
    },
    chatTemplate: readChatTemplate(settings, templateFile),
    specialTokens: Object.fromEntries(
      ['bos_token', 'eos_token', 'unk_token', 'pad_token'].flatMap((role) => {
        const content = tokenContent(settings[role]);
        return content === null ? [] : [[role, content]];
      }),
    ),
  };
  probeTokenizer(tokenizer, json, (text) => engine.normalizer?.normalize(text) ?? text, modelId);
  return tokenizer;
}

/** The token that stands for what the vocabulary lacks: named by its spelling, in Unigram models by its place. */
function unknownIdOf(engine: Engine, json: Json): number | null {
  const { type, unk_id: place, unk_token: spelling } = (json.model ?? {}) as Json;
  if (type === 'Unigram') return typeof place === 'number' ? place : null;
  return typeof spelling === 'string' ? (engine.token_to_id(spelling) ?? null) : null;
}

/** Ids that the tokenizer's template puts in front of a text. */
function specialPrefix(engine: Engine): number[] {
  const probe = 'a';
  const bare = engine.encode(probe, { add_special_tokens: false }).ids;
  const full = engine.encode(probe).ids;
  for (let start = 0; start + bare.length <= full.length; start++) {
    if (bare.every((id, i) => full[start + i] === id)) return full.slice(0, start);
  }
  return [];
}

/** Special tokens are written as a string or as an object with `content`. */
function tokenContent(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (value !== null && typeof value === 'object' && 'content' in value && typeof value.content === 'string')
    return value.content;
  return null;
}

/** True if the named part, or a member of the sequence that it is, has this type. */
function hasType(part: unknown, type: string): boolean {
  if (part === null || typeof part !== 'object') return false;
  const {
    type: own,
    decoders,
    pretokenizers,
  } = part as { type?: string; decoders?: unknown[]; pretokenizers?: unknown[] };
  return own === type || [...(decoders ?? []), ...(pretokenizers ?? [])].some((member) => hasType(member, type));
}

/** Whether tokens are written byte by byte; else they are written as text with U+2581 for a space. */
function isByteLevel(json: Json): boolean {
  return hasType(json.decoder, 'ByteLevel') || hasType(json.pre_tokenizer, 'ByteLevel');
}

/** What each id spells, from the vocabulary's own spelling. */
function spellingReader(
  engine: Engine,
  json: Json,
  added: ReadonlyMap<number, { content: string }>,
  unknownId: number | null,
): (id: number) => Spelling {
  const byteLevel = isByteLevel(json);
  const utf8 = new TextEncoder();
  const cache = new Map<number, Spelling>();
  const read = (id: number): Spelling => {
    const token = added.get(id)?.content ?? engine.id_to_token(id);
    if (token === undefined || id === unknownId) return { kind: 'unknown', text: token ?? null };
    if (added.has(id)) return { kind: 'literal', text: byteLevel ? token : token.replaceAll('\u2581', ' ') };
    const bytes = byteLevel ? byteLevelBytes(token) : null;
    if (bytes) return { kind: 'bytes', bytes };
    const byte = byteLevel ? null : /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
    return {
      kind: 'bytes',
      bytes: byte
        ? Uint8Array.of(Number.parseInt(byte[1], 16))
        : utf8.encode(byteLevel ? token : token.replaceAll('\u2581', ' ')),
    };
  };
  return (id) => {
    let spelling = cache.get(id);
    if (spelling === undefined) cache.set(id, (spelling = read(id)));
    return spelling;
  };
}

/** Single tokens as text. Decoding one at a time would lose the spaces of sentencepiece tokenizers, so it is their spelling that is shown. */
function pieceReader(spellingOf: (id: number) => Spelling): (id: number) => string {
  const utf8 = new TextDecoder();
  return (id) => {
    const spelling = spellingOf(id);
    return spelling.kind === 'bytes' ? utf8.decode(spelling.bytes) : (spelling.text ?? '\uFFFD');
  };
}

/** Everything in tokenizer.json that can change an id; spellings that mean the same are made one. */
function identity(json: Json): {
  model: Json;
  added: Json[];
  normalizer: unknown;
  pre_tokenizer: unknown;
  post_processor: unknown;
} {
  const model = (json.model ?? {}) as Json;
  const merges = ((model.merges ?? []) as (string | string[])[]).map((merge) =>
    Array.isArray(merge) ? merge.join(' ') : merge,
  );
  const added = ((json.added_tokens ?? []) as Json[])
    .map((token) => prune(token))
    .toSorted((a, b) => Number(a.id) - Number(b.id));
  return {
    model: { ...prune({ ...model, dropout: null, merges: null, vocab: null }), vocab: model.vocab ?? null, merges },
    added,
    normalizer: json.normalizer ?? null,
    pre_tokenizer: json.pre_tokenizer ?? null,
    post_processor: json.post_processor ?? null,
  };
}

/** Digests of what `identity` holds, part by part: which of them differ is the reason why two tokenizers do. */
function digestParts(json: Json): ModelTokenizer['parts'] {
  const {
    model: { vocab, merges, ...model },
    added,
    normalizer,
    pre_tokenizer,
    post_processor,
  } = identity(json);
  return {
    vocabulary: digestOf(vocab),
    merges: digestOf(merges),
    specialTokens: digestOf(added),
    pipeline: digestOf({ model, normalizer, pre_tokenizer, post_processor }),
  };
}

/** Drops the fields whose value is the same as their absence. */
function prune(value: Json): Json {
  return Object.fromEntries(
    Object.entries(value).filter(([, field]) => field !== null && field !== false && field !== ''),
  );
}

/**
 * Checks that every id the tokenizer can give has a row in the embedding.
 * @param vocabSize rows of the model's embedding
 * @throws LabError `tokenizer-mismatch`
 */
export function checkTokenizerFits(tokenizer: Tokenizer, vocabSize: number, modelId: string): void {
  const special = [tokenizer.bosId, tokenizer.eosId].filter((id) => id !== null);
  const highest = Math.max(tokenizer.vocabSize - 1, ...special);
  if (highest < vocabSize) return;
  throw new LabError('tokenizer-mismatch.model', { id: modelId, highestId: highest, vocabSize });
}
