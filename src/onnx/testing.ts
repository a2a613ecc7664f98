/** What the tests of this room share: real graphs from disk, and ONNX Runtime's WASM to run them. Node only. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as ort from 'onnxruntime-web';
import type { EditedGraph } from './edit';
import type { ElementType } from './schema';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** One file of fixtures/exporters; see its README. */
export interface Fixture {
  name: string;
  architecture: string;
  style: 'plain' | 'fused' | 'dynamo' | 'torchnames' | 'merged';
  precision: 'fp32' | 'fp16' | 'q4' | 'q4f16' | 'q8' | 'q4-embed' | 'q4f16-embed';
  /** Name of the file that holds the weights; null where they are inline. */
  data: string | null;
}

interface FixtureIndex {
  fixtures: Fixture[];
  refused: (Omit<Fixture, 'data'> & { why: string })[];
  /** By architecture. */
  states: Record<string, States>;
}

const FOLDER = 'fixtures/exporters';
const index = JSON.parse(readFileSync(`${FOLDER}/index.json`, 'utf8')) as FixtureIndex;

/** Tiny decoders by real exporters. */
export const FIXTURES: readonly Fixture[] = index.fixtures;
/** What exporters refuse, and why. */
export const REFUSED = index.refused;

/** One graph of every style, for tests of the editor that the architecture does not matter to. */
export const EXPORTED = [
  'gpt2-plain-fp32',
  'neox-plain-fp32',
  'bloom-plain-fp32',
  'gemma3-plain-fp32',
  'qwen3-plain-fp32',
  'llama-plain-q8',
  'opt-plain-fp32',
  'gemma2-fused-fp16',
  'llama-fused-fp16',
  'granite-fused-fp32',
  'qwen2-fused-q4',
  'llama-dynamo-fp32',
] as const;

/** A graph of fixtures/exporters. */
export function exported(name: string): Uint8Array {
  return unpacked(`${name}.onnx`);
}

/** The weights of a fixture that has them in a second file, as ONNX Runtime takes them. */
export function weightsOf(fixture: Fixture): { path: string; data: Uint8Array }[] {
  return fixture.data === null ? [] : [{ path: fixture.data, data: unpacked(fixture.data) }];
}

function unpacked(file: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(`${FOLDER}/${file}.gz`)));
}

/** A graph of the bundled family. */
export function family(id: string, file = 'model.onnx'): Uint8Array {
  return new Uint8Array(readFileSync(`public/models/${id}/onnx/${file}`));
}

/** A float32 array as the fixtures store it. */
export interface Encoded {
  dims: number[];
  data: string;
}

export function decode({ data }: Encoded): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return new Float32Array(bytes.buffer);
}

/** PyTorch's numbers for one architecture of fixtures/exporters. */
export interface States {
  ids: number[];
  /** [blocks, tokens, width] */
  residPost: Encoded;
  /** [tokens, vocab] */
  logits: Encoded;
  steeredBlock: number;
  vector: Encoded;
  steeredLogits: Encoded;
}

export function exportedStates(architecture: string): States {
  return index.states[architecture];
}

/** A tensor of `type` from float values. */
export function tensor(type: ElementType, values: Float32Array, dims: number[]): ort.Tensor {
  if (type === 'float16') return new ort.Tensor('float16', Uint16Array.from(values, toHalf), dims);
  return new ort.Tensor('float32', values, dims);
}

export type Values = Record<string, { dims: readonly number[]; data: Float32Array }>;

export interface RunOptions {
  /** Steering inputs by name, of length d or d a position; others are fed zeros. */
  vectors?: Record<string, Float32Array>;
  externalData?: { path: string; data: Uint8Array }[];
  /** Results of the run before: its `present.*` become the past, and `ids` follow it. */
  past?: Values;
}

/** Runs one prompt, from an empty cache unless there is a past, and gives every output as float32. */
export async function runGraph(
  edited: Pick<EditedGraph, 'bytes' | 'inputs' | 'info'>,
  ids: readonly number[],
  options: RunOptions = {},
): Promise<Values> {
  const graph = await openGraph(edited, options.externalData);
  try {
    return await graph.run(ids, options);
  } finally {
    await graph.close();
  }
}

