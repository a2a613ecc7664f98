/**
 * An Experiment is a value: everything that can change a result, written out.
 * The form, the JSON editor, the command line and (later) the link are views of it.
 */
import { z } from 'zod';
import { LabError } from './errors';
import { JUDGE_SETTINGS } from './judges';
import { message } from './message';
import { EXPERIMENT_SCHEMA, migrateExperiment } from './migrations';
import { modelRefSchema } from './model-ref';
import { problemList, problemsOf, type FieldProblem } from './problems';
import { thresholdsSchema } from './thresholds';

const layerChoice = z.union([z.literal('auto'), z.int().min(0).max(511)]);
const seed = z.int().min(0).max(0xffffffff);

/** Longest text of a contrast pair, in characters. */
export const MAX_PAIR_TEXT = 4000;

export const contrastPair = z.strictObject({
  positive: z.string().min(1).max(MAX_PAIR_TEXT),
  negative: z.string().min(1).max(MAX_PAIR_TEXT),
});

/** Who judges the continuations of a preset. */
export const scorerSchema = z.discriminatedUnion('type', [...JUDGE_SETTINGS]);

/** The contents of a preset file; a typed-in concept has the same parts inside the experiment. */
export const presetSchema = z.strictObject({
  schema: z.literal(1),
  id: z.string().min(1),
  title: z.string().min(1),
  description: z.string(),
  concept: z.strictObject({ positive: z.string().min(1), negative: z.string().min(1) }),
  /** One sentence of each side, alike but for the concept: what the preset is about, at a glance. */
  explains: z.strictObject({ positive: z.string().min(1), negative: z.string().min(1) }).optional(),
  /** Its words are those of general models: the bundled family, which knows its own stories alone, is not measured with it. */
  needs: z.literal('general-model').optional(),
  pairs: z.array(contrastPair).min(1),
  evaluationPrompts: z.array(z.string().min(1)).min(1),
  neutralPrompts: z.array(z.string().min(1)).min(1),
  scorer: scorerSchema,
  /** Share of true stories of known side that the scorer classifies correctly, measured when the preset was made. */
  scorerAccuracy: z.number().min(0).max(1),
  expect: z.enum(['steers', 'fails']),
});

/** Kinds of map, from the freest to the one that fits nothing. */
export const MAP_KINDS = ['ridge', 'reduced-rank', 'scaled-orthogonal', 'orthogonal', 'identity'] as const;
export type MapKind = (typeof MAP_KINDS)[number];

const concept = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('preset'), id: z.string().min(1).max(80) }),
  z.strictObject({
    kind: z.literal('pairs'),
    title: z.string().min(1).max(120),
    positive: z.string().min(1).max(60),
    negative: z.string().min(1).max(60),
    pairs: z.array(contrastPair).max(2000),
    /** Prompts and neutral texts are taken from this preset; a typed concept brings only its pairs and words. */
    promptsFrom: z.string().min(1).max(80),
    positiveWords: z.array(z.string().min(1).max(60)).max(2000),
    negativeWords: z.array(z.string().min(1).max(60)).max(2000),
  }),
  /** A vector of the small model that was made elsewhere. */
  z.strictObject({
    kind: z.literal('vector'),
    title: z.string().min(1).max(120),
    positive: z.string().min(1).max(60),
    negative: z.string().min(1).max(60),
    /** Little-endian float32 as base64, as long as the small model is wide. Its length counts only where the map's bias is added to it. */
    values: z.base64().min(4).max(200_000),
    /** 0-based block of the small model whose output it is added to; the map has to begin there. */
    block: z.int().min(0).max(511),
    /** Prompts, neutral texts and scorer are this preset's, and the pairs that give the large model's own vector. */
    promptsFrom: z.string().min(1).max(80),
  }),
]);

