/** Shared documents for tests: one written out, and arbitrary valid ones. */
import fc from 'fast-check';
import { defaultExperiment } from '../defaults';
import { sha256Hex } from '../digest';
import { ARMS } from '../arms';
import { MAP_KINDS, type Experiment } from '../schema';
import { CLAIM_IDS, toleranceOf, type Claim } from './claims';
import { HIDEABLE, LINK_SCHEMA, type Evidence, type RunDocument } from './document';

const hex = (length: number): fc.Arbitrary<string> =>
  fc.nat().map((n) => sha256Hex(Uint8Array.of(n, n >> 8, n >> 16, n >> 24)).slice(0, length));
/** Any text, unpaired surrogates and control characters among it. */
const text = (max: number, min = 0): fc.Arbitrary<string> =>
  fc
    .string({
      unit: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(...'abcde <>"\\/&\n\u0000é') },
        { weight: 1, arbitrary: fc.constantFrom('日', '😀', '\ud800', '‮', '<b>', '</script>') },
      ),
      minLength: min,
      maxLength: max,
    })
    .map((value) => value.slice(0, max));
const number = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true }).map((value) => value + 0);
const layer = fc.oneof(fc.constant('auto' as const), fc.integer({ min: 0, max: 511 }));

export const experiments: fc.Arbitrary<Experiment> = fc
  .record({
    title: text(60, 1),
    corpus: fc.record({
      id: text(20, 1),
      maxTokens: fc.integer({ min: 500, max: 1_000_000 }),
      heldOutFraction: number(0.05, 0.5),
      positions: fc.constantFrom('content' as const, 'all' as const),
      seed: fc.integer({ min: 0, max: 0xffffffff }),
    }),
    map: fc.record({
      sourceLayer: layer,
      targetLayer: layer,
      lambda: fc.oneof(fc.constant('auto' as const), number(0, 100)),
      lambdaRule: fc.constantFrom('held-out' as const, 'cross-validation' as const),
      folds: fc.integer({ min: 2, max: 10 }),
      kind: fc.constantFrom(...MAP_KINDS),
      rank: fc.integer({ min: 1, max: 4096 }),
    }),
    stops: fc
      .uniqueArray(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 6 })
      .map((list) => list.toSorted((a, b) => a - b).map((n) => n / 100)),
    pairs: fc.option(fc.array(fc.record({ positive: text(40, 1), negative: text(40, 1) }), { maxLength: 4 })),
    commit: fc.option(hex(40)),
    seed: fc.integer({ min: 0, max: 0xffffffff }),
  })
  .map(({ title, corpus, map, stops, pairs, commit, seed }) => {
    const base = defaultExperiment('mood');
    const source = commit
      ? {
          id: 'someone/model',
          dtype: 'q4f16' as const,
          location: { kind: 'hub' as const, host: 'https://huggingface.co', commit },
        }
      : base.models.source;
    return {
      ...base,
      title,
      corpus,
      map,
      models: { ...base.models, source },
      concept: pairs
        ? {
            kind: 'pairs' as const,
            title: 'own',
            positive: 'up',
            negative: 'down',
            pairs,
            promptsFrom: 'mood',
            positiveWords: ['a'],
            negativeWords: ['b'],
          }
        : base.concept,
      dose: { ...base.dose, stops },
      generation: { ...base.generation, seed },
    };
  });

const claims: fc.Arbitrary<Claim> = fc
  .record({
    id: fc.constantFrom(...CLAIM_IDS),
    value: number(-1e6, 1e6),
    n: fc.integer({ min: 1, max: 5000 }),
    interval: fc.option(fc.tuple(number(-2, 2), number(-2, 2)), { nil: undefined }),
  })
  .map(({ id, value, n, interval }) => {
    const claim =
      id === 'outcome' || id === 'verdict'
        ? { id, value: id === 'outcome' ? ('fails' as const) : ('undecided' as const) }
        : { id, value, ...(id.startsWith('rate.') ? { n } : {}), ...(interval ? { interval } : {}) };
    const tolerance = toleranceOf(claim);
    return { ...claim, tolerance: { ...tolerance, value: Number.isFinite(tolerance.value) ? tolerance.value : 0 } };
  });

const evidence: fc.Arbitrary<Evidence> = fc.record({
  prompt: text(40),
  promptIds: fc.record({
    source: fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 12 }),
    target: fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 12 }),
  }),
  layers: fc.record({ source: fc.integer({ min: 0, max: 40 }), target: fc.integer({ min: 0, max: 80 }) }),
  rows: fc.array(
    fc
      .record({
        arm: fc.constantFrom(...ARMS),
        direction: fc.constantFrom('positive' as const, 'negative' as const, 'none' as const),
        alpha: number(-500, 500),
        text: text(60),
        tokens: fc.array(
          fc.tuple(fc.integer({ min: 0, max: 300_000 }), fc.integer({ min: 0, max: 30_000 }), fc.boolean()),
          { maxLength: 16 },
        ),
      })
      .map(({ tokens, ...row }) => ({
        ...row,
        ids: tokens.map(([id]) => id),
        millinats: tokens.map(([, p]) => p),
        argmax: tokens.flatMap(([id, , same], i): [number, number][] => (same ? [] : [[i, id + 1]])),
      })),
    { minLength: 1, maxLength: 5 },
  ),
  vectors: fc.option(
    fc
      .uint8Array({ minLength: 2, maxLength: 60 })
      .map((bytes) => Buffer.from(bytes).toString('base64'))
      .map((v) => ({ source: v, mapped: v, native: v })),
  ),
});

const files = fc.array(
  fc.record({ path: fc.constantFrom('config.json', 'onnx/model.onnx', 'tokenizer.json'), sha256: hex(64) }),
  { minLength: 1, maxLength: 3 },
);

export const documents: fc.Arbitrary<RunDocument> = fc
  .record({
    experiment: experiments,
    note: text(80),
    pin: hex(64),
    source: fc.option(files),
    target: files,
    claims: fc.uniqueArray(claims, { maxLength: 12, selector: ({ id }) => id }),
    evidence: fc.option(evidence),
    hidden: fc.subarray([...HIDEABLE]),
    parent: fc.option(hex(64)),
    title: text(40, 1),
  })
  .map(({ experiment, note, pin, source, target, claims: list, evidence: shown, hidden, parent, title }) => ({
    schema: LINK_SCHEMA,
    kind: 'run' as const,
    note,
    spec: {
      experiment,
      pins: {
        source: { title: 'S', digest: pin, files: source },
        target: { title: 'L', digest: pin, files: target },
        corpus: pin,
        preset: pin,
        kernels: pin,
        app: '0.1.0',
        solver: 'wasm' as const,
        backend: 'wasm' as const,
        adapter: 'none',
        versions: { 'onnxruntime-web': '1' },
      },
    },
    concept: { title, positive: 'up', negative: 'down' },
    claims: list,
    evidence: shown,
    view: { mode: 'review' as const, hidden, lesson: null },
    lineage: { parent },
  }));
