import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ARM_SPECS } from './arms';
import { digestOf } from './digest';
import { message, messageSchema, verbatim, type Message, type MessageParam } from './message';
import type { Run } from './run';
import { parseRun, runSchema } from './run-schema';
import { experiments } from './share/testing';

/** The recorded run with two members of every list: enough of each kind. */
const recorded = JSON.parse(
  readFileSync(new URL('../../public/recorded/mood.json', import.meta.url), 'utf8'),
  (_, value: unknown) => (Array.isArray(value) ? value.slice(0, 2) : value),
) as Run;
recorded.experimentDigest = digestOf(recorded.experiment);

const text = fc.string({ maxLength: 30, unit: fc.constantFrom(...'ab {}<é日\u0000"\\') });
const messages: fc.Arbitrary<Message> = fc.letrec<{ message: Message }>((tie) => ({
  message: fc.record({
    key: fc.constantFrom('verbatim', 'run.lambda.hand', 'of.another.version'),
    params: fc.dictionary(
      fc.constantFrom('text', 'n', 'reason'),
      fc.oneof<fc.Arbitrary<MessageParam>[]>(
        { maxDepth: 2 },
        text,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        tie('message'),
        fc.array(tie('message'), { maxLength: 2 }),
      ),
    ),
  }),
})).message;
/** What was measured may be anything that float64 arithmetic gives but infinity, NaN among it. */
const measured = fc.double({ noDefaultInfinity: true });
const interval = fc.tuple(measured, measured);
const metrics = fc.dictionary(fc.constantFrom('p95Kl', 'rep3', 'ofALaterVersion'), measured);

const runs: fc.Arbitrary<Run> = fc
  .record({
    experiment: experiments,
    messages: fc.array(messages, { minLength: 3, maxLength: 5 }),
    sequential: fc.option(messages),
    selfTest: fc.boolean(),
    figures: fc.array(measured, { minLength: 6, maxLength: 6 }),
    grid: fc.array(fc.array(measured, { maxLength: 4 }), { maxLength: 4 }),
    ratio: fc.option(fc.record({ value: measured, interval })),
    arms: fc.array(fc.record({ value: measured, interval, metrics, text }), { maxLength: 2 }),
    replay: fc.boolean(),
    inputs: fc.boolean(),
  })
  .map((given): Run => {
    const [sentence, rule, ...reasons] = given.messages;
    const { evidence, map, models, steer } = recorded;
    const [heldOutR2, lambda, cosine, meanKl, r2, timing] = given.figures;
    return {
      ...recorded,
      experiment: given.experiment,
      experimentDigest: digestOf(given.experiment),
      device: { ...recorded.device, reason: rule, selfTest: given.selfTest ? recorded.device.selfTest : null },
      timings: Number.isNaN(timing) ? {} : { map: timing },
      inputs: given.inputs ? recorded.inputs : null,
      models: { ...models, sequential: given.sequential },
      map: {
        ...map,
        heldOutR2,
        lambda,
        layerRule: rule,
        grid: given.grid,
        lambdaPath: [{ lambda, heldOutR2: r2, trainR2: r2 }],
      },
      steer: { ...steer, vector: { ...steer.vector, cosineMappedNative: cosine } },
      evidence: {
        ...evidence,
        arms: given.arms.map((arm, i) => ({
          ...evidence.arms[i],
          conceptRate: { value: arm.value, n: 8, interval: arm.interval },
          metrics: { meanKl, ...arm.metrics },
          samples: [arm.text],
        })),
        replay: given.replay ? evidence.replay : null,
        verdict: { ...evidence.verdict, sentence, reasons, transferRatio: given.ratio },
      },
      warnings: reasons.map((each, i) => ({ stage: i === 0 ? null : 'map', message: each })),
    };
  });

/** JSON has no −0. */
const withoutSigns = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, each: unknown) => (each === 0 ? 0 : Number.isNaN(each) ? 'NaN' : each)));

test('any run comes back from JSON as it was, NaN and all', () => {
  fc.assert(
    fc.property(runs, (run) => {
      expect(withoutSigns(parseRun(JSON.parse(JSON.stringify(run))))).toEqual(withoutSigns(run));
    }),
    { numRuns: 60 },
  );
});

