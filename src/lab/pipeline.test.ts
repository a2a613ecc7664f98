/** The pipeline in Node, on models without a graph: order, memory, warnings, cancelling, and what each stage reads. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DOSED_ARMS, ARMS } from '../experiment/arms';
import { QUESTIONS } from '../experiment/run/chain';
import { experimentLeaves, leafOf } from '../experiment/leaves-fixture';
import type { Message } from '../experiment/message';
import { liveSteeringOf, type LiveSteering } from '../experiment/live';
import { STAGES, type Run, type Stage, type StopStreams } from '../experiment/run';
import { parseRun } from '../experiment/run-schema';
import type { Experiment } from '../experiment/schema';
import { CHANGES_NOTHING, memoryKey, pathsReadUpTo } from '../experiment/stage-inputs';
import { sampleHomology } from './homology-sample';
import { wordsOf } from '../i18n/text';
import type { FixtureModel } from './model-fixture';
import { planPair } from './pair-memory';
import { Pipeline } from './pipeline';
import { ALIKE, fixtureContext, loadFixture, runStages, serveSite, tinyExperiment } from './pipeline-fixture';
import { activationsStage } from './stage-activations';
import { evidenceStage } from './stage-evidence';
import { mapStage } from './stage-map';
import { modelsStage, sampledHomology } from './stage-models';
import { steerStage } from './stage-steer';

vi.mock('./homology-sample', async (original) => {
  const actual = await original<{ sampleHomology: typeof sampleHomology }>();
  return { ...actual, sampleHomology: vi.fn(actual.sampleHomology) };
});
vi.mock('../models', async (original) => ({
  ...(await original<object>()),
  inspectModel: async () => ({
    config: { layers: 30, hiddenSize: 576, heads: 9, kvHeads: 3, vocabSize: 2048 },
    weightBytes: 1000,
  }),
}));

beforeAll(serveSite);
afterAll(() => vi.unstubAllGlobals());

/** From the second test on the pair counts as alike without a look. */
afterEach(() => void vi.mocked(sampleHomology).mockImplementation(async () => ALIKE));

const said = (messages: readonly Message[]): string => messages.map(wordsOf('en').say).join(' ');

let pipeline: Pipeline;
beforeEach(async () => {
  await pipeline?.dispose();
  pipeline = new Pipeline();
});

test('a run goes through all stages, is a valid document with every arm, and is wholly remembered', async () => {
  const first = await runStages(pipeline, tinyExperiment());
  expect(first.error).toBeNull();
  expect(first.events.map(({ stage }) => stage)).toEqual([...STAGES]);
  expect(first.events.some(({ fromMemory }) => fromMemory)).toBe(false);
  const run = parseRun(JSON.parse(JSON.stringify(first.run)));
  expect(run.experiment).toEqual(tinyExperiment());
  expect(new Set(run.evidence.arms.map(({ name }) => name))).toEqual(new Set(ARMS));
  expect(Object.keys(run.steer.axis.arms).sort()).toEqual([...DOSED_ARMS].sort());
  for (const streams of run.evidence.streams) expect(Object.keys(streams.arms).sort()).toEqual([...ARMS].sort());
  // Every question of the chain is there, asked or not.
  expect(run.evidence.verdict.chain!.steps.map(({ question }) => question)).toEqual([...QUESTIONS]);
  // The fixture's models are strangers, and the warning that says so is told again with the remembered result.
  expect(said(first.events[0].warnings)).toContain('not homologous');
  const second = await runStages(pipeline, tinyExperiment());
  expect(second.events.every(({ fromMemory }) => fromMemory)).toBe(true);
  expect(second.events.map(({ warnings }) => warnings)).toEqual(first.events.map(({ warnings }) => warnings));
  expect(second.run!.evidence.arms).toEqual(first.run!.evidence.arms);
  expect(second.run!.warnings).toEqual(first.run!.warnings);
});

test('pairs too long for a model end the run before a model is run', async () => {
  const loaded: ReturnType<typeof loadFixture>[] = [];
  const load = async ({ id }: { id: string }) => {
    const model = loadFixture(id);
    loaded.push(model);
    return { ...model, config: { ...model.config, maxPositions: 64 } };
  };
  const pairs = ['a', 'b', 'the old fox walked to the river. '.repeat(40)].map((text) => ({
    positive: `${text} glad`,
    negative: `${text} sad`,
  }));
  const experiment = tinyExperiment((e) => ({
    ...e,
    concept: {
      kind: 'pairs',
      title: 'own',
      positive: 'glad',
      negative: 'sad',
      pairs,
      promptsFrom: 'mood',
      positiveWords: ['glad'],
      negativeWords: ['sad'],
    },
  }));
  const runtime = { ...fixtureContext().runtime, load };
  const { error, events } = await runStages(pipeline, experiment, 'evidence', { runtime });
  expect(error).toMatchObject({ key: 'pairs-format.too-long', params: { pair: 3, maxPositions: 64 } });
  expect(events).toEqual([]);
  expect(loaded.map((model) => (model as FixtureModel).runs)).toEqual([0, 0]);
});