/** How the token positions of the two models are paired: `tokens` one to one, which needs the same ids; `characters` where both have read the same text. */
export const ALIGNMENTS = ['tokens', 'characters'] as const;
/** How prompts and contrast pairs are put to the models: as they stand, or inside each model's own chat template. */
export const TEMPLATES = ['plain', 'chat'] as const;

/** How the direction is found in the states of the contrast pairs. */
export const EXTRACTIONS = ['difference-of-means', 'principal-component', 'logistic-probe', 'lda'] as const;
export type Extraction = (typeof EXTRACTIONS)[number];
/**
 * Which states of a text give its row: the last token; the mean of the completion, which begins where the two texts of a
 * pair part; the mean of all tokens.
 */
export const READ_POSITIONS = ['last', 'completion', 'mean'] as const;
export type ReadPosition = (typeof READ_POSITIONS)[number];
/** What is done to the stream at the steered block. */
export const OPERATIONS = ['add', 'add-keep-norm', 'clamp', 'cap', 'ablate'] as const;
export type Operation = (typeof OPERATIONS)[number];
/** Which token positions are steered: all; generated ones only; the last `scopeTokens` of the prompt and generated ones. */
export const SCOPES = ['all', 'generated', 'tail'] as const;
export type Scope = (typeof SCOPES)[number];

export const experimentSchema = z.strictObject({
  schema: z.literal(EXPERIMENT_SCHEMA),
  title: z.string().min(1).max(120),
  models: z.strictObject({ source: modelRefSchema, target: modelRefSchema, alignment: z.enum(ALIGNMENTS) }),
  corpus: z.strictObject({
    id: z.string().min(1).max(80),
    /** Upper bound on the collected token positions of both splits together. */
    maxTokens: z.int().min(500).max(1_000_000),
    heldOutFraction: z.number().min(0.05).max(0.5),
    /** `content`: without the first position of a text and without special tokens. */
    positions: z.enum(['content', 'all']),
    seed,
  }),
  map: z.strictObject({
    sourceLayer: layerChoice,
    targetLayer: layerChoice,
    /** Ridge weight as a fraction of the mean diagonal of the standardised covariance. */
    lambda: z.union([z.literal('auto'), z.number().min(0).max(100)]),
    /** How `auto` chooses λ: by R² on the held-out texts, or by cross-validation over folds of the training texts. */
    lambdaRule: z.enum(['held-out', 'cross-validation']),
    /** Folds of the cross-validation. */
    folds: z.int().min(2).max(10),
    /** The map that carries the vector; the others are reported beside it. */
    kind: z.enum(MAP_KINDS),
    /** Rank of a reduced-rank map. */
    rank: z.int().min(1).max(4096),
  }),
  concept,
  prompting: z.strictObject({
    template: z.enum(TEMPLATES),
    /** System message in front of every prompt and every text of a pair; empty for none. Used by `chat` only. */
    system: z.string().max(2000),
  }),
  vector: z.strictObject({
    method: z.enum(EXTRACTIONS),
    readPosition: z.enum(READ_POSITIONS),
    maxPairs: z.int().min(2).max(2000),
  }),
  transfer: z.strictObject({
    /** false: W·v (a difference maps by W alone). true: W·v + p, as printed in the paper. */
    addBias: z.boolean(),
    operation: z.enum(OPERATIONS),
    /** `cap` cuts what exceeds this percentile of the unsteered projections on the vector. */
    capPercentile: z.number().min(0).max(100),
    scope: z.enum(SCOPES),
    /** Prompt tokens that `tail` steers. */
    scopeTokens: z.int().min(1).max(512),
    /** Further pairs of blocks that are steered at once, each with its own share of the dose. */
    also: z
      .array(
        z.strictObject({
          sourceLayer: z.int().min(0).max(511),
          targetLayer: z.int().min(0).max(511),
          share: z.number().min(0).max(4),
        }),
      )
      .max(8),
  }),
  dose: z.strictObject({
    /** Magnitudes r = α / median‖h‖ at the steered layer, ascending; the axis is mirrored to negative doses. */
    stops: z.array(z.number().positive().max(20)).min(1).max(12),
    /** `auto`: the smallest fluent dose with the wanted effect on the choose-half of the prompts (`lab/choose-dose.ts`). */
    chosen: z.union([z.literal('auto'), z.number().positive().max(20)]),
    /** Share of continuations on the wanted side from which a dose is enough; 0.8 where it is not given. */
    wantedRate: z.number().min(0.5).max(1).optional(),
    /** Fluent is a dose whose text has at most this perplexity, as a multiple of unsteered text's; not limited where it is not given, … */
    maxPerplexityRatio: z.number().min(1).max(1000).optional(),
    /** … a share of words unknown to the corpus at most this much above unsteered text's; likewise, … */
    maxUnknownWords: z.number().min(0).max(1).optional(),
    /** … and rep-3 below this. */
    maxRep3: z.number().positive().max(1),
    /** Side effects: p95 KL(base‖steered) on neutral text at most this many nats. Ends the window where perplexity is not limited. */
    maxP95Kl: z.number().positive().max(100),
    /** Doses tried between the last fluent stop and the first broken one, to find the edge; none where it is not given. */
    edgeDoses: z.int().min(0).max(6).optional(),
  }),
  generation: z.strictObject({
    /** Continuations per arm, sign and dose in the report half. */
    continuations: z.int().min(8).max(1024),
    /** Continuations per arm, sign and dose in the choose-the-dose half. */
    chooseContinuations: z.int().min(4).max(512),
    maxNewTokens: z.int().min(4).max(512),
    temperature: z.number().min(0).max(5),
    topP: z.number().min(0.01).max(1),
    randomVectors: z.int().min(1).max(16),
    /** Draws of each control that is made at random beside the random vectors: shuffled maps, for one. */
    controlDraws: z.int().min(1).max(16),
    neutralTexts: z.int().min(2).max(256),
    seed,
  }),
  /** Thresholds of the verdict; those that are left out are the defaults (`thresholds.ts`). */
  verdict: thresholdsSchema.partial().optional(),
});

