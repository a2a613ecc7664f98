/** The lab's pipeline in a real browser, on both backends: the same inputs must give the same map. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromBase64, toBase64 } from '../experiment/base64';
import { defaultExperiment, quickVariant } from '../experiment/defaults';
import { LabError } from '../experiment/errors';
import type { Backend, StageEvent, StageResults } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { writeControlVector } from '../files/gguf';
import { readVectorFile } from '../files/vector-files';
import { liveMemory } from '../gpu/scope';
import type { CollectCheckpoint } from './rows';
import { startEngine, type Engine } from './engine';
import { saidBy, saying } from '../i18n/testing';

const baseUrl = new URL('/', location.href).href;

/** S → M, few tokens, fixed layers and λ: small enough for a software adapter. */
function smallExperiment(): Experiment {
  const quick = quickVariant(defaultExperiment('mood'));
  return {
    ...quick,
    corpus: { ...quick.corpus, maxTokens: 1_000 },
    map: { ...quick.map, sourceLayer: 1, targetLayer: 2, lambda: 0.01 },
    vector: { ...quick.vector, maxPairs: 4 },
    dose: { ...quick.dose, stops: [1] },
    generation: { ...quick.generation, neutralTexts: 2, maxNewTokens: 4 },
  };
}

const silent: Parameters<Engine['context']>[0] = {
  signal: new AbortController().signal,
  progress: () => undefined,
  onStage: () => undefined,
  resume: null,
  onCheckpoint: () => undefined,
};

async function runUntil(
  engine: Engine,
  experiment: Experiment,
  until: 'map' | 'steer',
  request: Partial<typeof silent> = {},
): Promise<{ results: Partial<StageResults>; events: StageEvent[] }> {
  const events: StageEvent[] = [];
  const context = engine.context({ ...silent, ...request, onStage: (event) => events.push(event) });
  await engine.pipeline.run(experiment, until, context);
  return {
    results: Object.fromEntries(events.map((event) => [event.stage, event.result])) as Partial<StageResults>,
    events,
  };
}

const engines = {} as Record<Backend, Engine>;

beforeAll(async () => {
  const lost = (error: LabError): void => console.error(saidBy(error));
  engines.wasm = await startEngine('wasm', baseUrl, lost);
  engines.webgpu = await startEngine('webgpu', baseUrl, lost);
});

afterAll(async () => {
  await engines.wasm.dispose();
  await engines.webgpu.dispose();
});

test.each(['wasm', 'webgpu'] as const)('%s passes its self-test here, and the report says so', (backend) => {
  const { report } = engines[backend];
  expect(report.backend).toBe(backend);
  expect(report.adapter).not.toBe('none');
  expect(report.selfTest!.cases.length).toBeGreaterThan(3);
  expect(report.selfTest!.cases.filter((item) => !item.passed)).toEqual([]);
});

test('without a real GPU the lab chooses WASM by itself', async () => {
  const engine = await startEngine('auto', baseUrl, () => undefined);
  expect(engine.report.chosenBy).toBe('auto');
  expect(engine.report.backend).toBe(engine.report.softwareAdapter ? 'wasm' : 'webgpu');
  await engine.dispose();
});