test('the same settings give the same run in another pipeline', async () => {
  const runs = [await runStages(pipeline, tinyExperiment()), await runStages(new Pipeline(), tinyExperiment())];
  const [a, b] = runs.map(({ run }) => ({ ...run, timings: null, steer: null }));
  expect(a).toEqual(b);
});

describe('cancelling', () => {
  test.each(STAGES.filter((stage) => stage !== 'models'))(
    'in the stage %s says so, keeps what came before it, and the next run works',
    async (stage) => {
      const controller = new AbortController();
      const cancelled = await runStages(pipeline, tinyExperiment(), 'evidence', {
        signal: controller.signal,
        progress: (progress) => progress.stage === stage && controller.abort(),
      });
      expect(cancelled.error).toMatchObject({ code: 'cancelled' });
      expect(cancelled.events.map((event) => event.stage)).toEqual(STAGES.slice(0, STAGES.indexOf(stage)));
      const again = await runStages(pipeline, tinyExperiment());
      expect(again.events.map(({ fromMemory }) => fromMemory)).toEqual(STAGES.map((_, i) => i < STAGES.indexOf(stage)));
      expect(again.run).not.toBeNull();
    },
  );
});

test('a stage that fails keeps those before it; its error has the field', async () => {
  const wrong = tinyExperiment((e) => ({ ...e, map: { ...e.map, kind: 'reduced-rank', rank: 9 } }));
  const failed = await runStages(pipeline, wrong);
  expect(failed.error).toMatchObject({ code: 'settings-invalid', params: { field: 'map.rank' } });
  expect(failed.events.map(({ stage }) => stage)).toEqual(['models', 'activations']);
  const right = await runStages(pipeline, tinyExperiment());
  expect(right.events.map(({ fromMemory }) => fromMemory)).toEqual([true, true, false, false, false]);
});

test('a vector that is brought along is warned of as long as its result is shown', async () => {
  const { steer } = (await runStages(pipeline, tinyExperiment())).run!;
  const brought = tinyExperiment((e) => ({
    ...e,
    concept: {
      kind: 'vector',
      title: 'brought',
      positive: 'up',
      negative: 'down',
      values: steer.vector.values.source,
      block: 1,
      promptsFrom: 'mood',
    },
  }));
  for (const _ of [1, 2]) {
    const { events } = await runStages(pipeline, brought);
    expect(said(events.find(({ stage }) => stage === 'steer')!.warnings)).toContain('brought along');
  }
  const { events } = await runStages(pipeline, tinyExperiment());
  expect(events.find(({ stage }) => stage === 'steer')!.warnings).toEqual([]);
});

describe('a typed prompt is answered with the vectors of a run', () => {
  type Transfer = Partial<Experiment['transfer']>;
  const also = [{ sourceLayer: 0, targetLayer: 1, share: 0.5 }];
  const withTransfer = (transfer: Transfer): Experiment =>
    tinyExperiment((e) => ({ ...e, transfer: { ...e.transfer, ...transfer } }));
  const rounded = (run: Run): LiveSteering => liveSteeringOf(parseRun(JSON.parse(JSON.stringify(run))))!;

  test.each<[string, Transfer]>([
    ['added', {}],
    ['clamped, at two blocks', { operation: 'clamp', also }],
    ['capped, of the generated tokens', { operation: 'cap', scope: 'generated' }],
  ])('as the run itself steers: %s', async (_, transfer) => {
    const experiment = withTransfer(transfer);
    const run = (await runStages(pipeline, experiment)).run!;
    // Another engine, in which nothing has been run, with the vectors as they are written.
    const fresh = new Pipeline();
    const stages: Stage[] = [];
    const context = fixtureContext({ onStage: ({ stage }) => stages.push(stage) });
    const { prompt, arms } = run.steer.axis;
    const axis = await fresh.axis(experiment, rounded(run), prompt, context);
    expect(axis.stops).toEqual([-1, 0, 1]);
    expect(Object.keys(axis.arms).sort()).toEqual([...DOSED_ARMS].sort());
    expect(axis.arms).toEqual(arms);
    const found: StopStreams[] = [];
    // Doses that the run tried between its stops, to find the edge of fluent text.
    const further = run.evidence.streams.map(({ stop }) => stop).filter((stop) => !axis.stops.includes(stop));
    const { stops } = await fresh.streams(
      experiment,
      rounded(run),
      run.evidence.streams[0].prompt,
      { nearest: -1, further },
      experiment.generation.maxNewTokens,
      context,
      (streams) => found.push(streams),
    );
    expect([stops, found[0].stop]).toEqual([3 + further.length, -1]);
    for (const streams of run.evidence.streams.filter(({ prompt }) => prompt === found[0].prompt))
      expect(found.find(({ stop }) => stop === streams.stop)).toEqual(streams);
    expect(stages).toEqual([]);
    await fresh.dispose();
  });

  test('with models that are loaded ahead, once', async () => {
    const experiment = tinyExperiment();
    const from = rounded((await runStages(pipeline, experiment)).run!);
    const fresh = new Pipeline();
    const loaded: string[] = [];
    const load = async ({ id }: { id: string }) => (loaded.push(id), loadFixture(id));
    const context = fixtureContext({ runtime: { ...fixtureContext().runtime, load } });
    await fresh.load(experiment, context);
    expect(loaded).toEqual([experiment.models.source.id, experiment.models.target.id]);
    await fresh.axis(experiment, from, 'Ann was', context);
    expect(loaded).toHaveLength(2);
    await fresh.dispose();
  });

  test('and by no other models than those of the run; a run that lacks a vector says which', async () => {
    const experiment = withTransfer({ operation: 'clamp' });
    const from = rounded((await runStages(pipeline, experiment)).run!);
    const asked = (change: LiveSteering) => pipeline.axis(experiment, change, 'Ann was', fixtureContext());
    await expect(asked(from)).resolves.toMatchObject({ prompt: 'Ann was' });
    const { source, target } = from.models;
    const digests = [...target.digests, { path: 'onnx/model.onnx', sha256: 'f'.repeat(64) }];
    await expect(asked({ ...from, models: { source, target: { ...target, digests } } })).rejects.toMatchObject({
      key: 'model-digest.recorded',
      params: { model: target.title, path: 'onnx/model.onnx' },
    });
    const { projections: __, ...vector } = from.vector;
    await expect(asked({ ...from, vector })).rejects.toMatchObject({ key: 'run-invalid.live' });
    const { drawn: ___, ...random } = from.live.arms.random;
    const arms = { ...from.live.arms, random };
    await expect(asked({ ...from, live: { ...from.live, arms } })).rejects.toMatchObject({
      key: 'run-invalid.live',
      params: { arm: 'random' },
    });
    const values = { ...from.vector.values, mapped: from.vector.values.source };
    await expect(asked({ ...from, vector: { ...from.vector, values } })).rejects.toMatchObject({
      key: 'run-invalid.live',
      params: { arm: 'mapped' },
    });
  });
});