export type Experiment = z.infer<typeof experimentSchema>;
export type Preset = z.infer<typeof presetSchema>;
export type Scorer = z.infer<typeof scorerSchema>;
export type ContrastPair = z.infer<typeof contrastPair>;
export type LayerChoice = z.infer<typeof layerChoice>;

/** Lists every problem of a would-be experiment; empty when it is valid. */
export function experimentProblems(value: unknown): FieldProblem[] {
  const parsed = experimentSchema.safeParse(value);
  if (!parsed.success) return problemsOf(parsed.error, value);
  const { stops } = parsed.data.dose;
  const ascending = stops.every((stop, i) => i === 0 || stop > stops[i - 1]);
  return ascending ? [] : [{ field: 'dose.stops', problem: message('problem.ascending') }];
}

/**
 * Reads an experiment strictly: unknown and missing fields are errors, nothing is defaulted. A document of an older
 * version is brought up to this one first.
 * @throws LabError `settings-invalid`, naming every wrong field; `settings-newer` for a document of a later version
 */
export function parseExperiment(document: unknown): Experiment {
  const value = migrateExperiment(document);
  const problems = experimentProblems(value);
  if (problems.length === 0) return value as Experiment;
  throw new LabError('settings-invalid.fields', {
    count: problems.length,
    field: problems[0].field,
    problems: problemList(problems),
  });
}

/** Reads settings from JSON text. @throws LabError `settings-invalid` for bad JSON or a bad field. */
export function parseExperimentJson(text: string): Experiment {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LabError('settings-invalid.json', { reason: (error as Error).message }, error);
  }
  return parseExperiment(value);
}

/** Reads a preset file. @throws LabError `settings-invalid` naming the wrong fields. */
export function parsePreset(value: unknown, name: string): Preset {
  const parsed = presetSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new LabError('settings-invalid.preset', { name, problems: problemList(problemsOf(parsed.error, value)) });
}
