/**
 * Runs of older versions, brought up to the present one version at a time. A figure that an old version did not take is
 * null, never made up; its sentences are kept word for word. Steps are never changed.
 */
import { z } from 'zod';
import { LabError } from './errors';
import { verbatim, type Message } from './message';
import { migrate, type Json, type MigrationSequence, type MigrationStep } from './migrate';

const loose = z.looseObject({});
const number = z.number().nullable();

const said = (text: unknown): Message | null => (typeof text === 'string' ? verbatim(text) : null);
const list = (value: unknown): Json[] => value as Json[];
const without = (document: Json, ...keys: string[]): Json =>
  Object.fromEntries(Object.entries(document).filter(([key]) => !keys.includes(key)));

/** Version 1 fitted ridge maps only, chose λ on held-out texts, and had no self-test of the solver on WASM. */
const FIRST: MigrationStep = {
  name: 'kinds of map, statistics and self-test',
  input: z.looseObject({
    experiment: z.looseObject({
      map: z.strictObject({ sourceLayer: z.unknown(), targetLayer: z.unknown(), lambda: z.unknown() }),
    }),
    device: z.looseObject({ selfTest: z.looseObject({ cases: z.array(loose) }).nullable() }),
    activations: z.looseObject({ tokens: loose }),
    map: z.looseObject({ lambda: z.unknown(), secondPass: z.boolean() }),
    warnings: z.array(z.string()),
  }),
  up: (run) => {
    const experiment = run.experiment as Json & { map: Json };
    const device = run.device as Json & { selfTest: Json | null };
    const activations = run.activations as Json & { tokens: Json };
    const { selfTest } = device;
    return {
      ...run,
      experiment: {
        ...experiment,
        map: { ...experiment.map, lambdaRule: 'held-out', folds: 5, kind: 'ridge', rank: 16 },
      },
      device: {
        ...device,
        tuning: device.tuning ?? null,
        selfTest: selfTest && { ...selfTest, cases: list(selfTest.cases).map((each) => ({ name: '', ...each })) },
      },
      activations: { ...activations, tokens: { ...activations.tokens, excluded: null } },
      map: {
        ...(run.map as Json),
        kind: 'ridge',
        rank: null,
        scale: null,
        lambdaRule: experiment.map.lambda === 'auto' ? 'the best R² on held-out texts' : 'chosen by hand',
        secondPassReason: null,
        crossValidation: null,
        family: [],
        statistics: null,
      },
      warnings: (run.warnings as string[]).map((text) => ({ stage: null, text })),
    };
  },
};

/** Version 3 came with the second version of the experiment, whose own steps say what that changed. */
const SECOND: MigrationStep = {
  name: 'settings of version 2',
  input: z.looseObject({ experiment: z.looseObject({ schema: z.number() }) }),
  up: (run) => run,
};

const modelInput = z.looseObject({ modelType: z.string().optional(), chatTemplate: z.boolean().optional() });

/**
 * Version 3 held results twice, sentences as text, and measures as fields; its first files lacked what its last ones
 * have (types of models, sample of states, pairing, replay, digests of inputs).
 */
const THIRD: MigrationStep = {
  name: 'every result once, sentences as messages, measures by name',
  input: z.looseObject({
    device: z.looseObject({ reason: z.string(), tuning: z.looseObject({ problem: z.string().nullable() }).nullable() }),
    models: z.looseObject({
      source: modelInput,
      target: modelInput,
      homology: z.looseObject({
        sameIds: z.boolean().optional(),
        checks: z.array(z.strictObject({ name: z.string(), passed: z.boolean(), detail: z.string() })),
        sample: loose.nullable().optional(),
        unsampled: z.string().nullable().optional(),
      }),
      inTurn: z.string().optional(),
    }),
    activations: z.looseObject({ alignment: loose.optional() }),
    map: z.looseObject({
      layerRule: z.string(),
      lambdaRule: z.string(),
      secondPassReason: z.string().nullable(),
    }),
    steer: z.looseObject({
      vector: z.looseObject({ readTokens: z.looseObject({ positive: z.unknown() }) }),
      axis: z.looseObject({ written: loose.nullable().optional() }),
    }),
    arms: z.array(
      z.looseObject({
        p95Kl: number,
        meanKl: number,
        rep3: number,
        positiveRate: number,
        negativeRate: number,
        conceptRate: z.looseObject({ n: z.number() }),
      }),
    ),
    doseResponse: z.array(z.looseObject({ klP95: number, klMean: number, rep3: number, undecided: number })),
    streams: z.array(loose),
    replay: z
      .looseObject({ promptIds: z.union([z.array(z.int()), z.looseObject({ source: z.unknown() })]) })
      .optional(),
    verdict: z.looseObject({ sentence: z.string(), reasons: z.array(z.string()) }),
    inputs: loose.optional(),
    warnings: z.array(z.looseObject({ text: z.string() })),
  }),
  up: (run) => ({
    ...without(run, 'concept', 'tokens', 'vector', 'arms', 'doseResponse', 'streams', 'replay', 'verdict'),
    device: deviceOf(run.device as Json),
    inputs: run.inputs ?? null,
    models: modelsOf(run.models as Json),
    activations: { ...(run.activations as Json), alignment: (run.activations as Json).alignment ?? null },
    map: mapOf(run.map as Json),
    steer: steerOf(run.steer as Json),
    evidence: {
      arms: list(run.arms).map(armOf),
      doseResponse: list(run.doseResponse).map(cellOf),
      streams: run.streams,
      replay: run.replay ? replayOf(run.replay as Json) : null,
      verdict: verdictOf(run.verdict as Json),
    },
    warnings: list(run.warnings).map(({ stage, text }) => ({ stage, message: said(text) })),
  }),
};

