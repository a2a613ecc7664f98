/** Edited graphs on ONNX Runtime's WebGPU provider: short prompts, as the adapter may be software. */
import * as ort from 'onnxruntime-web/webgpu';
import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import { beforeAll, describe, expect, it } from 'vitest';
import { editGraph, type EditedGraph } from './edit';
import { adds } from './interventions/sites';

const IDS = [1, 37, 512, 99, 203, 7];
type Values = Record<string, Float32Array>;

beforeAll(() => {
  ort.env.wasm.wasmPaths = { wasm: wasmUrl };
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
});

/** Runs the prompt from an empty cache; every steering input is fed `vector`. */
async function run(
  edited: EditedGraph,
  vector: Float32Array,
  externalData?: { path: string; data: Uint8Array }[],
): Promise<Values> {
  const session = await ort.InferenceSession.create(edited.bytes, {
    executionProviders: ['webgpu'],
    logSeverityLevel: 3,
    externalData,
  });
  try {
    const { info } = edited;
    const row = (value: (i: number) => number) =>
      new ort.Tensor(
        'int64',
        BigInt64Array.from(IDS, (_, i) => BigInt(value(i))),
        [1, IDS.length],
      );
    const feeds = Object.fromEntries(
      edited.inputs.map((name) => {
        if (name === 'input_ids') return [name, row((i) => IDS[i])];
        if (name === 'attention_mask') return [name, row(() => 1)];
        if (name === 'position_ids') return [name, row((i) => i)];
        if (name.startsWith('past_key_values.'))
          return [name, new ort.Tensor('float32', new Float32Array(0), [1, info.kvHeads, 0, info.headDim])];
        return [name, new ort.Tensor('float32', vector, [1, 1, info.width])];
      }),
    );
    const results = await session.run(feeds);
    const values: Values = {};
    for (const [name, tensor] of Object.entries(results))
      values[name] = Float32Array.from((await tensor.getData()) as Float32Array);
    return values;
  } finally {
    await session.release();
  }
}

/** Compared as words: toEqual on large arrays is slow, and takes −0 for 0. */
function sameBits(a: Float32Array, b: Float32Array): boolean {
  const x = new Uint32Array(a.buffer);
  const y = new Uint32Array(b.buffer);
  return x.length === y.length && x.every((word, i) => word === y[i]);
}

function maxDiff(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((worst, x, i) => Math.max(worst, Math.abs(x - b[i])), 0);
}

describe.each(['lrt-stories-s', 'lrt-stories-s-plain'])('%s on WebGPU', (id) => {
  let bytes: Uint8Array;
  beforeAll(async () => {
    expect(await navigator.gpu?.requestAdapter(), 'a WebGPU adapter').toBeTruthy();
    bytes = new Uint8Array(await (await fetch(`/models/${id}/onnx/model.onnx`)).arrayBuffer());
  });

  it('gives bit-identical logits under zero steering, and moves its tap by exactly the vector', async () => {
    const keep = { present: false };
    const plain = editGraph(bytes, { keep });
    const edited = editGraph(bytes, { taps: 'all', steer: adds(1), keep });
    const { width } = edited.info;
    const untouched = await run(plain, new Float32Array(width));
    const still = await run(edited, new Float32Array(width));
    expect(sameBits(still.logits, untouched.logits)).toBe(true);

    const vector = Float32Array.from({ length: width }, (_, i) => Math.sin(1.7 * i + 0.3));
    const steered = await run(edited, vector);
    expect(maxDiff(steered.logits, still.logits)).toBeGreaterThan(0.1);
    expect(sameBits(steered['resid_post.0'], still['resid_post.0'])).toBe(true);
    expect(
      maxDiff(
        steered['resid_post.1'],
        still['resid_post.1'].map((x, i) => x + vector[i % width]),
      ),
    ).toBeLessThan(1e-5);
  });

  it('collects the same states without the head, from weights left in the original file', async () => {
    const zero = new Float32Array(0);
    const whole = await run(editGraph(bytes, { taps: 'all', keep: { present: false } }), zero);
    const collect = editGraph(bytes, {
      taps: 'all',
      keep: { logits: false, present: false },
      externalise: { path: 'original', minBytes: 1024 },
    });
    const pruned = await run(collect, zero, [{ path: 'original', data: bytes }]);
    expect(Object.keys(pruned)).toEqual(collect.taps.map((tap) => tap.name));
    for (const name of Object.keys(pruned)) expect(sameBits(pruned[name], whole[name])).toBe(true);
  });

  it('gives the last row of the logits alone', async () => {
    const zero = new Float32Array(0);
    const whole = await run(editGraph(bytes, { keep: { present: false } }), zero);
    const last = await run(editGraph(bytes, { lastTokenLogits: true, keep: { present: false } }), zero);
    expect(maxDiff(last.logits, whole.logits.subarray(-last.logits.length))).toBeLessThan(1e-4);
    expect(last.logits.length).toBe(whole.logits.length / IDS.length);
  });
});
