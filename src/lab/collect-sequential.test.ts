/** Source and target collected one after the other give the fit that both at once give, to the last bit. */
import { message, type Message } from '../experiment/message';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultExperiment } from '../experiment/defaults';
import { LabError } from '../experiment/errors';
import type { Residence } from '../experiment/run';
import { WhitenedFit } from '../fit/whitened-fit';
import { PlainProducts } from '../fit/testing/plain-products';
import { diskFolder, limitRoom } from '../models/disk-fixture';
import { wasmBackend } from './backend';
import { collectPair } from './collect-sequential';
import { batchesOf, type Collected } from './collect';
import type { LabContext } from './context';
import { fixtureModel, fixtureTokenizer, type FixtureModel } from './model-fixture';
import { ModelPair, type Role } from './model-pair';
import { prepareTexts } from './prepare';
import { CpuRowSink, type CollectCheckpoint } from './rows';
import { wordsOf } from '../i18n/text';
import type { Progress } from '../experiment/run';

const tokenizer = fixtureTokenizer();
const shape = { sourceLayers: 2, targetLayers: 3, sourceWidth: 5, targetWidth: 7 };
const words = 'the old fox gave two red apples to a small cat and then it ran home over green hills'.split(' ');
const corpus = Array.from({ length: 90 }, (_, i) =>
  Array.from({ length: 4 + (i % 23) }, (__, k) => words[(i * 7 + k * (1 + (i % 5))) % words.length]).join(' '),
);
const { texts } = prepareTexts(
  corpus,
  { source: tokenizer, target: tokenizer },
  'tokens',
  { ...defaultExperiment('mood').corpus, maxTokens: 900 },
  2,
);
const batches = batchesOf(texts).length;

let dir: string;
let log: Role[];
let warnings: Message[];
let notes: string[];
let models: Partial<Record<Role, FixtureModel>>;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lrt-turn-'));
  [log, warnings, notes] = [[], [], []];
});
afterEach(() => {
  limitRoom(Infinity);
  vi.unstubAllGlobals();
  rmSync(dir, { recursive: true });
});
const left = (): string[] => (existsSync(join(dir, 'states')) ? readdirSync(join(dir, 'states')) : []);

function loader(role: Role, scale: (run: number) => number, onRun: (role: Role, run: number) => void) {
  return {
    title: role,
    load: async () => {
      const [layers, hiddenSize, seed] =
        role === 'source' ? [shape.sourceLayers, shape.sourceWidth, 1] : [shape.targetLayers, shape.targetWidth, 2];
      const model = fixtureModel(role, { layers, hiddenSize, seed }, tokenizer);
      const { collect } = model;
      model.collect = async (rows) => {
        log.push(role);
        onRun(role, model.runs);
        const taps = await collect(rows);
        const factor = scale(model.runs);
        for (const { data } of taps.blocks) data!.forEach((x, i) => (data![i] = x * factor));
        return taps;
      };
      models = { ...models, [role]: model };
      return model;
    },
  };
}

interface Making {
  scale?: (run: number) => number;
  onRun?: (role: Role, run: number) => void;
  signal?: AbortSignal;
  resume?: CollectCheckpoint | null;
  onCheckpoint?: LabContext['onCheckpoint'];
  /** Behave as a backend whose device can be lost. */
  device?: boolean;
}

async function make(
  residence: Residence,
  {
    scale = () => 1,
    onRun = () => {},
    signal = new AbortController().signal,
    resume = null,
    onCheckpoint = () => {},
    device = false,
  }: Making = {},
): Promise<Collected<Float32Array>> {
  const pair = await ModelPair.load(
    residence,
    { source: loader('source', scale, onRun), target: loader('target', scale, onRun) },
    { signal, onLoading: () => {} },
  );
  const backend = { ...wasmBackend(new PlainProducts()), ...(device ? { device: {} as GPUDevice } : {}) };
  const context = {
    backend,
    runtime: { backend: 'wasm' },
    signal,
    onCheckpoint,
    warn: (said: Message) => warnings.push(said),
    progress: ({ note }: Progress) => notes.push(wordsOf('en').say(note)),
  } as unknown as LabContext;
  return collectPair(
    context,
    pair,
    texts,
    new CpuRowSink(new WhitenedFit(shape, new PlainProducts(), { folds: 2, warmUpRows: 64 })),
    { key: 'k', resume },
    diskFolder(dir),
  );
}

/** Everything that the rest of the lab takes from a collection. */
async function figures({ fit, sample, tokens, secondPassReason }: Collected<Float32Array>): Promise<unknown> {
  const solved = await fit.solve(1, 2, [1e-4, 0.01, 1]);
  return {
    solved,
    grid: await fit.grid(1e-4),
    cka: await fit.cka(),
    folds: await fit.crossValidate(0, 1, [0.01]),
    moments: await fit.moments(0, 0),
    sample,
    tokens,
    secondPassReason,
  };
}

