/**
 * The marks of the page against the engine: every leaf of the settings is changed, and what the page then calls stale must
 * be exactly what the pipeline computes anew.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { toBase64 } from '../../experiment/base64';
import { experimentLeaves, leafOf, withLeaf, type Leaf } from '../../experiment/leaves-fixture';
import { STAGES, type ModelsResult, type Stage, type StageEvent } from '../../experiment/run';
import { parseExperiment, type Experiment } from '../../experiment/schema';
import { CHANGES_NOTHING, firstDifference, firstStageReading, stageKey } from '../../experiment/stage-inputs';
import { Pipeline } from '../../lab/pipeline';
import { ALIKE, runStages, serveSite, tinyExperiment } from '../../lab/pipeline-fixture';
import { emptyStages, isStale, liveOf, markOf, shapeOf, type Stages } from './stages';

// The sample of states costs a second a pair: what it finds is another test's matter (homology-sample.test.ts).
vi.mock('../../lab/homology-sample', async (original) => ({
  ...(await original<object>()),
  sampleHomology: async () => ALIKE,
}));
// Models from elsewhere: what is planned for them and where they are kept is not asked here.
vi.mock('../../models', async (original) => ({
  ...(await original<object>()),
  inspectModel: async () => ({
    config: { layers: 3, hiddenSize: 8, heads: 1, kvHeads: 1, vocabSize: 2048 },
    weightBytes: 1000,
  }),
  ModelStore: { open: async () => ({ find: async () => null }) },
}));

beforeAll(serveSite);
afterAll(() => vi.unstubAllGlobals());

const vector = (scale: number): string => toBase64(Float32Array.from({ length: 8 }, (_, i) => scale * (i + 1)));
const pairs: Experiment['concept'] = {
  kind: 'pairs',
  title: 'own',
  positive: 'up',
  negative: 'down',
  pairs: Array.from({ length: 9 }, (_, i) => ({ positive: `Ann was glad ${i}.`, negative: `Ann was sad ${i}.` })),
  promptsFrom: 'mood',
  positiveWords: ['glad'],
  negativeWords: ['sad'],
};
const given: Experiment['concept'] = {
  kind: 'vector',
  title: 'given',
  positive: 'up',
  negative: 'down',
  values: vector(1),
  block: 1,
  promptsFrom: 'mood',
};

/** Settings under which, taken together, every leaf exists and is used. The first is like the lab's own. */
const BASES: Record<string, Experiment> = {
  plain: tinyExperiment(),
  conditional: tinyExperiment((e) => ({
    ...e,
    models: {
      ...e.models,
      source: {
        id: 'someone/small',
        dtype: 'fp32',
        location: { kind: 'hub', host: 'https://hub.test', commit: 'a'.repeat(40) },
      },
    },
    map: { ...e.map, lambda: 'auto', lambdaRule: 'cross-validation', folds: 2, kind: 'reduced-rank', rank: 4 },
    concept: pairs,
    prompting: { template: 'chat', system: 'Be brief.' },
    transfer: {
      ...e.transfer,
      operation: 'cap',
      scope: 'tail',
      also: [{ sourceLayer: 0, targetLayer: 0, share: 0.5 }],
    },
  })),
  brought: tinyExperiment((e) => ({
    ...e,
    models: {
      ...e.models,
      source: { id: 'small', dtype: 'fp32', location: { kind: 'local', handle: 'b'.repeat(16) } },
    },
    concept: given,
  })),
};

/** Values that a leaf needs which must be one of a few that exist, or that brings others with it. */
const OTHERS: Record<string, (e: Experiment) => Experiment> = {
  'models.source.id': (e) => withLeaf(e, 'models.source.id', 'lrt-stories-l'),
  'models.target.id': (e) => withLeaf(e, 'models.target.id', 'lrt-stories-l'),
  'models.source.location.kind': (e) => ({
    ...e,
    models: {
      ...e.models,
      source: { id: 'small', dtype: 'fp32', location: { kind: 'local', handle: 'c'.repeat(16) } },
    },
  }),
  'map.kind': (e) => withLeaf(e, 'map.kind', 'orthogonal'),
  'corpus.heldOutFraction': (e) => withLeaf(e, 'corpus.heldOutFraction', 0.3),
  'corpus.id': (e) => withLeaf(e, 'corpus.id', 'validation'),
  'concept.kind': (e) => ({ ...e, concept: e.concept.kind === 'pairs' ? given : pairs }),
  'concept.id': (e) => withLeaf(e, 'concept.id', 'tense'),
  'concept.promptsFrom': (e) => withLeaf(e, 'concept.promptsFrom', 'tense'),
  'concept.values': (e) => withLeaf(e, 'concept.values', vector(-1)),
  'models.source.location.host': (e) => withLeaf(e, 'models.source.location.host', 'https://mirror.test'),
  'models.source.location.commit': (e) => withLeaf(e, 'models.source.location.commit', 'd'.repeat(40)),
  'models.source.location.handle': (e) => withLeaf(e, 'models.source.location.handle', 'd'.repeat(16)),
};