/** An experiment that keeps account of the leaves that are read of it. */
function recording(experiment: Experiment, into: Set<string>): Experiment {
  const leaves = experimentLeaves().flatMap(({ path }) => (leafOf(experiment, path) === undefined ? [] : [path]));
  const wrap = (node: unknown, path: string): unknown => {
    if (node === null || typeof node !== 'object' || Array.isArray(node)) {
      for (const leaf of leaves) if (leaf === path || leaf.startsWith(`${path}.`)) into.add(leaf);
      return node;
    }
    return new Proxy(node, {
      get: (target, key) =>
        typeof key === 'symbol'
          ? Reflect.get(target, key)
          : wrap(Reflect.get(target, key), path === '' ? key : `${path}.${key}`),
    });
  };
  return wrap(experiment, '') as Experiment;
}

/** Leaves that a stage, or one before it, is declared to read. */
function declared(stage: Stage): Set<string> {
  const parts = pathsReadUpTo(stage);
  return new Set(
    experimentLeaves().flatMap(({ path }) =>
      parts.some((part) => path === part || path.startsWith(`${part}.`)) ? [path] : [],
    ),
  );
}

test('no stage reads a field that it does not declare', async () => {
  const bases = [
    tinyExperiment(),
    tinyExperiment((e) => ({
      ...e,
      map: { ...e.map, lambda: 'auto', lambdaRule: 'cross-validation', folds: 2, kind: 'reduced-rank', rank: 4 },
      prompting: { template: 'chat', system: 'Be brief.' },
      transfer: { ...e.transfer, addBias: true },
    })),
  ];
  for (const base of bases) {
    const context = { ...fixtureContext(), warn: () => {} };
    const read = new Map(STAGES.map((stage) => [stage, new Set<string>()]));
    const of = (stage: Stage): Experiment => recording(base, read.get(stage)!);
    const models = await modelsStage(context, of('models'));
    await sampledHomology(context, of('models'), models);
    const activations = await activationsStage(context, of('activations'), models);
    const map = await mapStage(context, of('map'), activations);
    const steer = await steerStage(context, of('steer'), models, activations, map);
    await evidenceStage(context, of('evidence'), steer);
    for (const stage of STAGES) {
      const known = declared(stage);
      expect(
        [...read.get(stage)!].filter((path) => !known.has(path)),
        stage,
      ).toEqual([]);
      expect(read.get(stage)!.size, stage).toBeGreaterThan(1);
    }
    activations.dispose();
  }
});

test('the plan of the memory reads nothing that its key leaves out', async () => {
  const read = new Set<string>();
  const experiment = tinyExperiment((e) => ({ ...e, map: { ...e.map, sourceLayer: 14 } }));
  const source = { id: 'a', dtype: 'fp32', baseUrl: 'http://lab.test/' } as const;
  await planPair(recording(experiment, read), { source, target: source }, { backend: 'wasm', limits: null });
  const inKey = new Set<string>();
  memoryKey(recording(experiment, inKey));
  expect([...read].filter((path) => !inKey.has(path))).toEqual([]);
  expect(read).toContain('corpus.maxTokens');
  expect(read).toContain('generation.neutralTexts');
  for (const path of Object.keys(CHANGES_NOTHING)) expect(read).not.toContain(path);
});
