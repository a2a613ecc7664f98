/** The page side of taps.ts: runs in the browser. */
import type { Operation } from '../src/experiment/schema';
import { createDevice } from '../src/gpu/device';
import { median } from '../src/math/stats';
import { editGraph, inspectDecoder, readDecoder, readModel, type GraphInfo } from '../src/onnx';
import { concatenate } from '../src/base/bytes';
import { bytesField, textField } from '../src/onnx/wire';
import { cacheParts, GpuCache } from '../src/runtime/kv';
import { exclusive, loadOrt, type Ort, type Session, type Tensor } from '../src/runtime/ort';
import { floatTensor, intTensor } from '../src/runtime/tensors';

export interface StepTimes {
  /** Milliseconds, medians of the interleaved rounds. */
  untouched: number;
  steered: number;
  /** Median over the rounds of steered / untouched of one round. */
  ratio: number;
  /** The same of each one's fastest tenth of the rounds: what other work on the machine has slowed is not among them. */
  fastest: number;
  /** The same of the untouched graph against a second session of itself: what the measurement cannot tell apart. */
  noise: number;
  /** Nodes that the operation added, constants included. */
  nodes: number;
  adapter: string | null;
}

/** Tokens in the cache before the step. */
const PAST = 32;
const CAPACITY = 48;

async function bytesOf(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** One decode step of `rows` rows, whole cache in and out; on WebGPU in buffers that stay where they are. */
class Stepper {
  readonly #session: Session;
  readonly #feeds: Record<string, Tensor>;
  readonly #fetches: Record<string, Tensor | null> | null = null;
  readonly #cache: GpuCache | null = null;

  constructor(ort: Ort, session: Session, info: GraphInfo, rows: number, device: GPUDevice | null) {
    this.#session = session;
    const type = info.cacheType as 'float32' | 'float16';
    const feeds: Record<string, Tensor> = {
      input_ids: intTensor(ort, new BigInt64Array(rows).fill(5n), [rows, 1]),
      attention_mask: intTensor(ort, new BigInt64Array(rows * (PAST + 1)).fill(1n), [rows, PAST + 1]),
      position_ids: intTensor(ort, new BigInt64Array(rows).fill(BigInt(PAST)), [rows, 1]),
    };
    if (device) {
      this.#cache = new GpuCache(
        ort,
        device,
        { blocks: info.blocks, rows, kvHeads: info.kvHeads, headDim: info.headDim, type },
        CAPACITY,
      );
      Object.assign(feeds, this.#cache.feeds());
      this.#fetches = { logits: null, ...this.#cache.fetches() };
    } else {
      const dims = [rows, info.kvHeads, PAST, info.headDim];
      const values = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i));
      for (const { past } of cacheParts(info.blocks)) feeds[past] = floatTensor(ort, type, values, dims);
    }
    const { width } = info;
    for (const name of session.inputNames.filter((input) => input.startsWith('steer.'))) {
      const part = name.split('.')[2];
      const dims = part === 'value' ? [1, 1] : part === 'direction' ? [width, 1] : [1, width];
      const values = Float32Array.from({ length: rows * dims[0] * dims[1] }, (_, i) => 0.1 * Math.cos(i));
      feeds[name] = floatTensor(ort, 'float32', values, [rows, ...dims]);
    }
    this.#feeds = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]]));
  }

  /** Milliseconds until the logits are on the CPU. */
  async step(): Promise<number> {
    const start = performance.now();
    await exclusive(() =>
      this.#fetches ? this.#session.run(this.#feeds, this.#fetches) : this.#session.run(this.#feeds),
    );
    return performance.now() - start;
  }

  async close(): Promise<void> {
    this.#cache?.dispose();
    await exclusive(() => this.#session.release());
  }
}

