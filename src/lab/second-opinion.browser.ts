/** The second opinion in a real browser, on WASM: transformers.js beside the lab's runtime, from the bundled files alone. */
import { wordsOf } from '../i18n/text';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultExperiment, quickVariant } from '../experiment/defaults';
import { LabError } from '../experiment/errors';
import { SECOND_OPINION_TOKENS } from '../experiment/second-opinion';
import { openModel } from '../models';
import { withRepository } from '../models/transformers';
import { bundled } from '../runtime/fixtures';
import { generateGreedily } from '../runtime/second-runtime';
import { startEngine, type Engine } from './engine';
import { secondOpinion } from './second-opinion';
import { secondOpinionStep } from './verify/second-opinion';

const baseUrl = new URL('/', location.href).href;
const experiment = quickVariant(defaultExperiment('mood'));
let engine: Engine;

const contextOf = (more: Partial<Parameters<Engine['context']>[0]> = {}): ReturnType<Engine['context']> =>
  engine.context({
    signal: new AbortController().signal,
    progress: () => undefined,
    onStage: () => undefined,
    resume: null,
    onCheckpoint: () => undefined,
    ...more,
  });

beforeAll(async () => {
  engine = await startEngine('wasm', baseUrl, (error) => console.error(error.message));
});
afterAll(() => engine?.dispose());

test('both models: the same tokens, and no request but to this site', async () => {
  const context = contextOf();
  const pair = await engine.pipeline.pair(experiment, context);
  performance.clearResourceTimings();
  const steps: string[] = [];
  const { models, prompt, version } = await secondOpinion(experiment, pair, {
    ...context,
    progress: ({ done, note }) => void steps.push(`${note.key} ${done}`),
  });
  expect(prompt.length).toBeGreaterThan(10);
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  for (const model of [models.source, models.target]) {
    expect(model).toMatchObject({ outcome: 'equal', reason: null, error: null, partsAt: null, gap: null });
    expect(model.lab!.ids.length).toBeGreaterThan(0);
    expect(model.other).toEqual(model.lab);
    if (!model.lab!.ended) expect(model.lab!.ids).toHaveLength(SECOND_OPINION_TOKENS);
  }
  expect(steps.length).toBeGreaterThanOrEqual(2);
  const hosts = performance.getEntriesByType('resource').map(({ name }) => new URL(name).host);
  expect(new Set(hosts)).toEqual(new Set([location.host]));
  await withRepository(new Map(), ({ env }) => {
    expect(JSON.stringify(env.backends.onnx.wasm?.wasmPaths)).not.toContain('cdn');
    return Promise.resolve();
  });
});

test('as a step of a verification: both models reproduced, token by token', async () => {
  const context = contextOf();
  const { verdict, checks, summary } = await secondOpinionStep(
    experiment,
    await engine.pipeline.pair(experiment, context),
    context,
  );
  expect(verdict).toBe('reproduced');
  expect(checks.map((check) => check.verdict)).toEqual(['reproduced', 'reproduced']);
  expect(checks[0].actual).toEqual(checks[0].expected);
  expect(wordsOf('en').say(summary)).toContain('The same');
});

test('another model’s tokens are told from a tie, with where they part', async () => {
  const context = contextOf();
  const pair = await engine.pipeline.pair(experiment, context);
  // The lab's runtime is given the large model, and transformers.js the small one.
  const { models } = await secondOpinion(
    { ...experiment, models: { ...experiment.models, target: experiment.models.source } },
    pair,
    context,
  );
  expect(models.target).toMatchObject({ outcome: 'differs', error: null });
  const { partsAt, gap, tolerance, lab, other } = models.target;
  expect(gap!).toBeGreaterThan(tolerance);
  expect(lab!.ids.slice(0, partsAt!)).toEqual(other!.ids.slice(0, partsAt!));
  expect(lab!.ids[partsAt!]).not.toBe(other!.ids[partsAt!]);
});

test('cancelled between two tokens; asked again, it answers', async () => {
  const controller = new AbortController();
  const context = contextOf({
    signal: controller.signal,
    progress: ({ note, done }) => note.key === 'progress.second-opinion' && done > 2 && controller.abort(),
  });
  const pair = await engine.pipeline.pair(experiment, contextOf());
  await expect(secondOpinion(experiment, pair, context)).rejects.toMatchObject({ code: 'cancelled' });
  const { models } = await secondOpinion(experiment, pair, contextOf());
  expect(models.source.outcome).toBe('equal');
});

test('a graph that cannot be run is named, and spoils nothing for the next', async () => {
  const options = { maxNewTokens: 4, signal: new AbortController().signal, onStep: () => undefined };
  const files = await openModel(bundled('lrt-stories-s'));
  const broken = { ...files, graph: files.graph.slice(0, 20_000) };
  await expect(generateGreedily(broken, 'fp32', [1, 5], options)).rejects.toBeInstanceOf(LabError);
  // An id that the model does not have: the session is made, and its run fails.
  await expect(generateGreedily(files, 'fp32', [1, 99_999], options)).rejects.toBeInstanceOf(LabError);
  expect((await generateGreedily(files, 'fp32', [1, 5], options)).ids.length).toBeGreaterThan(0);
});
