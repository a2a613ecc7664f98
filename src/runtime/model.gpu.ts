/** The operations of a loaded model, on both backends, and the two backends against each other. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { logSoftmax } from '../math/information';
import { openModel } from '../models';
import { BACKENDS, bundled, maxDifference, readBuffer, testDevice, testRuntime, waveVector } from './fixtures';
import type { LanguageModel, Runtime, Sampling, TapBatch } from './types';
import { addition } from './interventions';
import { adds } from '../onnx';

const TEXTS = ['One day, Tom gave a red apple to', 'The old man was sad', 'A'];
const GREEDY: Sampling = { temperature: 0, topP: 1, seed: 1 };

/** Values of a tapped block at the valid positions of each row. */
async function tapRows(taps: TapBatch, index: number): Promise<Float32Array[]> {
  const { width, data, buffer } = taps.blocks[index];
  const all = data ?? (await readBuffer(await testDevice(), buffer!, taps.rows * taps.length * width));
  return taps.lengths.map((length, row) => all.slice(row * taps.length * width, (row * taps.length + length) * width));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LabError);
  return (error as LabError).code;
}

const runtimes = new Map<string, { runtime: Runtime; model: LanguageModel }>();

beforeAll(async () => {
  for (const backend of BACKENDS) {
    const runtime = await testRuntime(backend);
    runtimes.set(backend, { runtime, model: await runtime.load(bundled('lrt-stories-s')) });
  }
});
afterAll(async () => {
  for (const { runtime } of runtimes.values()) await runtime.dispose();
});