function deviceOf(device: Json): Json {
  const tuning = device.tuning as Json | null;
  return { ...device, reason: said(device.reason), tuning: tuning && { ...tuning, problem: said(tuning.problem) } };
}

function modelsOf(models: Json): Json {
  const model = (given: unknown): Json => ({ modelType: null, chatTemplate: null, ...(given as Json) });
  const homology = models.homology as Json;
  return {
    source: model(models.source),
    target: model(models.target),
    homology: {
      ...homology,
      // Before it was said, a pair whose ids differed was refused: there was no run of it.
      sameIds: homology.sameIds ?? true,
      checks: list(homology.checks).map(({ name, passed, detail }) => ({
        name: said(name),
        passed,
        detail: said(detail),
      })),
      sample: homology.sample ?? null,
      unsampled: said(homology.unsampled),
    },
    sequential: said(models.inTurn),
  };
}

function mapOf(map: Json): Json {
  const { layerRule, lambdaRule, secondPassReason } = map;
  return {
    ...map,
    layerRule: said(layerRule),
    lambdaRule: said(lambdaRule),
    secondPassReason: said(secondPassReason),
  };
}

function steerOf(steer: Json): Json {
  const vector = steer.vector as Json & { readTokens: Json };
  const axis = steer.axis as Json;
  return {
    ...steer,
    // The first form said neither which tokens are special nor which of the second text are read.
    vector: { ...vector, readTokens: Array.isArray(vector.readTokens.positive) ? null : vector.readTokens },
    axis: { ...axis, written: axis.written ?? null },
  };
}

function armOf(arm: Json): Json {
  const { p95Kl, meanKl, rep3, positiveRate, negativeRate } = arm;
  const { n } = arm.conceptRate as { n: number };
  const decided =
    typeof positiveRate === 'number' && typeof negativeRate === 'number' ? positiveRate + negativeRate : null;
  return {
    ...without(arm, 'p95Kl', 'meanKl', 'rep3'),
    // Shares of n that were rounded by nothing but the division: the count is whole again.
    metrics: { p95Kl, meanKl, rep3, undecided: decided === null ? null : Math.round(n * (1 - decided)) + 0 },
  };
}

function cellOf(cell: Json): Json {
  const { klP95, klMean, rep3, undecided } = cell;
  return {
    ...without(cell, 'klP95', 'klMean', 'rep3', 'undecided'),
    metrics: { p95Kl: klP95, meanKl: klMean, rep3, undecided },
  };
}

function replayOf(replay: Json): Json {
  const { promptIds } = replay;
  return {
    // Half-precision copies of the vectors of the steer stage.
    ...without(replay, 'vectors'),
    // The first form was of pairs with one tokenizer alone.
    promptIds: Array.isArray(promptIds) ? { source: promptIds, target: promptIds } : promptIds,
  };
}

function verdictOf(verdict: Json): Json {
  return { ...verdict, sentence: said(verdict.sentence), reasons: (verdict.reasons as string[]).map(said) };
}

const RUNS: MigrationSequence = {
  of: 'run',
  steps: [FIRST, SECOND, THIRD],
  newer: (version, readable) => new LabError('run-version', { version, readable }),
  mismatch: (version, problems) => new LabError('run-invalid.version', { version, problems }),
};

/**
 * A run of an older version as one of the present version; its settings stay of the version that they are of.
 * @throws LabError `run-version` for a later version; `run-invalid` for an older one that is not what its version says
 */
export function migrateRun(document: unknown): unknown {
  return migrate(document, RUNS).document;
}