test('both backends fit the same map from the same text: |ΔR²| ≤ 1e-4', async () => {
  const experiment = smallExperiment();
  const wasm = (await runUntil(engines.wasm, experiment, 'map')).results;
  const webgpu = (await runUntil(engines.webgpu, experiment, 'map')).results;
  expect(webgpu.map!.solver).toBe('wgsl');
  expect(wasm.map!.solver).toBe('wasm');
  expect(webgpu.activations!.tokens).toEqual(wasm.activations!.tokens);
  expect(Math.abs(webgpu.map!.heldOutR2 - wasm.map!.heldOutR2)).toBeLessThanOrEqual(1e-4);
  webgpu.map!.grid.forEach((row, i) =>
    row.forEach((r2, j) => expect(Math.abs(r2 - wasm.map!.grid[i][j])).toBeLessThanOrEqual(1e-3)),
  );
  expect(webgpu.map!.errorVsFloat64).toBeLessThanOrEqual(1e-4);
  expect(wasm.map!.errorVsFloat64).toBeLessThanOrEqual(1e-4);
  // The same relatives of the map, and the same statistics.
  expect(webgpu.map!.family.map(({ kind, rank }) => [kind, rank])).toEqual(
    wasm.map!.family.map(({ kind, rank }) => [kind, rank]),
  );
  webgpu.map!.family.forEach(({ heldOutR2 }, i) =>
    expect(Math.abs(heldOutR2 - wasm.map!.family[i].heldOutR2)).toBeLessThanOrEqual(1e-3),
  );
  expect(Math.abs(webgpu.map!.statistics!.effectiveRank - wasm.map!.statistics!.effectiveRank)).toBeLessThanOrEqual(
    0.1,
  );
  expect(Math.abs(webgpu.map!.centredCosine - wasm.map!.centredCosine)).toBeLessThanOrEqual(1e-3);
  webgpu.activations!.pca.source.forEach((side, i) =>
    expect(Math.abs(side.explained[0] - wasm.activations!.pca.source[i].explained[0])).toBeLessThanOrEqual(1e-3),
  );
});

test('a collection that a lost device broke off goes on from its checkpoint on a new one; the pipeline gives back all GPU memory that it took', async () => {
  const experiment = smallExperiment(); // of which the whole collection is in memory
  const whole = (await runUntil(engines.webgpu, experiment, 'map')).results;
  const breaking = await startEngine('webgpu', baseUrl, () => undefined);
  const controller = new AbortController();
  let checkpoint: CollectCheckpoint | null = null;
  const broken = runUntil(breaking, experiment, 'map', {
    signal: controller.signal,
    checkpointMs: 0,
    onCheckpoint: (latest) => {
      checkpoint = structuredClone(latest);
      if (latest && latest.batches >= 2) controller.abort();
    },
  });
  await expect(broken).rejects.toMatchObject({ code: 'cancelled' });
  breaking.context(silent).backend.device!.destroy();
  const resumed = await startEngine('webgpu', baseUrl, () => undefined);
  const { device } = resumed.context(silent).backend;
  const before = liveMemory(device!);
  const progress: number[] = [];
  const { results } = await runUntil(resumed, experiment, 'map', {
    resume: checkpoint,
    progress: ({ stage, done }) => stage === 'activations' && progress.push(done),
  });
  expect(progress[0]).toBeGreaterThan(200); // the batches before the checkpoint were not read again
  expect(results.activations!.tokens).toEqual(whole.activations!.tokens);
  expect(Math.abs(results.map!.heldOutR2 - whole.map!.heldOutR2)).toBeLessThanOrEqual(1e-6);
  expect(results.activations!.labels).toEqual(whole.activations!.labels);
  expect(liveMemory(device!).buffers).toBeGreaterThan(before.buffers);
  await resumed.pipeline.dispose();
  expect(liveMemory(device!)).toEqual(before);
  await resumed.dispose();
});

test('only what changed is done again', async () => {
  const experiment = smallExperiment();
  await runUntil(engines.wasm, experiment, 'map');
  const again = await runUntil(engines.wasm, experiment, 'map');
  expect(again.events.map((event) => event.fromMemory)).toEqual([true, true, true]);
  const refit = await runUntil(engines.wasm, { ...experiment, map: { ...experiment.map, lambda: 0.1 } }, 'map');
  expect(refit.events.map((event) => event.fromMemory)).toEqual([true, true, false]);
  expect(refit.results.map!.lambda).toBe(0.1);
});