/**
 * Leaves that cannot be changed alone: a block has to be the map's; a further one must not be steered already, and the
 * fixture's models have no third.
 */
const FAILS = ['concept.block', 'transfer.also.0.sourceLayer', 'transfer.also.0.targetLayer'];

function changed(leaf: Leaf, base: Experiment): Experiment {
  const experiment = OTHERS[leaf.path]?.(base) ?? withLeaf(base, leaf.path, leaf.other(leafOf(base, leaf.path)));
  return parseExperiment(experiment);
}

/** The leaves of the target's model are those of the source's. */
const LEAVES = experimentLeaves().filter(({ path }) => !path.startsWith('models.target.location'));

/** The page after a run of these settings, as `engine.ts` leaves it. */
function pageAfter(events: readonly StageEvent[], experiment: Experiment): Stages {
  const stages = emptyStages();
  for (const { stage, result } of events)
    Object.assign(stages[stage], { result, experiment, origin: 'live', phase: 'idle' });
  return stages;
}

const staleIn = (stages: Stages, experiment: Experiment): Stage[] =>
  STAGES.filter((stage) => isStale(stage, stages, experiment));

/** What the engine computes anew: what is not from memory, and, where a stage fails, that one and those after it. */
async function anew(
  pipeline: Pipeline,
  experiment: Experiment,
): Promise<{ stages: Stage[]; events: StageEvent[]; error: unknown }> {
  const { events, error } = await runStages(pipeline, experiment);
  return {
    error,
    stages: STAGES.filter((stage) => !events.some((event) => event.stage === stage && event.fromMemory)),
    events,
  };
}

describe('every leaf of the settings', () => {
  test('exists in one of the bases, and changes a result there or is declared to change none', () => {
    for (const leaf of LEAVES) {
      const bases = Object.values(BASES).filter((base) => leafOf(base, leaf.path) !== undefined);
      expect(bases.length, leaf.path).toBeGreaterThan(0);
      if (leaf.path in CHANGES_NOTHING) {
        for (const base of bases) expect(firstStageReading(leaf.path, base), leaf.path).toBeNull();
        continue;
      }
      const firsts = bases.map((base) => firstDifference(base, changed(leaf, base)));
      expect(
        firsts.some((stage) => stage !== null),
        leaf.path,
      ).toBe(true);
    }
    for (const path of Object.keys(CHANGES_NOTHING)) expect(LEAVES.map((leaf) => leaf.path)).toContain(path);
  });

  test.each(Object.entries(BASES))(
    'makes stale in the page what the engine computes anew: %s',
    async (name, base) => {
      const pipeline = new Pipeline();
      const { events, error } = await anew(pipeline, base);
      expect(error).toBeNull();
      const page = pageAfter(events, base);
      const known = new Set(Object.entries(BASES).map(([key]) => key));
      for (const leaf of LEAVES) {
        if (leafOf(base, leaf.path) === undefined || leaf.path === 'schema') continue;
        const other = changed(leaf, base);
        const stale = staleIn(page, other);
        // What the settings' help says.
        expect(stale[0] ?? null, leaf.path).toBe(firstStageReading(leaf.path, base, shapeOf(page.models.result)));
        // A leaf that an earlier base has already shown in use is walked again only where this one leaves it unused.
        const earlier = [...known].slice(0, [...known].indexOf(name)).map((key) => BASES[key]);
        if (
          stale.length > 0 &&
          earlier.some((e) => leafOf(e, leaf.path) !== undefined && firstDifference(e, changed(leaf, e)) !== null)
        )
          continue;
        const there = await anew(pipeline, other);
        expect(there.stages, `${leaf.path}, changed`).toEqual(stale);
        const back = await anew(pipeline, base);
        // Where a value cannot be computed, what came after the failed stage is still remembered of the base.
        if (there.error === null) expect(back.stages, `${leaf.path}, changed back`).toEqual(stale);
        else expect(FAILS).toContain(leaf.path);
      }
      await pipeline.dispose();
    },
    240_000,
  );

  test('of a pair too large to be compared at every block, a block that is named is collected anew', () => {
    const large = { layers: 30, hiddenSize: 576 } as ModelsResult['source'];
    const stages = emptyStages();
    const base = tinyExperiment((e) => ({ ...e, map: { ...e.map, sourceLayer: 'auto' } }));
    for (const stage of STAGES) Object.assign(stages[stage], { result: {}, experiment: base, origin: 'live' });
    Object.assign(stages.models, { result: { source: large, target: large } });
    const named = { ...base, map: { ...base.map, sourceLayer: 14 } };
    expect(staleIn(stages, named)).toEqual(['activations', 'map', 'steer', 'evidence']);
    const shape = { sourceLayers: 30, targetLayers: 30, sourceWidth: 576, targetWidth: 576 };
    expect(stageKey('activations', named, shape)).not.toEqual(stageKey('activations', base, shape));
    Object.assign(stages.models, { result: { source: { ...large, layers: 3 }, target: { ...large, layers: 3 } } });
    expect(staleIn(stages, named)).toEqual(['map', 'steer', 'evidence']);
  });
});

