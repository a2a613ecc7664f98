/**
 * Graphs of every export style through the lab's own runtime, on both backends: states, steering and decoding of
 * fixtures/exporters against PyTorch. All fixtures are checked on WASM in Node (src/onnx/fixtures.*.test.ts); here a
 * graph of each kind, few on WebGPU, where the software adapter compiles shaders for seconds.
 */
import { bytesFromBase64 } from '../base/bytes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BACKENDS, maxDifference, readBuffer, testDevice, testRuntime } from './fixtures';
import type { ModelFiles, ModelTokenizer, Runtime, TapBatch } from './types';
import { addition } from './interventions';
import { adds } from '../onnx';

interface Encoded {
  dims: number[];
  data: string;
}

interface States {
  ids: number[];
  residPost: Encoded;
  logits: Encoded;
  steeredBlock: number;
  vector: Encoded;
  steeredLogits: Encoded;
}

interface Index {
  fixtures: { name: string; architecture: string; precision: string; data: string | null }[];
  states: Record<string, States>;
}

const FOLDER = '/fixtures/exporters';

/** What both backends run, and what WASM runs besides. */
const GRAPHS = {
  webgpu: ['llama-fused-q4-embed', 'llama-merged-fp32'],
  wasm: [
    'llama-fused-q4-embed',
    'opt-plain-fp32',
    'llama-merged-fp32',
    'gpt2-torchnames-fp32',
    'qwen3-dynamo-q4',
    'neox-plain-q8',
    'phi-fused-fp32',
    'gemma3-fused-q4f16',
    'llama-fused-fp16',
    'mistral-plain-fp16',
    'llama-fused-fp32-external',
  ],
};

const LIMIT = (precision: string): number =>
  precision === 'q8' ? 0.5 : precision === 'fp16' || precision.startsWith('q4f16') ? 0.03 : 1e-3;

async function unpacked(file: string): Promise<Uint8Array> {
  // The test server calls a .gz compressed in transit, so that the browser has unpacked it already.
  const response = await fetch(`${FOLDER}/${file}.gz`);
  expect(response.headers.get('content-encoding'), file).toBe('gzip');
  return new Uint8Array(await response.arrayBuffer());
}

function floats({ data }: Encoded): Float32Array {
  return new Float32Array(bytesFromBase64(data).buffer);
}

let index: Index;
beforeAll(async () => {
  index = (await (await fetch(`${FOLDER}/index.json`)).json()) as Index;
});

/** The files of a fixture as a repository would give them; texts are given as ids, so that the tokenizer is never asked. */
async function filesOf(name: string): Promise<ModelFiles> {
  const fixture = index.fixtures.find((entry) => entry.name === name)!;
  const { residPost, logits } = index.states[fixture.architecture];
  return {
    config: {
      modelType: fixture.architecture,
      architecture: fixture.architecture,
      vocabSize: logits.dims[1],
      layers: residPost.dims[0],
      hiddenSize: residPost.dims[2],
      heads: 2,
      kvHeads: 1,
      maxPositions: 64,
      bosIds: [],
      eosIds: [],
    },
    tokenizer: { eosId: null } as ModelTokenizer,
    graph: await unpacked(`${name}.onnx`),
    external: fixture.data === null ? [] : [{ path: fixture.data, data: await unpacked(fixture.data) }],
    files: [],
    small: new Map(),
  };
}

async function tapOf(taps: TapBatch, block: number): Promise<Float32Array> {
  const { width, data, buffer } = taps.blocks[block];
  return data ?? readBuffer(await testDevice(), buffer!, taps.rows * taps.length * width);
}

describe.each(BACKENDS)('on %s', (backend) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await testRuntime(backend, { openModel: (source) => filesOf(source.id) });
  });
  afterAll(() => runtime.dispose());

  test.each(GRAPHS[backend])('%s: states, steering and decoding', async (name) => {
    const { architecture, precision } = index.fixtures.find((entry) => entry.name === name)!;
    const { ids, residPost, steeredBlock, vector, steeredLogits } = index.states[architecture];
    const limit = LIMIT(precision);
    const model = await runtime.load({ id: name, dtype: 'fp32', baseUrl: location.href });
    const { layers, hiddenSize, vocabSize } = model.info;

    const taps = await model.collect([ids]);
    const expected = floats(residPost);
    expect(taps.blocks.length).toBe(residPost.dims[0]);
    const size = ids.length * hiddenSize;
    for (let block = 0; block < layers; block++) {
      expect(
        maxDifference(await tapOf(taps, block), expected.slice(block * size, (block + 1) * size)),
        `block ${block}`,
      ).toBeLessThanOrEqual(limit);
    }
    taps.dispose();

    const row = { ids, interventions: addition(steeredBlock, floats(vector)) };
    const [steered] = await model.logits({ rows: [row], sites: adds(steeredBlock) });
    expect(maxDifference(steered, floats(steeredLogits))).toBeLessThanOrEqual(limit);

    // A shorter row beside it: where rows of different lengths mix, padding must not show.
    const batch = {
      rows: [row, { ids: ids.slice(0, 5), interventions: row.interventions }],
      sites: adds(steeredBlock),
    };
    const next = await model.nextTokenLogits(batch);
    expect(maxDifference(next.slice(0, vocabSize), floats(steeredLogits).slice(-vocabSize))).toBeLessThanOrEqual(limit);
    expect(
      maxDifference(next.slice(vocabSize), floats(steeredLogits).slice(4 * vocabSize, 5 * vocabSize)),
    ).toBeLessThanOrEqual(limit);

    // Greedy tokens are those that reading the whole text again would choose.
    const decoded = await model.decode(batch, { maxNewTokens: 4, sampling: { temperature: 0, topP: 1, seed: 1 } });
    const whole = await model.logits({
      rows: decoded.map((text, r) => ({ ids: [...batch.rows[r].ids, ...text.ids], interventions: row.interventions })),
      sites: adds(steeredBlock),
    });
    decoded.forEach((text, r) => {
      expect(text.ids).toHaveLength(4);
      text.ids.forEach((id, step) => {
        const at = (batch.rows[r].ids.length - 1 + step) * vocabSize;
        const logits = whole[r].subarray(at, at + vocabSize);
        expect(logits[id], `row ${r}, step ${step}`).toBeGreaterThanOrEqual(Math.max(...logits) - 2 * limit);
      });
    });
    await model.dispose();
  });
});
