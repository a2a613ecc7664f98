/**
 * What the rest of the lab sees of a running language model. One interface on two
 * backends (WebGPU and WASM); tensors, not experiments.
 */
import type { Backend } from '../experiment/run';
import type { ModelLocation } from '../models/location';
import type { SteerSite } from '../onnx';

/** One operation on a row's residual stream, at the output of one block. */
export interface Intervention extends SteerSite {
  /** Length hiddenSize. A unit direction v̂; `add` and `add-keep-norm` take any length. */
  vector: Float32Array;
  /** `add`, `add-keep-norm`: factor on the vector, α. Else the projection h·v̂ that the operation compares with, where it has one. */
  value: number;
  /** Share of the operation's change that is carried out, for the operations that have a projection; 1 unless said. */
  share?: number;
}

/** One row of a batch: token ids (special tokens included) and, optionally, what is done to its residual stream. */
export interface SteeredRow {
  ids: readonly number[];
  /** At most one a block, each at one of the batch's sites. Where there is none the row keeps the bits of the untouched model. */
  interventions?: readonly Intervention[];
  /** First position that is steered, 0-based in the row; 0 unless said. Positions before it are left as they are. */
  from?: number;
  /** Which stream of random numbers the row draws from when it is continued; its place in the batch unless said. Rows with
   * one stream draw the same numbers: they then differ by their prompt and steering alone. */
  stream?: number;
}

/** Where the rows of a batch may be steered: blocks (0-based; the stream after that block) and the operation at each. */
export interface SteeredBatch {
  rows: readonly SteeredRow[];
  sites: readonly SteerSite[];
}

/**
 * Residual states of one batch after every block: row-major [rows, length, width] per block, right-padded.
 * On WASM `data` is set, on WebGPU `buffer` (valid until dispose). Positions at or past `lengths[row]` are padding.
 */
export interface TapBatch {
  blocks: { block: number; width: number; data: Float32Array | null; buffer: GPUBuffer | null }[];
  rows: number;
  length: number;
  lengths: number[];
  dispose(): void;
}

export interface Sampling {
  /** 0 is greedy. */
  temperature: number;
  topP: number;
  /** A row draws from a stream seeded by (seed, row.stream): the same seed gives the same tokens on the same device. */
  seed: number;
}

export interface DecodeOptions {
  maxNewTokens: number;
  sampling: Sampling;
  signal?: AbortSignal;
  /** Called after every step with the new token of each row (null once a row has ended). */
  onStep?: (step: number, tokens: (number | null)[]) => void;
}

export interface Decoded {
  /** New tokens only, without the end token. */
  ids: number[];
  /** True when the model ended the text itself. */
  ended: boolean;
}

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

export interface LanguageModel {
  readonly info: LanguageModelInfo;
  readonly config: ModelConfig;
  readonly tokenizer: ModelTokenizer;
  /**
   * Residual states after every block. Runs a graph cut down to the taps: the head is never computed.
   * Rows may differ in length.
   */
  collect(rows: readonly (readonly number[])[]): Promise<TapBatch>;
  /** States after `block` under steering (taps see the steered state), on the CPU: per row, [ids.length × hiddenSize]. */
  statesAt(block: number, batch: SteeredBatch): Promise<Float32Array[]>;
  /** Logits after the last token of each row: [rows × vocabSize] on the CPU. */
  nextTokenLogits(batch: SteeredBatch): Promise<Float32Array>;
  /** Logits at every position: per row [ids.length × vocabSize] on the CPU. */
  logits(batch: SteeredBatch): Promise<Float32Array[]>;
  /** Batched continuation with a KV cache. */
  decode(batch: SteeredBatch, options: DecodeOptions): Promise<Decoded[]>;
  /** Frees sessions and buffers. */
  dispose(): Promise<void>;
}

export interface LoadOptions {
  signal?: AbortSignal;
  onProgress?: (done: number, total: number, note: string) => void;
  /** Most sessions that the model may hold; each has a copy of the weights. By default as many as a run of the lab uses. */
  liveSessions?: number;
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
}

/** How a runtime gets at a model's files: `openModel` of src/models, or a stand-in in a test. */
export type OpenModel = (source: ModelSource, options: LoadOptions) => Promise<ModelFiles>;

export interface Runtime {
  readonly backend: Backend;
  /** The device shared by ONNX Runtime and our kernels; null on WASM. */
  readonly device: GPUDevice | null;
  readonly versions: Record<string, string>;
  /** Loads a model from a folder in the layout of a hub repository. */
  load(source: ModelSource, options?: LoadOptions): Promise<LanguageModel>;
  dispose(): Promise<void>;
}

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