/** Vastly larger states once the warm-up is over: the first rows do not represent the rest. */
const unrepresentative = (run: number): number => ((run - 1) % batches > 2 ? 1e4 : 1);

describe('the same fit to the last bit', () => {
  test('each model reads the corpus once, the source first; nothing stays on disk', async () => {
    const together = await figures(await make('together'));
    expect(log.slice(0, 4)).toEqual(['source', 'target', 'source', 'target']);
    log = [];
    const sequential = await make('sequential');
    expect(log).toEqual([
      ...Array.from({ length: batches }, () => 'source'),
      ...Array.from({ length: batches }, () => 'target'),
    ]);
    expect(models.source!.disposed).toBe(true);
    expect(left()).toEqual([]);
    expect([...new Set(notes.slice(-2 * batches))]).toEqual([
      'Reading the corpus with the small model, its states to disk',
      'Reading the corpus with the large model',
    ]);
    // toEqual compares numbers by Object.is: the last bit counts.
    expect(await figures(sequential)).toEqual(together);
  });

  test('with a second pass the target reads again and the source does not', async () => {
    const together = await make('together', { scale: unrepresentative });
    expect(together.secondPassReason).toMatchObject({ key: expect.stringMatching(/^run\.second-pass\./) });
    const whole = await figures(together);
    log = [];
    const sequential = await make('sequential', { scale: unrepresentative });
    expect(log.filter((role) => role === 'source').length).toBe(batches);
    expect(log.filter((role) => role === 'target').length).toBe(2 * batches);
    expect(await figures(sequential)).toEqual(whole);
    expect(left()).toEqual([]);
  });
});

describe('what goes wrong', () => {
  test('too little room is told before either model is run', async () => {
    const storage = { estimate: async () => ({ usage: 5e9, quota: 5e9 + 1000 }) };
    vi.stubGlobal('navigator', { storage });
    await expect(make('sequential')).rejects.toMatchObject({
      code: 'storage-full',
      params: { missing: expect.any(Number) },
    });
    expect(log).toEqual([]);
    expect(left()).toEqual([]);
  });

  test.each(['source', 'target'] as const)('cancelled while the %s reads: the states go', async (reading) => {
    const controller = new AbortController();
    const onRun = (role: Role, run: number): void => {
      if (role === reading && run === 2) controller.abort();
    };
    await expect(make('sequential', { signal: controller.signal, onRun, device: true })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(left()).toEqual([]);
  });

  test('a disk that fills up on the way ends it by name and leaves nothing', async () => {
    limitRoom(3000);
    await expect(make('sequential')).rejects.toMatchObject({ code: 'storage-full' });
    expect(left()).toEqual([]);
  });
});

describe('a lost device', () => {
  const lost = new LabError('webgpu-device-lost');

  test('while the source reads: it goes on after the batches that are on disk', async () => {
    const whole = await figures(await make('together'));
    let checkpoint: CollectCheckpoint | null = null;
    const breaking = make('sequential', {
      device: true,
      onCheckpoint: (latest) => (checkpoint = latest),
      onRun: (_role, run) => {
        if (run === 3) throw lost;
      },
    });
    await expect(breaking).rejects.toBe(lost);
    expect(checkpoint).toMatchObject({ key: 'k', batches: 0, sink: null });
    expect(left().length).toBe(1);
    log = [];
    const resumed = await make('sequential', { device: true, resume: structuredClone(checkpoint) });
    expect(log.filter((role) => role === 'source').length).toBe(batches - 3);
    expect(warnings).toEqual([message('run.warn.resumed-source', { done: 3, total: batches })]);
    expect(await figures(resumed)).toEqual(whole);
    expect(left()).toEqual([]);
  });

  test('while the target reads: the source does not read again', async () => {
    let checkpoint: CollectCheckpoint | null = null;
    const breaking = make('sequential', {
      device: true,
      onCheckpoint: (latest) => (checkpoint = latest),
      onRun: (role, run) => {
        if (role === 'target' && run === 2) throw lost;
      },
    });
    await expect(breaking).rejects.toBe(lost);
    log = [];
    await make('sequential', { device: true, resume: checkpoint });
    expect(log).not.toContain('source');
    expect(left()).toEqual([]);
  });

  test('what it left is removed by the next collection that does not go on from it', async () => {
    await expect(
      make('sequential', {
        device: true,
        onRun: (_role, run) => {
          if (run === 2) throw lost;
        },
      }),
    ).rejects.toBe(lost);
    expect(left().length).toBe(1);
    await make('together');
    expect(left()).toEqual([]);
  });
});
