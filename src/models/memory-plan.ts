/**
 * What a pair of models will take, before anything is loaded. Sizes of tensors are exact
 * where the configuration determines them; what the runtime needs in between is an
 * estimate and is named one.
 */
import type { ModelConfig } from '../runtime/types';
import type { Dtype } from './layout';

export interface PlannedModel {
  id: string;
  dtype: Dtype;
  /** Bytes of the graph and its external weights. */
  weightBytes: number;
  config: Pick<ModelConfig, 'layers' | 'hiddenSize' | 'heads' | 'kvHeads' | 'headDim' | 'vocabSize'>;
  /** Largest single weight, where it is known; else the embedding is reckoned from the vocabulary. */
  largestTensorBytes?: number;
}

/** The largest batch of each use. */
export interface PlannedWork {
  /** Collection: texts a batch and tokens a text. */
  collectRows: number;
  collectLength: number;
  /** Generation: rows a batch, and tokens of prompt and continuation. */
  decodeRows: number;
  decodeLength: number;
  /** Sessions of one model alive at once; each holds its own copy of the weights. */
  sessions: number;
  /** The fit's buffers (`estimateFitBytes`). */
  fitBytes: number;
  /** Tokens of the corpus, whose states of the source are kept on disk where the models take turns. */
  corpusTokens: number;
}

export interface MemoryLimits {
  backend: 'webgpu' | 'wasm';
  /** WebGPU: of one buffer, and of one binding of it. */
  maxBufferSize: number;
  maxStorageBufferBindingSize: number;
  /** What the browser says of the machine (`navigator.deviceMemory`), in bytes; null where it says nothing. */
  deviceMemory: number | null;
}

export interface MemoryLine {
  label: string;
  source: number;
  target: number;
  /** Of neither model, such as the fit. */
  shared: number;
  estimated: boolean;
}

export interface MemoryPlan {
  /** `in turn`: one model at a time, the source's states kept on disk meanwhile. */
  fits: 'together' | 'in turn' | 'no';
  lines: MemoryLine[];
  /** Bytes of both together, and of the larger one alone, with the fit. */
  together: number;
  inTurn: number;
  /** Bytes on disk while the models take turns at the corpus: the source's states. */
  onDisk: number;
  /** Bytes that there are; null where nothing says. */
  budget: number | null;
  reason: string;
}

/** The address space of a WASM heap. */
export const WASM_HEAP = 4 * 2 ** 30;
/** The runtime's own code, stacks and bookkeeping in that heap. */
const WASM_RUNTIME = 256 * 2 ** 20;
/** Of the machine's memory; the rest is the browser's and the system's. An estimate. */
const SHARE = 0.5;
/** Live copies of a batch's hidden states and of the MLP's inner states while one block runs. An estimate. */
const HIDDEN_COPIES = 6;
const INNER_COPIES = 3;
/** Inner width of the MLP over the hidden size. An estimate: 2.7 to 8 among the curated families. */
const INNER_RATIO = 4;
const FLOAT = 4;

/** Bytes a weight of an embedding takes. Quantised exports differ in whether they quantise it: the larger is reckoned with. */
const EMBEDDING_BYTES: Record<Dtype, number> = { fp32: 4, fp16: 2, q4: 4, q4f16: 2, q8: 4 };

/**
 * @returns whether both models fit at once, only in turn, or not at all, with the sum as a table
 */
export function planMemory(source: PlannedModel, target: PlannedModel, work: PlannedWork, limits: MemoryLimits): MemoryPlan {
  const { fitBytes } = work;
  const line = (label: string, of: (model: PlannedModel) => number, estimated = false): MemoryLine => ({ label, source: of(source), target: of(target), shared: 0, estimated });
  const lines: MemoryLine[] = [
    line(`Weights, in ${work.sessions} sessions`, (model) => work.sessions * model.weightBytes),
    line('KV cache', (model) => kvBytes(model, work)),
    line('Residual states of a batch', ({ config }) => (config.layers + 1) * work.collectRows * work.collectLength * config.hiddenSize * FLOAT),
    line('Logits', ({ config }) => work.decodeRows * config.vocabSize * FLOAT),
    line('Inside a block', ({ config }) => work.collectRows * work.collectLength * config.hiddenSize * (HIDDEN_COPIES + INNER_COPIES * INNER_RATIO) * FLOAT, true),
    { label: 'The fit', source: 0, target: 0, shared: fitBytes, estimated: false },
  ];
  const sum = (side: 'source' | 'target'): number => lines.reduce((total, item) => total + item[side], 0);
  const together = sum('source') + sum('target') + fitBytes;
  const inTurn = Math.max(sum('source'), sum('target')) + fitBytes;
  const budget = budgetOf(limits);
  const onDisk = work.corpusTokens * source.config.layers * source.config.hiddenSize * FLOAT;
  const plan = { lines, together, inTurn, onDisk, budget };

  const tooLarge = limits.backend === 'webgpu' ? [source, target].find((model) => largestTensor(model) > Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize)) : undefined;
  if (tooLarge) {
    return { ...plan, fits: 'no', reason: `The largest weight of ${tooLarge.id} (${size(largestTensor(tooLarge))}) does not fit into one buffer of this device (${size(Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize))}). A smaller precision or model may.` };
  }
  if (budget === null) return { ...plan, fits: 'together', reason: `Both together take ${size(together)}. This browser does not say how much memory there is: if it runs out, let the models take turns.` };
  if (together <= budget) return { ...plan, fits: 'together', reason: `Both together take ${size(together)} of about ${size(budget)}.` };
  if (inTurn <= budget) return { ...plan, fits: 'in turn', reason: `Both together would take ${size(together)} of about ${size(budget)}: the lab runs one after the other (${size(inTurn)} at most).` };
  const larger = sum('source') > sum('target') ? source : target;
  return { ...plan, fits: 'no', reason: `${larger.id} alone takes ${size(inTurn)} of about ${size(budget)}. Choose a smaller precision, a smaller model or smaller batches.` };
}

function kvBytes(model: PlannedModel, work: PlannedWork): number {
  const { layers, hiddenSize, heads, kvHeads, headDim = hiddenSize / heads } = model.config;
  const element = model.dtype === 'fp16' || model.dtype === 'q4f16' ? 2 : FLOAT;
  return 2 * layers * work.decodeRows * kvHeads * work.decodeLength * headDim * element;
}

function largestTensor(model: PlannedModel): number {
  return model.largestTensorBytes ?? Math.min(model.weightBytes, model.config.vocabSize * model.config.hiddenSize * EMBEDDING_BYTES[model.dtype]);
}

function budgetOf(limits: MemoryLimits): number | null {
  const device = limits.deviceMemory === null ? null : SHARE * limits.deviceMemory;
  if (limits.backend === 'webgpu') return device;
  const heap = WASM_HEAP - WASM_RUNTIME;
  return device === null ? heap : Math.min(heap, device);
}

function size(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
