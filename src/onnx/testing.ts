/** What the tests of this room share: real graphs from disk, and ONNX Runtime's WASM to run them. Node only. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as ort from 'onnxruntime-web';
import type { EditedGraph } from './edit';
import type { ElementType } from './schema';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** Tiny decoders by real exporters; see fixtures/exporters/make.py. `opt-plain` is one that must be refused. */
export const EXPORTED = [
  'gpt2-plain', 'neox-plain', 'phi-plain', 'bloom-plain', 'gemma3-plain', 'qwen3-plain', 'llama-plain-q8', 'gemma2-fused-fp16', 'granite-fused', 'qwen2-fused-q4',
] as const;

/** A graph of fixtures/exporters. */
export function exported(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(`fixtures/exporters/${name}.onnx.gz`)));
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

/** PyTorch's numbers for one graph of fixtures/exporters. */
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

export function exportedStates(name: string): States {
  return (JSON.parse(readFileSync('fixtures/exporters/states.json', 'utf8')) as Record<string, States>)[name];
}

/** A tensor of `type` from float values. */
export function tensor(type: ElementType, values: Float32Array, dims: number[]): ort.Tensor {
  if (type === 'float16') return new ort.Tensor('float16', Uint16Array.from(values, toHalf), dims);
  return new ort.Tensor('float32', values, dims);
}

export interface RunOptions {
  /** Steering inputs by name, as vectors of length d; others are fed zeros. */
  vectors?: Record<string, Float32Array>;
  externalData?: { path: string; data: Uint8Array }[];
}

/** Runs one prompt from an empty cache and gives every output as float32. */
export async function runGraph(edited: EditedGraph, ids: readonly number[], options: RunOptions = {}): Promise<Record<string, { dims: readonly number[]; data: Float32Array }>> {
  const session = await ort.InferenceSession.create(edited.bytes, { executionProviders: ['wasm'], logSeverityLevel: 3, externalData: options.externalData });
  try {
    const { info } = edited;
    const feeds: Record<string, ort.Tensor> = {};
    const row = (value: (i: number) => number) => new ort.Tensor('int64', BigInt64Array.from(ids, (_, i) => BigInt(value(i))), [1, ids.length]);
    for (const name of edited.inputs) {
      if (name === 'input_ids') feeds[name] = row((i) => ids[i]);
      else if (name === 'attention_mask') feeds[name] = row(() => 1);
      else if (name === 'position_ids') feeds[name] = row((i) => i);
      else if (name.startsWith('past_key_values.')) feeds[name] = tensor(info.cacheType, new Float32Array(0), [1, info.kvHeads, 0, info.headDim]);
      else feeds[name] = tensor(info.elementType, options.vectors?.[name] ?? new Float32Array(info.width), [1, 1, info.width]);
    }
    const results = await session.run(feeds);
    return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, { dims: result.dims, data: floats(result) }]));
  } finally {
    await session.release();
  }
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
  return sign | Math.min(exponent << 10 | (bits >>> 13) & 1023, 0x7bff);
}
