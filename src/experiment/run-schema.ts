/**
 * The form of a Run as a check: what comes from a file, a store or a link is a Run only if this says so. Held against the
 * type by the compiler, so that a field cannot be added to one alone.
 */
import { z } from 'zod';
import { digestOf } from './digest';
import { LabError } from './errors';
import { DOSED_ARMS, RUN_SCHEMA, STAGES, ARMS, type Run } from './run';
import { ALIGNMENTS, experimentSchema, MAP_KINDS, parseExperiment, READ_POSITIONS } from './schema';

/** JSON has no NaN: a number that could not be computed is written as null, and is NaN again when it is read. */
const measured = z.union([z.number(), z.null().transform(() => Number.NaN)]);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const pair = z.tuple([measured, measured]);
const rows = z.array(z.array(measured));
const strings = z.array(z.string());

const every = <K extends string, V extends z.ZodType>(keys: readonly K[], value: V): z.ZodObject<Record<K, V>> =>
  z.strictObject(Object.fromEntries(keys.map((key) => [key, value])) as Record<K, V>);

const tiles = z.strictObject({ narrow: z.string(), wide: z.string() });
const device = z.strictObject({
  backend: z.enum(['webgpu', 'wasm']),
  chosenBy: z.enum(['auto', 'user']),
  reason: z.string(),
  adapter: z.string(),
  softwareAdapter: z.boolean(),
  userAgent: z.string(),
  versions: z.record(z.string(), z.string()),
  tuning: z
    .strictObject({
      source: z.enum(['measured', 'stored', 'default']),
      atb: tiles,
      ab: tiles,
      workgroups: measured,
      problem: z.string().nullable(),
    })
    .nullable(),
  selfTest: z.strictObject({
    passed: z.boolean(),
    milliseconds: measured,
    cases: z.array(
      z.strictObject({
        kernel: z.string(),
        name: z.string(),
        maxRelativeError: measured,
        tolerance: measured,
        passed: z.boolean(),
      }),
    ),
  }),
});

const model = z.strictObject({
  id: z.string(),
  title: z.string(),
  modelType: z.string(),
  dtype: z.string(),
  layers: z.int().min(1).max(10_000),
  hiddenSize: z.int().min(1),
  vocabSize: z.int().min(1),
  params: z.number().nullable(),
  nonEmbeddingParams: z.number().nullable(),
  validationLoss: z.number().nullable(),
  license: z.string().nullable(),
  bytes: z.number(),
  chatTemplate: z.boolean(),
  style: z.enum(['fused', 'plain']),
  spine: z.string(),
  digests: z.array(z.strictObject({ path: z.string(), sha256 })),
});

const models = z.strictObject({
  source: model,
  target: model,
  homology: z.strictObject({
    verdict: z.enum(['homologous', 'related', 'not-homologous']),
    sameIds: z.boolean(),
    checks: z.array(z.strictObject({ name: z.string(), passed: z.boolean(), detail: z.string() })),
    sample: z
      .strictObject({
        texts: z.number(),
        rows: z.strictObject({ train: z.number(), heldOut: z.number(), left: z.number() }),
        blocks: z.strictObject({ source: z.array(z.int()), target: z.array(z.int()) }),
        cka: rows,
        profile: z.array(z.strictObject({ target: z.int(), source: z.int(), cka: measured })),
        late: z.array(z.strictObject({ target: z.int(), source: z.int(), cka: measured })),
        meanCka: measured,
        map: z.strictObject({ source: z.int(), target: z.int(), lambda: measured, heldOutR2: measured }),
        verdict: z.enum(['alike', 'partly', 'unalike']),
      })
      .nullable(),
    unsampled: z.string().nullable(),
  }),
  inTurn: z.string().optional(),
});

const tokens = z.strictObject({
  read: z.number(),
  kept: z.number(),
  train: z.number(),
  heldOut: z.number(),
  excluded: z.number(),
});
const sides = z.strictObject({ source: measured, target: measured });
const panel = z.strictObject({ points: z.array(pair), explained: pair });
const activations = z.strictObject({
  texts: z.number(),
  alignment: z.strictObject({ by: z.enum(ALIGNMENTS), paired: z.number(), readable: sides, share: sides }),
  tokens,
  pca: z.strictObject({ source: z.array(panel), target: z.array(panel) }),
  massive: z.strictObject({ rows: z.number(), of: z.number() }),
  labels: z.array(
    z.strictObject({ token: z.string(), text: z.number(), position: z.number(), partner: z.string().optional() }),
  ),
  medianNorm: z.strictObject({ source: z.array(measured), target: z.array(measured) }),
});