describe('marks', () => {
  const base = tinyExperiment();
  const other = { ...base, generation: { ...base.generation, seed: 8 } };

  test('a stage without a result is empty, whatever the settings; one that fails says so, stale or not', () => {
    const stages = emptyStages();
    expect(markOf('steer', stages, base)).toBe('empty');
    Object.assign(stages.steer, { result: {}, experiment: base, origin: 'recorded' });
    expect(markOf('steer', stages, base)).toBe('recorded');
    expect(markOf('steer', stages, other)).toBe('stale');
    Object.assign(stages.steer, { origin: 'live' });
    expect(markOf('steer', stages, base)).toBe('done');
    Object.assign(stages.steer, { phase: 'running' });
    expect(markOf('steer', stages, other)).toBe('running');
    Object.assign(stages.steer, { phase: 'failed' });
    expect(markOf('steer', stages, other)).toBe('failed');
  });

  test('a changed seed makes the steering stale, not the map', () => {
    const stages = emptyStages();
    for (const stage of STAGES) Object.assign(stages[stage], { result: {}, experiment: base, origin: 'live' });
    Object.assign(stages.models, { result: { source: { layers: 3 }, target: { layers: 3 } } });
    expect(STAGES.map((stage) => markOf(stage, stages, other))).toEqual(['done', 'done', 'done', 'stale', 'stale']);
  });
});

describe('what steering live takes', () => {
  const base = tinyExperiment();
  const [models, map, steer] = [
    { source: { title: 'S', digests: [], layers: 3 }, target: { title: 'L', digests: [], layers: 4 } },
    { layers: { source: 1, target: 2 } },
    { vector: {}, axis: { stops: [-1, 0, 1] }, live: {} },
  ];
  const shown = (origin: 'recorded' | 'live'): Stages => {
    const stages = emptyStages();
    for (const [stage, result] of Object.entries({ models, map, steer }))
      Object.assign(stages[stage as Stage], { result, origin, experiment: base });
    return stages;
  };

  test.each(['recorded', 'live'] as const)('is a %s run that holds under the settings', (origin) => {
    expect(liveOf(shown(origin), base)).toMatchObject({ origin, from: { layers: map.layers, stops: [-1, 0, 1] } });
    const later = { ...base, generation: { ...base.generation, temperature: 0.1 } };
    expect(liveOf(shown(origin), later)).not.toBeNull();
    expect(liveOf(shown(origin), { ...base, generation: { ...base.generation, seed: 8 } })).toBeNull();
  });

  test('is not what two runs gave, nor a run that keeps no vectors', () => {
    expect(liveOf(emptyStages(), base)).toBeNull();
    const mixed = shown('recorded');
    Object.assign(mixed.map, { origin: 'live' });
    expect(liveOf(mixed, base)).toBeNull();
    const old = shown('recorded');
    Object.assign(old.steer, { result: { ...steer, live: undefined } });
    expect(liveOf(old, base)).toBeNull();
  });
});
