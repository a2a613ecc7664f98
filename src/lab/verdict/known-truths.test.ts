/** Cases whose answer is known: what the verdict must say of them, on real models and on states that were made up. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { COMPARED_ARMS, TESTED } from '../../experiment/arms';
import { defaultExperiment } from '../../experiment/defaults';
import type { Chain } from '../../experiment/run';
import type { ContrastPair, Experiment, Preset } from '../../experiment/schema';
import { Float64Fit } from '../../fit/float64-fit';
import { Random } from '../../math/random';
import { cosine, norm } from '../../math/stats';
import { wordsIn } from '../../metrics/words';
import type { Runtime } from '../../runtime/types';
import { extractVector } from '../extract';
import { Pipeline } from '../pipeline';
import { fixtureContext } from '../pipeline-fixture';
import { evidenceStage } from '../stage-evidence';
import type { SteerState } from '../stage-steer';
import { mapDirection, randomDirections } from '../vectors';
import { nodeOrt, realRuntime } from './real-models-fixture';

vi.mock('../../runtime/ort', async (original) => ({
  ...(await original<typeof import('../../runtime/ort')>()),
  loadOrt: async () => nodeOrt(),
}));

const read = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../public/${path}`, import.meta.url), 'utf8'));
/** The two smallest models of the first bundled family, by their sizes. */
const [SMALL, MEDIUM] = (
  read('family.json') as { models: { id: string; role: string; params: number; dtypes: string[] }[] }
).models
  .filter(({ role }) => ['S', 'M', 'L'].includes(role))
  .toSorted((a, b) => a.params - b.params)
  .map(({ id }) => id);
const mood = read('presets/mood.json') as Preset;

/** The words that the corpus has most of. */
async function commonWords(count: number): Promise<string[]> {
  const { texts } = await fixtureContext().resources.corpus(defaultExperiment('mood').corpus.id);
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of wordsIn(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, count)
    .map(([word]) => word);
}

/** A run of seconds: one dose by hand, little text. */
function experimentOf(source: string, target: string, change: Partial<Experiment> = {}): Experiment {
  const base = defaultExperiment('mood');
  return {
    ...base,
    models: { ...base.models, source: { id: source, dtype: 'fp32' }, target: { id: target, dtype: 'fp32' } },
    corpus: { ...base.corpus, maxTokens: 1500 },
    map: { ...base.map, sourceLayer: 1, targetLayer: 1, lambda: 0.001 },
    vector: { ...base.vector, maxPairs: 32 },
    dose: { ...base.dose, stops: [0.7], chosen: 0.7, edgeDoses: 0, maxPerplexityRatio: 100 },
    generation: {
      ...base.generation,
      continuations: 32,
      chooseContinuations: 4,
      maxNewTokens: 12,
      randomVectors: 1,
      controlDraws: 1,
      neutralTexts: 2,
    },
    // Doses are not chosen with care here: whether the text stays whole is not the matter.
    verdict: { nullDirections: 0, maxPerplexityRatio: 100 },
    ...change,
  };
}

const typed = (pairs: ContrastPair[], positiveWords: string[], negativeWords: string[]): Experiment['concept'] => ({
  kind: 'pairs',
  title: 'typed',
  positive: 'one',
  negative: 'other',
  pairs,
  promptsFrom: 'mood',
  positiveWords,
  negativeWords,
});

