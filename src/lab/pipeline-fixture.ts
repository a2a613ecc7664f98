/** Test helper: the real pipeline in Node, on models without a graph. Files of the site are read from `public/`. */
import { existsSync, readFileSync } from 'node:fs';
import { vi } from 'vitest';
import { defaultExperiment } from '../experiment/defaults';
import { verbatim } from '../experiment/message';
import type { DeviceReport, HomologySample, Stage, StageEvent } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { PlainProducts } from '../fit/testing/plain-products';
import type { LanguageModel, ModelTokenizer } from '../runtime/types';
import { wasmBackend } from './backend';
import { fixtureModel, fixtureTokenizer } from './model-fixture';
import type { Pipeline, PipelineContext } from './pipeline';
import { Resources } from './resources';

const BASE_URL = 'http://lab.test/';

/** Depth and width of the fixture by the model's id: any other is like the source. */
const SHAPES: Record<string, { layers: number; hiddenSize: number; seed: number; vocabSize: number }> = {
  'lrt-stories-s': { layers: 3, hiddenSize: 8, seed: 1, vocabSize: 64 },
  'lrt-stories-m': { layers: 4, hiddenSize: 12, seed: 2, vocabSize: 64 },
};

const CHAT_TEMPLATE =
  "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}";

/** Answers requests for files of the site from the disk, with every bundled model offered in fp16 too. */
export function serveSite(): void {
  vi.stubGlobal('navigator', { userAgent: 'Node' });
  vi.stubGlobal('fetch', async (url: URL | string) => {
    const path = new URL(url).pathname.slice(1);
    const file = new URL(`../../public/${path}`, import.meta.url);
    if (!existsSync(file)) return new Response('', { status: 404 });
    const text = readFileSync(file, 'utf8');
    return new Response(path === 'family.json' ? text.replaceAll('"fp32"', '"fp32", "fp16"') : text);
  });
}

/** A sample of states, for tests in which what it finds is not the matter: the real one takes a second a pair. */
export const ALIKE: HomologySample = {
  texts: 1,
  rows: { train: 3, heldOut: 1, left: 0 },
  blocks: { source: [0], target: [0] },
  cka: [[1]],
  profile: [{ target: 0, source: 0, cka: 1 }],
  late: [{ target: 0, source: 0, cka: 1 }],
  meanCka: 1,
  map: { source: 0, target: 0, lambda: 1, heldOutR2: 1 },
  verdict: 'alike',
};

let tokenizer: ModelTokenizer | null = null;

/** A model as the fixture runtime loads it. */
export function loadFixture(id: string): LanguageModel {
  tokenizer ??= { ...fixtureTokenizer(), chatTemplate: CHAT_TEMPLATE };
  return fixtureModel(id, SHAPES[id] ?? SHAPES['lrt-stories-s'], tokenizer);
}

/** What the pipeline is given. Warnings and progress of a run are kept in its events. */
export function fixtureContext(change: Partial<PipelineContext> = {}): PipelineContext {
  return {
    runtime: {
      backend: 'wasm',
      device: null,
      versions: { 'onnxruntime-web': 'none' },
      load: async ({ id }) => loadFixture(id),
      dispose: async () => {},
    },
    backend: wasmBackend(new PlainProducts()),
    resources: new Resources(BASE_URL),
    baseUrl: BASE_URL,
    residence: 'auto',
    resume: null,
    onCheckpoint: () => {},
    signal: new AbortController().signal,
    progress: () => {},
    deviceReport: REPORT,
    onStage: () => {},
    ...change,
  };
}

const REPORT: DeviceReport = {
  backend: 'wasm',
  chosenBy: 'auto',
  reason: verbatim('a test'),
  adapter: 'none',
  softwareAdapter: false,
  userAgent: 'Node',
  versions: {},
  tuning: null,
  selfTest: { passed: true, milliseconds: 0, cases: [] },
};

/** An experiment that the fixture runs in a fraction of a second. */
export function tinyExperiment(change: (experiment: Experiment) => Experiment = (e) => e): Experiment {
  const base = defaultExperiment('mood');
  return change({
    ...base,
    models: { ...base.models, target: { id: 'lrt-stories-m', dtype: 'fp32' } },
    corpus: { ...base.corpus, maxTokens: 500 },
    map: { ...base.map, sourceLayer: 1, targetLayer: 2, lambda: 0.01 },
    vector: { ...base.vector, maxPairs: 8 },
    dose: { ...base.dose, stops: [1] },
    generation: {
      ...base.generation,
      continuations: 8,
      chooseContinuations: 4,
      maxNewTokens: 4,
      randomVectors: 2,
      controlDraws: 2,
      neutralTexts: 2,
    },
  });
}

/** Runs an experiment and keeps what each stage reported, up to the stage that failed. */
export async function runStages(
  pipeline: Pipeline,
  experiment: Experiment,
  until: Stage = 'evidence',
  change: Partial<PipelineContext> = {},
): Promise<{ events: StageEvent[]; run: Awaited<ReturnType<Pipeline['run']>>; error: unknown }> {
  const events: StageEvent[] = [];
  const context = fixtureContext({ ...change, onStage: (event) => events.push(event) });
  try {
    return { run: await pipeline.run(experiment, until, context), events, error: null };
  } catch (error) {
    return { run: null, events, error };
  }
}