test('NaN is written as null, and null is NaN again', () => {
  const run = { ...recorded, map: { ...recorded.map, heldOutR2: NaN, grid: [[NaN, 1]] } };
  const written = JSON.parse(JSON.stringify(run));
  expect(written.map.heldOutR2).toBeNull();
  expect(parseRun(written).map).toMatchObject({ heldOutR2: NaN, grid: [[NaN, 1]] });
});

/** Arms that an older run may lack. */
const LATER = new Set<string>(ARM_SPECS.filter(({ role }) => role === 'control').map(({ id }) => id));

/** Fields that a run may be without: by the end of their path, with `*` for a whole group. */
const OPTIONAL = [
  'partner',
  'live',
  'drawn',
  'experiment.verdict',
  'experiment.verdict.*',
  'dose.wantedRate',
  'dose.maxPerplexityRatio',
  'dose.maxUnknownWords',
  'dose.edgeDoses',
  'usableWindow.maxUnknownWords',
  'usableWindow.maxPerplexityRatio',
  'usableWindow.firstBroken',
  'verdict.chain',
  '0.read',
  'evidence.baselines',
  'vector.stability',
  'vector.cosineNull',
  'map.tokens',
  'activations.unknown',
];
const isOptional = (path: string): boolean =>
  OPTIONAL.some((end) =>
    end.endsWith('.*') ? path.startsWith(end.slice(0, -1)) : path === end || path.endsWith(`.${end}`),
  );

test('a field too many is refused at every depth, and so is one too few', () => {
  let objects = 0;
  const visit = (node: unknown, path: (string | number)[]): void => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      // One of a kind will do: the members of a list have one schema.
      if (node.length > 0) visit(node[0], [...path, 0]);
      return;
    }
    objects++;
    const changed = structuredClone(recorded) as unknown as Record<string, unknown>;
    const at = path.reduce<Record<string, unknown>>((each, key) => each[key] as Record<string, unknown>, changed);
    // Records have keys of their own.
    const free = /versions|metrics|params/.test(path.join('.'));
    at['a field too many'] = 1;
    if (!free || path.at(-1) === 'metrics') expect(runSchema.safeParse(changed).success, path.join('.')).toBe(false);
    delete at['a field too many'];
    for (const key of Object.keys(node)) {
      const kept = at[key];
      delete at[key];
      const optional = free || path.at(-1) === 'timings' || isOptional([...path, key].join('.')) || LATER.has(key);
      if (!optional) expect(runSchema.safeParse(changed).success, [...path, key].join('.')).toBe(false);
      at[key] = kept;
    }
    for (const [key, value] of Object.entries(node)) visit(value, [...path, key]);
  };
  visit(recorded, []);
  expect(objects).toBeGreaterThan(60);
});

test('nothing that the page must show is a sentence: words are messages or names', () => {
  const sentences: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node === 'string' && /\w{2,} \w{2,} \w{2,}.*\.$/.test(node)) sentences.push(path);
    if (node !== null && typeof node === 'object')
      for (const [key, value] of Object.entries(node)) visit(value, `${path}.${key}`);
  };
  const { samples: _, ...arm } = recorded.evidence.arms[0];
  visit({ ...recorded, evidence: { ...recorded.evidence, arms: [arm], streams: [], replay: null } }, 'run');
  // A migrated run holds its old sentences in messages, word for word; prompts are texts of the models.
  const elsewhere = sentences.filter((path) => !/\.params\.text$|\.prompt$|spine$/.test(path));
  expect(elsewhere).toEqual([]);
});

test('messages are data: a key and values, nothing else', () => {
  expect(messageSchema.safeParse(verbatim('x')).success).toBe(true);
  expect(messageSchema.safeParse(message('run.layers.compared', { rule: verbatim('x') })).success).toBe(true);
  expect(messageSchema.safeParse('a sentence').success).toBe(false);
  expect(messageSchema.safeParse({ key: 'x', params: { a: null } }).success).toBe(false);
  expect(messageSchema.safeParse({ key: '', params: {} }).success).toBe(false);
});