describe('on real models', () => {
  let runtime: Runtime;
  const pipeline = new Pipeline();
  beforeAll(async () => {
    runtime = await realRuntime();
  });
  afterAll(async () => {
    await pipeline.dispose();
    await runtime.dispose();
  });
  const steered = (experiment: Experiment): Promise<SteerState> =>
    pipeline.steering(experiment, fixtureContext({ runtime }));
  const judged = async (experiment: Experiment, state?: SteerState): Promise<Chain> => {
    const context = { ...fixtureContext({ runtime }), warn: () => {} };
    const { verdict } = await evidenceStage(context, experiment, state ?? (await steered(experiment)));
    return verdict.chain!;
  };

  test('between a model and itself the mapped vector is the native one, and has all of its effect', async () => {
    const experiment = experimentOf(MEDIUM, MEDIUM);
    const state = await steered(experiment);
    expect(state.result.vector.cosineMappedNative).toBeGreaterThan(0.99);
    const chain = await judged(experiment, state);
    const answers = new Map(chain.steps.map(({ question, answer }) => [question, answer]));
    expect([answers.get('pairs'), answers.get('native')]).toEqual(['yes', answers.get('mapped')]);
    if (chain.share?.ratio) {
      const [low, high] = chain.share.ratio.interval;
      expect(low).toBeLessThanOrEqual(1);
      expect(high).toBeGreaterThanOrEqual(1);
    }
  }, 120_000);

  test('a random matrix in place of the map carries nothing', async () => {
    const experiment = experimentOf(SMALL, MEDIUM);
    const state = await steered(experiment);
    const [direction] = randomDirections(state.arms.find(({ arm }) => arm === TESTED)!.model.info.hiddenSize, 1, 5);
    const arms = state.arms.map((arm) => (arm.arm === TESTED ? { ...arm, directions: [direction] } : arm));
    const chain = await judged(experiment, { ...state, arms });
    expect(chain.outcome).not.toBe('transfers');
    expect(chain.steps.find(({ question }) => question === 'mapped')!.answer).not.toBe('yes');
  }, 120_000);

  test('the controls steer as the arm under test does, along directions of their own', async () => {
    const { controls, arms } = await steered(experimentOf(SMALL, MEDIUM));
    const tested = arms.find(({ arm }) => arm === TESTED)!;
    const { draws, missing } = await controls.draws({ ...fixtureContext({ runtime }), warn: () => {} });
    expect(missing).toEqual([]);
    expect(draws.map(({ arm }) => arm)).toEqual(COMPARED_ARMS);
    const found = [...draws.map(({ steering }) => steering!), ...controls.nulls(3)];
    for (const { directions, layer, medianNorm, model } of found) {
      expect({ layer, medianNorm, model: model === tested.model }).toEqual({
        layer: tested.layer,
        medianNorm: tested.medianNorm,
        model: true,
      });
      expect(norm(directions[0])).toBeCloseTo(1, 5);
      expect(cosine(directions[0], tested.directions[0])).toBeLessThan(0.999);
    }
    for (const [i, a] of found.entries())
      for (const b of found.slice(i + 1)) expect(cosine(a.directions[0], b.directions[0])).toBeLessThan(0.999);
  }, 120_000);

  test('pairs whose sides were exchanged at random are refused', async () => {
    const random = new Random(3);
    const pairs = mood.pairs.map(({ positive, negative }) =>
      random.integer(2) === 0 ? { positive, negative } : { positive: negative, negative: positive },
    );
    const chain = await judged(experimentOf(SMALL, MEDIUM, { concept: typed(pairs, ['happy'], ['sad']) }));
    expect(chain.outcome).toBe('cannot-judge');
    expect(chain.steps[0].answer).toBe('no');
  }, 120_000);

  test('words that stand in every text are no effect', async () => {
    const common = await commonWords(60);
    const concept = typed(mood.pairs, common, ['zebra', 'quartz']);
    const chain = await judged(experimentOf(SMALL, MEDIUM, { concept }));
    const headroom = chain.steps.find(({ question }) => question === 'headroom')!;
    expect(headroom.figures[0].value).toBeLessThan(0.2);
    expect(headroom.answer).toBe('one');
    // Only the other side is judged, and no text is about quartz.
    expect(chain.sides).toEqual([]);
    expect(chain.outcome).not.toBe('transfers');
  }, 120_000);
});

test('a planted direction is found in the source, carried by the fitted map, and arrives', async () => {
  const [rows, dS, dT, pairs] = [400, 12, 20, 40];
  const random = new Random(4);
  const M = random.normals(dS * dT);
  const through = (x: ArrayLike<number>): Float32Array =>
    Float32Array.from({ length: dT }, (_, j) => {
      let sum = 3 + 0.05 * random.normal();
      for (let i = 0; i < dS; i++) sum += x[i] * M[i * dT + j];
      return sum;
    });
  const X = Float32Array.from(random.normals(rows * dS));
  const Y = new Float32Array(rows * dT);
  for (let i = 0; i < rows; i++) Y.set(through(X.subarray(i * dS, (i + 1) * dS)), i * dT);
  const fit = new Float64Fit({ sourceLayers: 1, targetLayers: 1, sourceWidth: dS, targetWidth: dT });
  fit.add({ source: [X], target: [Y], rows, split: 'train' });
  fit.add({ source: [X], target: [Y], rows, split: 'heldOut' });
  const { best: map } = await fit.solve(0, 0, 1e-4);

  const planted = Float32Array.from(random.unitVector(dS));
  const states = { width: dS, positive: new Float32Array(pairs * dS), negative: new Float32Array(pairs * dS) };
  for (let p = 0; p < pairs; p++)
    for (let d = 0; d < dS; d++) {
      const shared = random.normal();
      states.positive[p * dS + d] = shared + planted[d] + 0.1 * random.normal();
      states.negative[p * dS + d] = shared - planted[d] + 0.1 * random.normal();
    }
  const found = extractVector(states, 'difference-of-means', 1, 'small');
  expect(cosine(found, planted)).toBeGreaterThan(0.99);
  const arrived = Float32Array.from({ length: dT }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < dS; i++) sum += planted[i] * M[i * dT + j];
    return sum;
  });
  expect(cosine(mapDirection(map, found, false), arrived)).toBeGreaterThan(0.99);
  // A map of shuffled rows does not bring it there.
  const order = [...random.permutation(rows)];
  const shuffled = new Float64Fit({ sourceLayers: 1, targetLayers: 1, sourceWidth: dS, targetWidth: dT });
  const Z = new Float32Array(rows * dT);
  order.forEach((from, i) => Z.set(Y.subarray(from * dT, (from + 1) * dT), i * dT));
  shuffled.add({ source: [X], target: [Z], rows, split: 'train' });
  shuffled.add({ source: [X], target: [Z], rows, split: 'heldOut' });
  const { best: wrong } = await shuffled.solve(0, 0, 1e-4);
  expect(Math.abs(cosine(mapDirection(wrong, found, false), arrived))).toBeLessThan(0.9);
});