/** A session, for several runs of one graph. */
export async function openGraph(
  edited: Pick<EditedGraph, 'bytes' | 'inputs' | 'info'>,
  externalData?: RunOptions['externalData'],
): Promise<{ run(ids: readonly number[], options?: RunOptions): Promise<Values>; close(): Promise<void> }> {
  const session = await ort.InferenceSession.create(edited.bytes, {
    executionProviders: ['wasm'],
    logSeverityLevel: 3,
    externalData,
  });
  return {
    close: () => session.release(),
    run: async (ids, options = {}) => {
      const results = await session.run(feedsOf(edited, ids, options));
      return Object.fromEntries(
        Object.entries(results).map(([name, result]) => [name, { dims: result.dims, data: floats(result) }]),
      );
    },
  };
}

function feedsOf(
  { inputs, info }: Pick<EditedGraph, 'inputs' | 'info'>,
  ids: readonly number[],
  options: RunOptions,
): Record<string, ort.Tensor> {
  const before = options.past?.['present.0.key'].dims[2] ?? 0;
  const feeds: Record<string, ort.Tensor> = {};
  const row = (length: number, value: (i: number) => number) =>
    new ort.Tensor(
      'int64',
      BigInt64Array.from({ length }, (_, i) => BigInt(value(i))),
      [1, length],
    );
  for (const name of inputs) {
    if (name === 'input_ids') feeds[name] = row(ids.length, (i) => ids[i]);
    else if (name === 'attention_mask') feeds[name] = row(before + ids.length, () => 1);
    else if (name === 'position_ids') feeds[name] = row(ids.length, (i) => before + i);
    else if (name === 'use_cache_branch') feeds[name] = new ort.Tensor('bool', Uint8Array.of(0), [1]);
    else if (name.startsWith('past_key_values')) {
      const past = options.past?.[name.replace('past_key_values', 'present')];
      feeds[name] = tensor(info.cacheType, past?.data ?? new Float32Array(0), [1, info.kvHeads, before, info.headDim]);
    } else if (name.startsWith('steer.')) {
      const side = name.split('.')[2];
      const given = options.vectors?.[name] ?? new Float32Array(side === 'value' ? 1 : info.width);
      const dims =
        side === 'value' ? [1, 1] : side === 'direction' ? [info.width, 1] : [given.length / info.width, info.width];
      feeds[name] = new ort.Tensor('float32', given, [1, ...dims]);
    } else throw new Error(`no feed for the input ${name}`);
  }
  return feeds;
}

/** Whether two results are the same bits, signs of zeros included. */
export function sameBits(a: Float32Array, b: Float32Array): boolean {
  const bytes = (x: Float32Array) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}

/** Largest absolute difference; NaN anywhere gives NaN. */
export function maxDiff(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`lengths differ: ${a.length} and ${b.length}`);
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const diff = Math.abs(a[i] - b[i]);
    if (!(diff <= worst)) worst = diff;
  }
  return worst;
}

/** A vector that no normalisation can hide: not constant, of norm about `scale`·√d. */
export function testVector(width: number, scale = 1): Float32Array {
  return Float32Array.from({ length: width }, (_, i) => scale * Math.sin(1.7 * i + 0.3));
}

function floats(result: ort.Tensor): Float32Array {
  if (result.type === 'float16') {
    // A Float16Array where the engine has one, raw bits where it does not.
    const data = result.data as ArrayLike<number>;
    return data instanceof Uint16Array ? Float32Array.from(data, fromHalf) : Float32Array.from(data);
  }
  return result.data as Float32Array;
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Infinity;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** Truncates: exact for the zeros and short fractions the tests feed. */
function toHalf(value: number): number {
  const bits = new Uint32Array(new Float32Array([value]).buffer)[0];
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const sign = (bits >>> 16) & 0x8000;
  if (exponent <= 0) return sign;
  return sign | Math.min((exponent << 10) | ((bits >>> 13) & 1023), 0x7bff);
}
