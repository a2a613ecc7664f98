/**
 * What the rest of the lab sees of a running language model. One interface on two
 * backends (WebGPU and WASM); tensors, not experiments.
 */
import type { Backend } from '../experiment/run';
import type { LanguageModelInfo, LoadOptions, ModelConfig, ModelSource, ModelTokenizer } from '../models/types';
import type { SteerSite } from '../onnx';

export type * from '../models/types';

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
  /** Whether the likelihoods of the new tokens are wanted. */
  likelihoods?: boolean;
  signal?: AbortSignal;
  /** Called after every step with the new token of each row (null once a row has ended). */
  onStep?: (step: number, tokens: (number | null)[]) => void;
}

export interface Decoded {
  /** New tokens only, without the end token. */
  ids: number[];
  /** True when the model ended the text itself. */
  ended: boolean;
  /**
   * Where likelihoods were asked for: Σ ln p of the new tokens, nats, as the row was steered and before temperature and
   * top-p.
   */
  logProb?: number;
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

export interface Runtime {
  readonly backend: Backend;
  /** The device shared by ONNX Runtime and our kernels; null on WASM. */
  readonly device: GPUDevice | null;
  readonly versions: Record<string, string>;
  /** Loads a model from a folder in the layout of a hub repository. */
  load(source: ModelSource, options?: LoadOptions): Promise<LanguageModel>;
  dispose(): Promise<void>;
}