test('λ by cross-validation: chosen without the held-out texts, on both backends alike', async () => {
  const experiment = smallExperiment();
  experiment.map = { ...experiment.map, lambda: 'auto', lambdaRule: 'cross-validation', folds: 3 };
  const [wasm, webgpu] = [
    (await runUntil(engines.wasm, experiment, 'map')).results.map!,
    (await runUntil(engines.webgpu, experiment, 'map')).results.map!,
  ];
  expect(wasm.crossValidation!.folds).toBe(3);
  expect(wasm.crossValidation!.points.length).toBeGreaterThanOrEqual(12);
  const best = wasm
    .crossValidation!.points.filter(({ meanR2 }) => Number.isFinite(meanR2))
    .reduce((a, b) => (b.meanR2 > a.meanR2 ? b : a));
  expect(wasm.lambda).toBe(best.lambda);
  expect(webgpu.lambda).toBe(wasm.lambda);
  webgpu.crossValidation!.points.forEach((point, i) => {
    const { lambda, meanR2 } = wasm.crossValidation!.points[i];
    // At λ near 0 and fewer rows than it takes, float32 and float64 may differ about what can be solved.
    if (lambda >= 1e-4) expect(Math.abs(point.meanR2 - meanR2)).toBeLessThanOrEqual(1e-3);
  });
});

test('another kind of map carries the vector, without fitting again', async () => {
  const experiment = smallExperiment();
  const ridge = (await runUntil(engines.wasm, experiment, 'steer')).results;
  const low = (
    await runUntil(engines.wasm, { ...experiment, map: { ...experiment.map, kind: 'reduced-rank', rank: 2 } }, 'steer')
  ).results;
  const member = ridge.map!.family.find(({ kind, rank }) => kind === 'reduced-rank' && rank === 2)!;
  expect(low.map!.heldOutR2).toBe(member.heldOutR2);
  expect(low.map!.lambda).toBe(ridge.map!.lambda);
  expect(low.map!.statistics!.effectiveRank).toBeLessThanOrEqual(2.001);
  expect(low.steer!.vector.cosineMappedNative).not.toBe(ridge.steer!.vector.cosineMappedNative);
  await expect(
    runUntil(engines.wasm, { ...experiment, map: { ...experiment.map, kind: 'reduced-rank', rank: 1000 } }, 'map'),
  ).rejects.toMatchObject({ code: 'settings-invalid', params: { field: 'map.rank' } });
});

