/**
 * What a pair of models will take, before anything is loaded. Sizes of tensors are exact
 * where the configuration determines them; what the runtime needs in between is an
 * estimate and is named one.
 */
import type { ModelConfig } from './types';
import { message, type Message } from '../experiment/message';
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
  /** The fit's buffers or arrays (`estimateFitBytes`, `estimateWhitenedFitBytes`). */
  fitBytes: number;
  /** Tokens of neutral text whose logits are held at once, to compare steered with unsteered ones. */
  comparedTokens: number;
  /** Rows of every block that are kept for figures and controls. */
  sampleRows: number;
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
  label: Message;
  source: number;
  target: number;
  /** Of neither model, such as the fit. */
  shared: number;
  estimated: boolean;
  /** Inside the runtime's own memory, which on WASM is a heap of 4 GiB. */
  runtime: boolean;
  /** `kept` from loading on; the rest passes: only one use is made at a time, of one model, and the largest counts. */
  use: 'kept' | 'reading' | 'writing' | 'comparing';
}

export interface MemoryPlan {
  /** `sequential`: one model at a time, the source's states kept on disk meanwhile. */
  fits: 'together' | 'sequential' | 'no';
  lines: MemoryLine[];
  /** Bytes of both together, and of the larger one alone, with what is shared; of the runtime's memory where that is what is short, else of the machine's. */
  together: number;
  sequential: number;
  /** Both sums of all the lines, whatever is short. */
  whole: { together: number; sequential: number };
  /** Sessions of one model alive at once that the plan reckons with. */
  sessions: number;
  /** Bytes on disk while the models take turns at the corpus: the source's states. */
  onDisk: number;
  /** Bytes that there are; null where nothing says. */
  budget: number | null;
  /** A limit that no machine lifts: of a buffer, or of the runtime's heap. The machine's memory is an estimate, which may be tried against. */
  hard: boolean;
  reason: Message;
}

/** The address space of a WASM heap. */
export const WASM_HEAP = 4 * 2 ** 30;
/** The runtime's own code, stacks and bookkeeping in that heap. */
export const WASM_RUNTIME = 256 * 2 ** 20;
/** Of the memory that the browser says the machine has, a power of two below what there is; the rest is the browser's and the system's. An estimate. */
export const MACHINE_SHARE = 0.75;
/** Live copies of a batch's hidden states and of the MLP's inner states while one block runs. An estimate. */
const HIDDEN_COPIES = 6;
const INNER_COPIES = 3;
/** Inner width of the MLP over the hidden size. An estimate: 2.7 to 8 among the curated families. */
const INNER_RATIO = 4;
const FLOAT = 4;

/** Bytes a weight of an embedding takes. Quantised exports differ in whether they quantise it: the larger is reckoned with. */
const EMBEDDING_BYTES: Record<Dtype, number> = { fp32: 4, fp16: 2, q4: 4, q4f16: 2, q8: 4 };

/** What is short: bytes needed both ways, and how many there are. */
interface Need {
  together: number;
  sequential: number;
  budget: number;
  /** What has so much. */
  /** Whose memory it is. */
  where: 'wasm' | 'machine';
  hard: boolean;
}

/**
 * @returns whether both models fit at once, only one after the other, or not at all, with the sum as a table
 */