describe.each(BACKENDS)('on %s', (backend) => {
  let model: LanguageModel;
  let rows: { ids: number[] }[];
  beforeAll(() => {
    model = runtimes.get(backend)!.model;
    rows = TEXTS.map((text) => ({ ids: model.tokenizer.encode(text) }));
  });

  test('taps show every block, the same for a row alone and in a padded batch', async () => {
    const taps = await model.collect(rows.map((row) => row.ids));
    expect(taps.blocks.map((tap) => tap.block)).toEqual([0, 1, 2]);
    expect(taps.lengths).toEqual(rows.map((row) => row.ids.length));
    for (const tap of taps.blocks) expect(tap.data === null).toBe(backend === 'webgpu');
    const single = await model.collect([rows[1].ids]);
    for (const index of [0, 2]) {
      const [together, alone] = [(await tapRows(taps, index))[1], (await tapRows(single, index))[0]];
      expect(maxDifference(together, alone)).toBeLessThanOrEqual(1e-4);
      // What `statesAt` reads without steering is what `collect` taps.
      const states = await model.statesAt(index, { rows, sites: [] });
      expect(maxDifference(states[1], together)).toBeLessThanOrEqual(1e-4);
    }
    taps.dispose();
    single.dispose();
  });

  test('states after the steered block are the unsteered states plus the vector', async () => {
    const vector = waveVector(model.info.hiddenSize, 0.5, 0.8);
    const [plain] = await model.statesAt(1, { rows: [rows[0]], sites: [] });
    const [steered] = await model.statesAt(1, {
      rows: [{ ...rows[0], interventions: addition(1, vector) }],
      sites: adds(1),
    });
    const expected = plain.map((value, i) => value + vector[i % vector.length]);
    expect(maxDifference(steered, expected)).toBeLessThanOrEqual(1e-5);
    const [later] = await model.statesAt(2, {
      rows: [{ ...rows[0], interventions: addition(1, vector) }],
      sites: adds(1),
    });
    expect(later.every(Number.isFinite)).toBe(true);
  });

  test('next-token logits are the last row of the logits', async () => {
    const vector = waveVector(model.info.hiddenSize, 0.5, 0.8);
    const batch = { rows: [rows[0], { ...rows[1], interventions: addition(1, vector) }, rows[2]], sites: adds(1) };
    const next = await model.nextTokenLogits(batch);
    const all = await model.logits(batch);
    const { vocabSize } = model.info;
    expect(next.length).toBe(3 * vocabSize);
    all.forEach((logits, row) => {
      expect(logits.length).toBe(rows[row].ids.length * vocabSize);
      expect(
        maxDifference(logits.slice(-vocabSize), next.slice(row * vocabSize, (row + 1) * vocabSize)),
      ).toBeLessThanOrEqual(1e-4);
    });
  });

  test('greedy continuation is what recomputing the whole text would give', async () => {
    const steps: (number | null)[][] = [];
    const decoded = await model.decode(
      { rows, sites: [] },
      { maxNewTokens: 5, sampling: GREEDY, onStep: (_, tokens) => steps.push(tokens) },
    );
    const { vocabSize } = model.info;
    const full = await model.logits({
      rows: rows.map((row, r) => ({ ids: [...row.ids, ...decoded[r].ids] })),
      sites: [],
    });
    decoded.forEach(({ ids }, r) => {
      expect(ids).toHaveLength(5);
      expect(steps.map((tokens) => tokens[r])).toEqual(ids);
      ids.forEach((id, step) => {
        const at = (rows[r].ids.length - 1 + step) * vocabSize;
        const logits = full[r].subarray(at, at + vocabSize);
        expect(logits[id]).toBeGreaterThanOrEqual(logits.reduce((a, b) => Math.max(a, b)) - 1e-4);
      });
    });
  });

  test('the same seed gives the same tokens, alone or in company; another seed gives others', async () => {
    const sampling = { temperature: 1, topP: 0.95, seed: 7 };
    const run = (count: number, seed: number) =>
      model.decode(
        { rows: Array.from({ length: count }, () => rows[0]), sites: [] },
        { maxNewTokens: 6, sampling: { ...sampling, seed } },
      );
    const three = await run(3, 7);
    expect(await run(3, 7)).toEqual(three);
    expect((await run(1, 7))[0]).toEqual(three[0]);
    expect(await run(3, 8)).not.toEqual(three);
    expect(new Set(three.map(({ ids }) => ids.join())).size).toBeGreaterThan(1);
  });

  test('a row ends at the end token and says nothing after it', async () => {
    const [{ ids }] = await model.decode({ rows: [rows[0]], sites: [] }, { maxNewTokens: 4, sampling: GREEDY });
    const end = ids[2];
    const ending = await testRuntime(backend, {
      openModel: async (source, options) => {
        const files = await openModel(source, options);
        return { ...files, config: { ...files.config, eosIds: [end] } };
      },
    });
    const other = await ending.load(bundled('lrt-stories-s'));
    const steps: (number | null)[][] = [];
    const decoded = await other.decode(
      { rows: [rows[0], rows[2]], sites: [] },
      { maxNewTokens: 4, sampling: GREEDY, onStep: (_, tokens) => steps.push(tokens) },
    );
    const first = ids.indexOf(end);
    expect(decoded[0]).toEqual({ ids: ids.slice(0, first), ended: true });
    expect(steps.map((tokens) => tokens[0])).toEqual([
      ...ids.slice(0, first),
      ...Array<null>(steps.length - first).fill(null),
    ]);
    await ending.dispose();
  });

  test('a cancelled decode stops between steps and leaves the model usable', async () => {
    const controller = new AbortController();
    let steps = 0;
    const onStep = (): void => {
      if (++steps === 2) controller.abort();
    };
    expect(
      await codeOf(
        model.decode(
          { rows: [rows[0]], sites: [] },
          { maxNewTokens: 50, sampling: GREEDY, signal: controller.signal, onStep },
        ),
      ),
    ).toBe('cancelled');
    expect(steps).toBe(2);
    expect((await model.nextTokenLogits({ rows: [rows[0]], sites: [] })).every(Number.isFinite)).toBe(true);
  });

  test('calls made at once queue up instead of failing', async () => {
    const [a, b, c] = await Promise.all([
      model.nextTokenLogits({ rows: [rows[0]], sites: [] }),
      model.decode({ rows: [rows[0]], sites: [] }, { maxNewTokens: 2, sampling: GREEDY }),
      model.nextTokenLogits({ rows: [rows[0]], sites: [] }),
    ]);
    expect(maxDifference(a, c)).toBe(0);
    expect(b[0].ids).toHaveLength(2);
  });

  test('what a model cannot read is refused by name', async () => {
    const batch = (ids: number[]) => ({ rows: [{ ids }], sites: [] });
    expect(await codeOf(model.nextTokenLogits(batch([1, model.info.vocabSize])))).toBe('tokenizer-mismatch');
    expect(await codeOf(model.nextTokenLogits(batch([])))).toBe('settings-invalid');
    expect(await codeOf(model.decode(batch([1, 2]), { maxNewTokens: 600, sampling: GREEDY }))).toBe('settings-invalid');
    expect(await codeOf(model.nextTokenLogits({ rows: [{ ids: [1] }], sites: adds(3) }))).toBe('settings-invalid');
    expect(
      await codeOf(
        model.nextTokenLogits({
          rows: [{ ids: [1], interventions: addition(1, new Float32Array(3)) }],
          sites: adds(1),
        }),
      ),
    ).toBe('internal');
    expect(
      await codeOf(
        model.nextTokenLogits({ rows: [{ ids: [1], interventions: addition(1, new Float32Array(64)) }], sites: [] }),
      ),
    ).toBe('internal');
  });
});