test('the steering stage gives one direction per arm, mapped by W alone', async () => {
  const { results } = await runUntil(engines.wasm, smallExperiment(), 'steer');
  const { vector, axis } = results.steer!;
  expect(vector.pairs).toBe(4);
  expect(axis.stops).toEqual([-1, 0, 1]);
  for (const arm of Object.values(axis.arms)) {
    expect(arm.kl[1]).toBe(0);
    expect(arm.kl[0]).toBeGreaterThan(0);
    for (const stop of arm.probabilities) expect(stop.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(1.0001);
  }
});

test('a cancelled run says so, and the next one works', async () => {
  const controller = new AbortController();
  const experiment = { ...smallExperiment(), corpus: { ...smallExperiment().corpus, seed: 2 } };
  const cancelled = runUntil(engines.wasm, experiment, 'map', { signal: controller.signal });
  controller.abort();
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
  const { map } = (await runUntil(engines.wasm, experiment, 'map')).results;
  expect(map!.heldOutR2).toBeGreaterThan(0);
  expect(map!.heldOutR2).toBeLessThanOrEqual(1);
});

test('a pair that is not homologous is refused with its reasons', async () => {
  const experiment = smallExperiment();
  experiment.models.target = { id: 'lrt-stranger', dtype: 'fp32' };
  const refused = await runUntil(engines.wasm, experiment, 'map').catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(LabError);
  expect((refused as LabError).code).toBe('not-homologous');
  expect(saidBy(refused)).toMatch(/tokenizer/i);
});

test('a forced pair: positions paired by characters, other rows of each model, the same map on both backends', async () => {
  const small = smallExperiment();
  const experiment: Experiment = {
    ...small,
    models: { ...small.models, target: { id: 'lrt-stranger', dtype: 'fp32' }, alignment: 'characters' },
    corpus: { ...small.corpus, maxTokens: 500 },
  };
  const wasm = (await runUntil(engines.wasm, experiment, 'map')).results;
  const webgpu = (await runUntil(engines.webgpu, experiment, 'map')).results;
  expect(wasm.models!.homology.sameIds).toBe(false);
  const { labels } = wasm.activations!;
  const alignment = wasm.activations!.alignment!;
  expect(alignment.by).toBe('characters');
  expect(alignment.share.source).toBeGreaterThan(0.8);
  expect(alignment.share.target).toBeLessThan(0.5);
  expect(labels.some((label) => label.partner !== undefined)).toBe(true);
  const [sampled, onGpu] = [wasm.models!.homology.sample!, webgpu.models!.homology.sample!];
  expect(onGpu.verdict).toBe('unalike');
  expect(onGpu.rows).toEqual(sampled.rows);
  expect(Math.abs(onGpu.meanCka - sampled.meanCka)).toBeLessThanOrEqual(1e-4);
  expect(Math.abs(onGpu.map.heldOutR2 - sampled.map.heldOutR2)).toBeLessThanOrEqual(1e-3);
  expect(webgpu.activations!.alignment).toEqual(alignment);
  expect(webgpu.activations!.labels).toEqual(labels);
  expect(Math.abs(webgpu.map!.heldOutR2 - wasm.map!.heldOutR2)).toBeLessThanOrEqual(1e-4);
  webgpu.map!.grid.forEach((row, i) =>
    row.forEach((r2, j) => expect(Math.abs(r2 - wasm.map!.grid[i][j])).toBeLessThanOrEqual(1e-3)),
  );
});

test('a vector that was saved and brought in as the concept steers as the pairs that made it', async () => {
  const experiment = smallExperiment();
  const { results } = await runUntil(engines.wasm, experiment, 'steer');
  const { vector, axis } = results.steer!;
  const saved = writeControlVector({
    directions: new Map([[1, fromBase64(vector.values.source).map((x) => 3 * x)]]),
    modelHint: 'llama',
    name: null,
    description: null,
  });
  const [read] = readVectorFile(saved).vectors;
  const concept = {
    kind: 'vector' as const,
    title: 'saved',
    positive: 'up',
    negative: 'down',
    values: toBase64(read.values),
    block: read.block!,
    promptsFrom: 'mood',
  };
  const { results: again } = await runUntil(engines.wasm, { ...experiment, concept }, 'steer');
  for (const name of ['source', 'mapped', 'native'] as const) {
    const own = fromBase64(vector.values[name]);
    fromBase64(again.steer!.vector.values[name]).forEach((x, i) => expect(Math.abs(x - own[i])).toBeLessThan(1e-6));
  }
  for (const arm of ['small-steered', 'mapped', 'native'] as const) {
    axis.arms[arm].probabilities.forEach((row, stop) =>
      row.forEach((p, token) => expect(again.steer!.axis.arms[arm].probabilities[stop][token]).toBeCloseTo(p, 4)),
    );
  }
  expect(again.steer!.vector.norms.source).toBeCloseTo(3, 5);
  const wrong = (change: Partial<typeof concept>): Promise<unknown> =>
    runUntil(engines.wasm, { ...experiment, concept: { ...concept, ...change } }, 'steer');
  await expect(wrong({ block: 0 })).rejects.toThrow(saying('the map begins at block 1'));
  await expect(wrong({ values: vector.values.mapped })).rejects.toThrow(saying('the small model is 64 wide'));
  await expect(wrong({ values: toBase64(new Float32Array(64)) })).rejects.toThrow(saying('with a direction'));
});