export function planMemory(
  source: PlannedModel,
  target: PlannedModel,
  work: PlannedWork,
  limits: MemoryLimits,
): MemoryPlan {
  const wasm = limits.backend === 'wasm';
  const line = (
    use: MemoryLine['use'],
    label: Message,
    of: (model: PlannedModel) => number,
    { estimated = false, runtime = true } = {},
  ): MemoryLine => ({ label, source: of(source), target: of(target), shared: 0, estimated, runtime, use });
  const shared = (use: MemoryLine['use'], label: Message, bytes: number): MemoryLine => ({
    label,
    source: 0,
    target: 0,
    shared: bytes,
    estimated: false,
    runtime: false,
    use,
  });
  const states = ({ config }: PlannedModel): number =>
    config.layers * work.collectRows * work.collectLength * config.hiddenSize * FLOAT;
  const lines: MemoryLine[] = [
    line(
      'kept',
      message('memory.line.weights', { sessions: work.sessions }),
      (model) => work.sessions * model.weightBytes,
    ),
    line('kept', message('memory.line.files'), (model) => model.weightBytes, { runtime: false }),
    shared(
      'kept',
      message('memory.line.sample'),
      work.sampleRows *
        FLOAT *
        (source.config.layers * source.config.hiddenSize + target.config.layers * target.config.hiddenSize),
    ),
    shared('kept', message('memory.line.fit'), work.fitBytes),
    line('reading', message('memory.line.states'), states),
    line(
      'reading',
      message('memory.line.block'),
      ({ config }) =>
        work.collectRows *
        work.collectLength *
        config.hiddenSize *
        (HIDDEN_COPIES + INNER_COPIES * INNER_RATIO) *
        FLOAT,
      { estimated: true },
    ),
    // On WebGPU the states stay on the device, and the sink takes them from there.
    ...(wasm ? [shared('reading', message('memory.line.fit-states'), 2 * (states(source) + states(target)))] : []),
    line('writing', message('memory.line.kv'), (model) => kvBytes(model, work)),
    line('writing', message('memory.line.logits'), ({ config }) => work.decodeRows * config.vocabSize * FLOAT),
    line(
      'comparing',
      message('memory.line.neutral-logits'),
      ({ config }) => work.comparedTokens * config.vocabSize * FLOAT,
      {
        runtime: false,
      },
    ),
  ];
  const onDisk = work.corpusTokens * source.config.layers * source.config.hiddenSize * FLOAT;
  const all = needOf(lines);
  const plan = { ...all, whole: all, lines, onDisk, sessions: work.sessions, budget: null, hard: false };

  const buffer = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const tooLarge = wasm ? undefined : [source, target].find((model) => largestTensor(model) > buffer);
  if (tooLarge) {
    return {
      ...plan,
      fits: 'no',
      hard: true,
      reason: message('memory.weight', {
        id: tooLarge.id,
        weight: size(largestTensor(tooLarge)),
        buffer: size(buffer),
      }),
    };
  }
  const needs: Need[] = [];
  if (wasm)
    needs.push({
      ...needOf(lines.filter(({ runtime }) => runtime)),
      budget: WASM_HEAP - WASM_RUNTIME,
      where: 'wasm',
      hard: true,
    });
  if (limits.deviceMemory !== null)
    needs.push({
      ...all,
      budget: MACHINE_SHARE * limits.deviceMemory,
      where: 'machine',
      hard: false,
    });
  const none = needs.find(({ sequential, budget }) => sequential > budget);
  if (none) {
    const counted = lines.filter((item) => !none.hard || item.runtime);
    const larger = aloneOf(counted, 'source') > aloneOf(counted, 'target') ? source : target;
    const besides = none.hard ? 0 : work.fitBytes;
    return {
      ...plan,
      ...held(none),
      fits: 'no',
      reason: message(besides > 0 ? 'memory.alone-fit' : 'memory.alone', {
        id: larger.id,
        needed: size(none.sequential),
        fit: size(besides),
        budget: size(none.budget),
        where: none.where,
      }),
    };
  }
  const tight = needs.find(({ together, budget }) => together > budget);
  if (tight)
    return {
      ...plan,
      ...held(tight),
      fits: 'sequential',
      reason: message('memory.sequential', {
        together: size(tight.together),
        budget: size(tight.budget),
        where: tight.where,
        sequential: size(tight.sequential),
      }),
    };
  const nearest = needs.toSorted((a, b) => b.together / b.budget - a.together / a.budget).at(0);
  if (!nearest)
    return {
      ...plan,
      fits: 'together',
      reason: message('memory.unknown', { together: size(all.together) }),
    };
  return {
    ...plan,
    ...held(nearest),
    fits: 'together',
    reason: message('memory.together', {
      together: size(nearest.together),
      budget: size(nearest.budget),
      where: nearest.where,
    }),
  };
}

const held = ({
  together,
  sequential,
  budget,
  hard,
}: Need): Pick<MemoryPlan, 'together' | 'sequential' | 'budget' | 'hard'> => ({ together, sequential, budget, hard });

/** Bytes of all that is kept, and of the largest use of one model that passes. */
function needOf(lines: readonly MemoryLine[]): Pick<Need, 'together' | 'sequential'> {
  const shared = keptOf(lines, 'shared');
  const [source, target] = [keptOf(lines, 'source'), keptOf(lines, 'target')];
  const passing = Math.max(aloneOf(lines, 'source') - source, aloneOf(lines, 'target') - target);
  return {
    together: source + target + shared + passing,
    sequential: shared + Math.max(aloneOf(lines, 'source'), aloneOf(lines, 'target')),
  };
}

const keptOf = (lines: readonly MemoryLine[], side: 'source' | 'target' | 'shared'): number =>
  lines.reduce((sum, item) => sum + (item.use === 'kept' ? item[side] : 0), 0);

/** One model with its largest use, without what is shared and kept. */
function aloneOf(lines: readonly MemoryLine[], side: 'source' | 'target'): number {
  const use = (name: MemoryLine['use']): number =>
    lines.reduce((sum, item) => sum + (item.use === name ? item[side] + item.shared : 0), 0);
  return keptOf(lines, side) + Math.max(use('reading'), use('writing'), use('comparing'));
}

function kvBytes(model: PlannedModel, work: PlannedWork): number {
  const { layers, hiddenSize, heads, kvHeads, headDim = hiddenSize / heads } = model.config;
  const element = model.dtype === 'fp16' || model.dtype === 'q4f16' ? 2 : FLOAT;
  return 2 * layers * work.decodeRows * kvHeads * work.decodeLength * headDim * element;
}

function largestTensor(model: PlannedModel): number {
  return (
    model.largestTensorBytes ??
    Math.min(model.weightBytes, model.config.vocabSize * model.config.hiddenSize * EMBEDDING_BYTES[model.dtype])
  );
}

/** As the page writes sizes. */
function size(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