const map = z.strictObject({
  layers: z.strictObject({ source: z.int().min(0), target: z.int().min(0) }),
  layerRule: z.string(),
  kind: z.enum(MAP_KINDS),
  rank: z.number().nullable(),
  scale: z.number().nullable(),
  lambda: measured,
  lambdaRule: z.string(),
  heldOutR2: measured,
  centredCosine: measured,
  shuffledR2: measured,
  medianDimensionR2: measured,
  errorVsFloat64: measured,
  auditRows: z.number(),
  solver: z.enum(['wgsl', 'wasm']),
  secondPass: z.boolean(),
  secondPassReason: z.string().nullable(),
  badPivots: z.number(),
  lambdaPath: z.array(z.strictObject({ lambda: measured, heldOutR2: measured, trainR2: measured })),
  crossValidation: z
    .strictObject({
      folds: z.number(),
      points: z.array(z.strictObject({ lambda: measured, meanR2: measured, standardError: measured })),
    })
    .nullable(),
  family: z.array(
    z.strictObject({ kind: z.enum(MAP_KINDS), rank: z.number().nullable(), trainR2: measured, heldOutR2: measured }),
  ),
  statistics: z.strictObject({
    dimensionR2: z.array(z.number().nullable()),
    withoutTop: z.array(z.strictObject({ without: z.number(), r2: measured })),
    spectrum: z.array(measured),
    effectiveRank: measured,
    ceiling: z.number(),
  }),
  grid: rows,
  cka: rows,
  mappedPca: z.strictObject({ source: z.array(pair), target: z.array(pair), mapped: z.array(pair) }),
});

const written = z.strictObject({ tokens: strings, special: z.array(z.int()), read: z.array(z.int()) });
const vector = z.strictObject({
  pairs: z.number(),
  readPosition: z.enum(READ_POSITIONS),
  readTokens: z.strictObject({ positive: written, negative: written }),
  cosineMappedNative: measured,
  chanceBand: measured,
  cosineWithBias: measured,
  norms: every(['source', 'mapped', 'native'], measured),
  medianNorm: every(['source', 'target'], measured),
  auroc: every(['source', 'mapped', 'native'], measured),
  values: every(['source', 'mapped', 'native'], z.base64()),
  projections: every(
    ['source', 'mapped', 'native'],
    z.strictObject({ mean: z.number(), high: z.number(), low: z.number() }),
  ).optional(),
});

const axis = z.strictObject({
  prompt: z.string(),
  written: z.strictObject({ source: written, target: written }).nullable(),
  stops: z.array(z.number()).min(1),
  arms: every(
    DOSED_ARMS,
    z.strictObject({
      tokens: z.array(z.strictObject({ id: z.number(), text: z.string() })),
      probabilities: rows,
      kl: z.array(measured),
    }),
  ),
  milliseconds: measured,
});

const concept = z.strictObject({ title: z.string(), positive: z.string(), negative: z.string() });
const steer = z.strictObject({ concept, vector, isoKlAlpha: every(DOSED_ARMS, z.number().nullable()), axis });

const share = z.strictObject({ rate: measured, interval: pair });
const cell = z.strictObject({
  arm: z.enum(DOSED_ARMS),
  r: z.number(),
  alpha: measured,
  isoKl: z.number().nullable(),
  positive: share,
  negative: share,
  undecided: measured,
  n: z.number(),
  klMean: measured,
  klP95: measured,
  rep3: measured,
  half: z.enum(['choose', 'report']),
});

const dose = z.strictObject({ r: z.number(), alpha: measured, isoKl: z.number().nullable() });
const arm = z.strictObject({
  name: z.enum(ARMS),
  direction: z.enum(['positive', 'negative', 'none']),
  dose,
  conceptRate: z.strictObject({ value: measured, n: z.number(), interval: pair }),
  positiveRate: measured,
  negativeRate: measured,
  p95Kl: measured,
  meanKl: measured,
  rep3: measured,
  samples: strings,
});

