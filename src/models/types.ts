/** What a model folder gives: its files, tokenizer and configuration, and what is known of the model in it. */
import type { ModelLocation } from './location';

export interface Tokenizer {
  vocabSize: number;
  bosId: number | null;
  eosId: number | null;
  specialIds: ReadonlySet<number>;
  /** Token ids of a text, with the special tokens that the tokenizer adds in front (none at the end). */
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /** The text of single tokens, for show: one string a token. */
  pieces(ids: readonly number[]): string[];
  /** Digest of the vocabulary, merges and special tokens: equal exactly when two tokenizers give the same ids. */
  digest: string;
}

/** Token ids, and for each the characters it stands for: [start, end) in UTF-16 units of the text. */
export interface OffsetEncoding {
  ids: number[];
  /** A token that the tokenizer put in front has [0, 0]. Tokens that share a character all cover the whole of it. */
  offsets: [number, number][];
}

/** A tokenizer as a repository has it: what comparing and aligning two of them needs besides. */
export interface ModelTokenizer extends Tokenizer {
  /**
   * As `encode`, with offsets.
   * @throws LabError `model-invalid` where the tokenizer rewrites texts in a way that cannot be followed
   */
  encodeWithOffsets(text: string): OffsetEncoding;
  /** Token ids of a text that has its special tokens written out, as rendered chats have: nothing is put in front. */
  encodeRendered(text: string): number[];
  /** The token that stands for what the vocabulary lacks; null where there is none. */
  unknownId: number | null;
  /** Digests of the parts, each equal exactly when the parts are. */
  parts: Record<'vocabulary' | 'merges' | 'specialTokens' | 'pipeline', string>;
  /** Chat template (Jinja); null where the repository has none. */
  chatTemplate: string | null;
  /** Spellings of the special tokens by their role (`bos_token`, …), which chat templates use. */
  specialTokens: Readonly<Record<string, string>>;
}

/** What a repository's configuration files say. */
export interface ModelConfig {
  modelType: string;
  architecture: string;
  vocabSize: number;
  layers: number;
  hiddenSize: number;
  heads: number;
  kvHeads: number;
  /** Width of one head where the configuration states it; else hiddenSize / heads. */
  headDim?: number;
  /** Longest sequence that the positions allow; null where the configuration does not say. */
  maxPositions: number | null;
  bosIds: number[];
  /** Any of these ends a text. */
  eosIds: number[];
  /** Number of parameters, where the configuration determines it. */
  parameters?: { total: number; withoutEmbeddings: number } | null;
}

/** A fetched file: its path in the folder, its size and the digest of what arrived. */
export interface FetchedFile {
  path: string;
  bytes: number;
  sha256: string;
}

export interface LanguageModelInfo {
  id: string;
  layers: number;
  hiddenSize: number;
  vocabSize: number;
  style: 'fused' | 'plain';
  spine: string;
  files: readonly FetchedFile[];
}

export interface LoadOptions {
  signal?: AbortSignal;
  onProgress?: (done: number, total: number, note: string) => void;
  /** Most sessions that the model may hold; each has a copy of the weights. By default as many as a run of the lab uses. */
  liveSessions?: number;
  /** Seed by which the entries of every matrix of weights are shuffled: a model of the same form that has learnt nothing. */
  shuffleSeed?: number;
}

/** A model folder, fetched and checked: what a runtime makes a LanguageModel from. */
export interface ModelFiles {
  config: ModelConfig;
  tokenizer: ModelTokenizer;
  /** Bytes of the .onnx file. */
  graph: Uint8Array;
  /** Weights outside the .onnx file, by the path that the graph gives them. */
  external: { path: string; data: Uint8Array }[];
  files: FetchedFile[];
  /** Bytes of its small files by their paths: config.json, tokenizer.json and tokenizer_config.json. */
  small: ReadonlyMap<string, Uint8Array>;
}

/** How a runtime gets at a model's files: `openModel` of src/models, or a stand-in in a test. */
export type OpenModel = (source: ModelSource, options: LoadOptions) => Promise<ModelFiles>;

interface ModelChoice {
  id: string;
  dtype: 'fp32' | 'fp16' | 'q4' | 'q4f16' | 'q8';
}

/** A folder of files served over HTTP: fetch answers a path inside it. */
export interface FolderSource extends ModelChoice {
  location?: undefined;
  /** Absolute URL of the folder, ending in a slash. */
  baseUrl: string;
  /** Expected digests by path, where known: checked after the fetch. */
  sha256?: Readonly<Record<string, string>>;
  /** Expected sizes by path, where known: a shorter body is reported as truncated. */
  bytes?: Readonly<Record<string, number>>;
}

/** A model that has been downloaded from a hub, or a folder that the user opened. */
export interface LocatedSource extends ModelChoice {
  location: ModelLocation;
}

export type ModelSource = FolderSource | LocatedSource;
