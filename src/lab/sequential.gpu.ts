/** The engine itself, in its worker: with one model in memory at a time the figures of a run are those of both at once. */
import { afterAll, expect, test } from 'vitest';
import { defaultExperiment, quickVariant } from '../experiment/defaults';
import { liveSteeringOf } from '../experiment/live';
import type { DoseAxis, Residence, Run, StageResults, StopStreams } from '../experiment/run';
import { parseRun } from '../experiment/run-schema';
import { createDevice } from '../gpu/device';
import { liveMemory } from '../gpu/scope';
import { openModel } from '../models';
import { createRuntime } from '../runtime';
import { EngineClient } from '../worker/client';
import { webgpuBackend } from './backend';
import { wordsOf } from '../i18n/text';

const words = wordsOf('en');

const baseUrl = new URL('/', location.href).href;
const quick = quickVariant(defaultExperiment('mood'));
const experiment = {
  ...quick,
  corpus: { ...quick.corpus, maxTokens: 1_500 },
  generation: { ...quick.generation, maxNewTokens: 6 },
};

const clients: EngineClient[] = [];
afterAll(() => clients.forEach((client) => client.terminate()));

interface Outcome {
  run: Run;
  axis: DoseAxis;
  streams: StopStreams[];
  /** Notes of loading one model in place of the other, in order. */
  swaps: string[];
}

async function runOn(residence: Residence): Promise<Outcome> {
  const client = new EngineClient();
  clients.push(client);
  await client.request('start', { backend: 'wasm', baseUrl, residence });
  const swaps: string[] = [];
  const run = (await client.request(
    'run',
    { experiment, until: 'evidence' },
    {
      onProgress: ({ stage, note }) => {
        const swap = /^(.*) unloaded, loading (.*): /.exec(words.say(note));
        if (swap && swaps.at(-1) !== `${stage}: ${swap[2]}`) swaps.push(`${stage}: ${swap[2]}`);
      },
    },
  ))!;
  const prompt = 'The little robot looked at the rain.';
  const from = liveSteeringOf(run)!;
  const axis = await client.request('axis', { experiment, from, prompt });
  const streams: StopStreams[] = [];
  await client.request(
    'streams',
    { experiment, from, prompt, nearest: 0.5, further: [], maxNewTokens: 4 },
    { onStreams: (set) => streams.push(set) },
  );
  return { run, axis, streams: streams.toSorted((a, b) => a.stop - b.stop), swaps };
}

/** The map stage's figures of S → S: two models, and the least work for a software adapter. */
async function mapOn(residence: Residence): Promise<{ map: StageResults['map']; read: string[] }> {
  const client = new EngineClient();
  clients.push(client);
  await client.request('start', { backend: 'webgpu', baseUrl, residence });
  const models = { ...experiment.models, target: experiment.models.source };
  const tiny = {
    ...experiment,
    models,
    corpus: { ...experiment.corpus, maxTokens: 500 },
    map: { ...experiment.map, sourceLayer: 1, targetLayer: 2, lambda: 0.01 },
  };
  const read = new Set<string>();
  let map: StageResults['map'] | null = null;
  await client.request(
    'run',
    { experiment: tiny, until: 'map' },
    {
      onProgress: ({ stage, note }) => stage === 'activations' && read.add(words.say(note)),
      onStage: (event) => {
        if (event.stage === 'map') map = event.result;
      },
    },
  );
  client.terminate();
  return { map: map!, read: [...read] };
}

/** What a run says of the world rather than of the models. */
function figures({ run, axis, streams }: Outcome): unknown {
  const {
    timings: _timings,
    device: _device,
    warnings: _warnings,
    models: { sequential: _inTurn, ...models },
    steer,
    ...rest
  } = run;
  const timeless = ({ milliseconds: _milliseconds, ...value }: DoseAxis): unknown => value;
  return { ...rest, models, steer: { ...steer, axis: timeless(steer.axis) }, axis: timeless(axis), streams };
}

test('a whole sequential run: every figure, vector and text as with both at once; few swaps; nothing left on disk', async () => {
  const together = await runOn('together');
  const sequential = await runOn('sequential');
  expect(together.swaps).toEqual([]);
  expect(together.run.models.sequential).toBeNull();
  expect(sequential.run.models.sequential).toEqual({ key: 'run.sequential.asked', params: {} });
  expect(sequential.run.warnings).toContainEqual({ stage: 'models', message: sequential.run.models.sequential });
  expect(parseRun(JSON.parse(JSON.stringify(sequential.run))).models.sequential).toEqual(
    sequential.run.models.sequential,
  );
  // toEqual compares numbers by Object.is: the last bit counts. The order of the arms is part of what is shown.
  expect(figures(sequential)).toEqual(figures(together));
  expect(Object.keys(sequential.run.steer.axis.arms)).toEqual(Object.keys(together.run.steer.axis.arms));
  console.log(`swaps of a sequential run: ${sequential.swaps.join('; ')}`);
  // Reading with the large model; pairs; axis and side effects; doses; report and streams.
  expect(sequential.swaps.filter((swap) => !swap.startsWith('models')).length).toBeLessThanOrEqual(6);
  const states = await (await navigator.storage.getDirectory()).getDirectoryHandle('states');
  const left: string[] = [];
  for await (const [name] of states.entries()) left.push(name);
  expect(left).toEqual([]);
});

test('on WebGPU the states that waited on disk give the map of those that never left the device', async () => {
  const together = await mapOn('together');
  const sequential = await mapOn('sequential');
  expect(sequential.read).toContain('Reading the corpus with the large model');
  expect(sequential.map).toEqual(together.map);
});

test('states go from the device to the CPU and back as they were, and give their memory back', async () => {
  const gpu = await createDevice();
  const backend = webgpuBackend(gpu.device);
  const runtime = await createRuntime({ backend: 'webgpu', device: gpu.device, openModel });
  const model = await runtime.load({ id: 'lrt-stories-s', dtype: 'fp32', baseUrl: `${baseUrl}models/lrt-stories-s/` });
  const taps = await model.collect(['Once upon a time.', 'The end'].map((text) => model.tokenizer.encode(text)));
  const { rows, length, lengths } = taps;
  const before = liveMemory(gpu.device);
  const states: Float32Array[] = [];
  for (const tap of taps.blocks) states.push(await backend.readTap(tap, rows * length));
  expect(liveMemory(gpu.device)).toEqual(before);
  expect(states.length).toBe(3);
  expect(new Set(states[1].subarray(0, 64)).size).toBeGreaterThan(50);
  const again = await backend.tapsOf(
    states.map((values) => () => values),
    model.info.hiddenSize,
    { rows, length, lengths },
  );
  expect(liveMemory(gpu.device).buffers).toBe(before.buffers + 3);
  for (const [i, tap] of again.blocks.entries()) expect(await backend.readTap(tap, rows * length)).toEqual(states[i]);
  again.dispose();
  expect(liveMemory(gpu.device)).toEqual(before);
  taps.dispose();
  await runtime.dispose();
  gpu.destroy();
});