/** Times the decode step of a graph as it is and with an operation at its middle block. */
export async function steps(
  url: string,
  backend: 'wasm' | 'webgpu',
  rows: number,
  rounds: number,
  op: Operation,
): Promise<StepTimes> {
  const bytes = await bytesOf(url);
  const { step } = readDecoder(bytes);
  const info = inspectDecoder(readDecoder(bytes));
  const edited = editGraph(step, { steer: [{ block: Math.floor(info.blocks / 2), op }] });
  const lab = backend === 'webgpu' ? await createDevice() : null;
  const ort = await loadOrt(backend);
  const open = async (graph: Uint8Array): Promise<Stepper> => {
    const session = await exclusive(() =>
      ort.InferenceSession.create(graph, {
        logSeverityLevel: 3,
        executionProviders: [lab ? ({ name: 'webgpu', device: lab.device } as never) : 'wasm'],
        preferredOutputLocation: lab
          ? Object.fromEntries(cacheParts(info.blocks).map(({ present }) => [present, 'gpu-buffer']))
          : undefined,
      }),
    );
    return new Stepper(ort, session, info, rows, lab?.device ?? null);
  };
  const steppers = [await open(bytes), await open(edited.bytes), await open(bytes)];
  // Shaders compile and buffers grow in the first runs.
  for (let warm = 0; warm < 3; warm++) for (const stepper of steppers) await stepper.step();
  const times: [number, number, number][] = [];
  for (let round = 0; round < rounds; round++) {
    const one: [number, number, number] = [0, 0, 0];
    // Each goes first in a third of the rounds.
    for (let turn = 0; turn < 3; turn++) {
      const at = (round + turn) % 3;
      one[at] = await steppers[at].step();
    }
    times.push(one);
  }
  for (const stepper of steppers) await stepper.close();
  lab?.destroy();
  return {
    untouched: median(times.map(([a]) => a)),
    steered: median(times.map(([, b]) => b)),
    ratio: median(times.map(([a, b, c]) => b / ((a + c) / 2))),
    fastest: fastest(times.map(([, b]) => b)) / fastest(times.flatMap(([a, , c]) => [a, c])),
    noise: median(times.map(([a, , c]) => c / a)),
    nodes: readModel(edited.bytes).nodes.length - step.nodes.length,
    adapter: lab ? `${lab.report.info.architecture}${lab.report.software ? ' (software)' : ''}` : null,
  };
}

/** Mean of the fastest tenth. */
function fastest(times: readonly number[]): number {
  const tenth = times.toSorted((a, b) => a - b).slice(0, Math.ceil(times.length / 10));
  return tenth.reduce((sum, time) => sum + time, 0) / tenth.length;
}

/** Times reading a graph of `megabytes` and cutting it to its taps; milliseconds, the median of `rounds`. */
export async function edits(
  url: string,
  megabytes: number,
  rounds: number,
): Promise<{ bytes: number; nodes: number; read: number; edit: number }> {
  const small = await bytesOf(url);
  const model = readModel(small);
  // As a plain export of many blocks has them: some 400 bytes of names and attributes a node.
  const filler: Uint8Array[] = [];
  for (let size = small.length; size < megabytes * 1e6; size += filler[filler.length - 1].length) {
    filler.push(
      bytesField(1, textField(2, `filler.${filler.length}`), textField(3, 'x'.repeat(380)), textField(4, 'Constant')),
    );
  }
  const items = model.items.map((item) => small.subarray(item.whole.start, item.whole.end));
  const bytes = concatenate([
    small.subarray(0, model.graphField.start),
    bytesField(7, ...items, ...filler),
    small.subarray(model.graphField.end),
  ]);
  const times: { read: number; edit: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const { prompt } = readDecoder(bytes);
    const between = performance.now();
    editGraph(prompt, {
      taps: 'all',
      keep: { logits: false, present: false },
      externalise: { path: 'original', minBytes: 1024 },
    });
    times.push({ read: between - start, edit: performance.now() - between });
  }
  return {
    bytes: bytes.length,
    nodes: model.nodes.length + filler.length,
    read: median(times.map(({ read }) => read)),
    edit: median(times.map(({ edit }) => edit)),
  };
}