const streams = z.strictObject({
  prompt: z.string(),
  stop: z.number(),
  arms: every(ARMS, z.array(z.strictObject({ id: z.number(), text: z.string(), projection: z.number().nullable() }))),
});

const verdict = z.strictObject({
  outcome: z.enum(['steers', 'one-sided', 'fails']),
  sentence: z.string(),
  chosenDose: dose,
  usableWindow: z.strictObject({ largestR: z.number().nullable(), maxP95Kl: measured, maxRep3: measured }),
  transferRatio: z.strictObject({ value: measured, interval: pair }).nullable(),
  reasons: strings,
});

const replay = z.strictObject({
  prompt: z.string(),
  promptIds: every(['source', 'target'], z.array(z.int())),
  rows: z.array(
    z.strictObject({
      arm: z.enum(ARMS),
      direction: z.enum(['positive', 'negative', 'none']),
      alpha: z.number(),
      text: z.string(),
      ids: z.array(z.int()),
      millinats: z.array(measured),
      argmax: z.array(z.int()),
    }),
  ),
  vectors: every(['source', 'mapped', 'native'], z.base64()),
});

const named = z.strictObject({ id: z.string(), sha256 });
const inputs = z.strictObject({ corpus: named, preset: named, kernels: sha256 });

export const runSchema: z.ZodType<Run> = z.strictObject({
  schema: z.literal(RUN_SCHEMA),
  app: z.strictObject({ name: z.literal('lrt-lab'), version: z.string() }),
  experimentDigest: sha256,
  experiment: experimentSchema,
  concept,
  device,
  timings: z.strictObject(
    Object.fromEntries([...STAGES, 'total'].map((stage) => [stage, z.number().optional()])) as Record<
      (typeof STAGES)[number] | 'total',
      z.ZodOptional<z.ZodNumber>
    >,
  ),
  tokens,
  models,
  activations,
  map,
  vector,
  steer,
  arms: z.array(arm),
  doseResponse: z.array(cell),
  streams: z.array(streams),
  replay,
  verdict,
  inputs,
  warnings: z.array(z.strictObject({ stage: z.enum(STAGES), text: z.string() })),
});

/**
 * Reads a run strictly. Settings of an older version are brought up to the present one; the run itself must be of this one.
 * @throws LabError `run-version` for a run of another version; `run-invalid`, naming the wrong fields; `settings-*`
 */
export function parseRun(document: unknown): Run {
  const version = document !== null && typeof document === 'object' && 'schema' in document ? document.schema : null;
  if (typeof version === 'number' && version !== RUN_SCHEMA) {
    throw new LabError(
      'run-version',
      `The run is of version ${version}; this lab shows runs of version ${RUN_SCHEMA}.`,
      'Open it in the version of the lab that wrote it. Its settings can be used here.',
      { version, readable: RUN_SCHEMA },
    );
  }
  const settings =
    document !== null && typeof document === 'object' && 'experiment' in document
      ? { experiment: parseExperiment(document.experiment) }
      : {};
  const parsed = runSchema.safeParse(
    document !== null && typeof document === 'object' ? { ...document, ...settings } : document,
  );
  if (parsed.success) {
    const found = digestOf((document as { experiment: object }).experiment);
    if (found === parsed.data.experimentDigest) return parsed.data;
    throw new LabError(
      'run-invalid',
      `The settings in the run are not those that it names: ${parsed.data.experimentDigest.slice(0, 12)} is written, ${found.slice(0, 12)} was found.`,
      'The file was changed after it was made: take the original.',
      { said: parsed.data.experimentDigest, found },
    );
  }
  const list = parsed.error.issues
    .slice(0, 8)
    .map((issue) => `${issue.path.join('.') || '(document)'}: ${issue.message}`);
  throw new LabError(
    'run-invalid',
    `This is not a run of the lab. ${list.join(' · ')}`,
    'Take the run.json, or the bundle, that the lab wrote.',
    { field: parsed.error.issues[0].path.join('.') },
  );
}