test('both backends agree on states and on forced log-probabilities', async () => {
  const [wasm, webgpu] = BACKENDS.map((backend) => runtimes.get(backend)!.model);
  // One text of a story's length among them: ONNX Runtime attends to long prompts by other shaders than to short ones.
  const story = Array.from({ length: 8 }, () => TEXTS.join(' ')).join(' ');
  const ids = [...TEXTS, story].map((text) => wasm.tokenizer.encode(text));
  expect(ids.at(-1)!.length).toBeGreaterThan(80);
  const [a, b] = [await wasm.collect(ids), await webgpu.collect(ids)];
  for (const index of a.blocks.keys()) {
    const [left, right] = [await tapRows(a, index), await tapRows(b, index)];
    left.forEach((row, r) =>
      expect(maxDifference(row, right[r]), `block ${index}, row ${r}`).toBeLessThanOrEqual(1e-3),
    );
  }
  a.dispose();
  b.dispose();
  const rows = ids.map((row, r) => ({
    ids: row,
    interventions: addition(1, waveVector(wasm.info.hiddenSize, r, 0.5)),
  }));
  const [forcedA, forcedB] = [
    await wasm.logits({ rows, sites: adds(1) }),
    await webgpu.logits({ rows, sites: adds(1) }),
  ];
  const { vocabSize } = wasm.info;
  let worst = 0;
  forcedA.forEach((logits, r) => {
    for (let at = 0; at + 1 < ids[r].length; at++) {
      const next = ids[r][at + 1];
      const [p, q] = [logits, forcedB[r]].map(
        (all) => logSoftmax(all.subarray(at * vocabSize, (at + 1) * vocabSize))[next],
      );
      worst = Math.max(worst, Math.abs(p - q));
    }
  });
  expect(worst).toBeLessThanOrEqual(1e-2);
});

test('GPU buffers: collecting and decoding again and again keeps none', async () => {
  const device = await testDevice();
  const { model } = runtimes.get('webgpu')!;
  let live = 0;
  const create = device.createBuffer.bind(device);
  const destroy = GPUBuffer.prototype.destroy;
  const gone = new WeakSet<GPUBuffer>();
  device.createBuffer = (descriptor) => {
    live++;
    return create(descriptor);
  };
  GPUBuffer.prototype.destroy = function (this: GPUBuffer) {
    if (!gone.has(this)) live--;
    gone.add(this);
    return destroy.call(this);
  };
  try {
    const ids = model.tokenizer.encode(TEXTS[0]);
    const cycle = async (): Promise<number> => {
      (await model.collect([ids, ids.slice(0, 4)])).dispose();
      await model.decode(
        { rows: [{ ids }, { ids: ids.slice(0, 4) }], sites: [] },
        { maxNewTokens: 2, sampling: GREEDY },
      );
      await device.queue.onSubmittedWorkDone();
      return live;
    };
    // The first cycles fill ONNX Runtime's pool of buffers for reuse.
    await cycle();
    const before = await cycle();
    await cycle();
    expect(await cycle()).toBe(before);
  } finally {
    device.createBuffer = create;
    GPUBuffer.prototype.destroy = destroy;
  }
});
