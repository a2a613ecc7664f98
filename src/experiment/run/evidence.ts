/** What the evidence stage gives. */
import { z } from 'zod';
import { messageSchema } from '../message';
import { ARMS, DOSED_ARMS } from '../arms';
import { chainSchema } from './chain';
import { every, measured, numberPair, perArm, strings } from './parts';

const DIRECTIONS = ['positive', 'negative', 'none'] as const;
/** The prompts that choose the dose, and those that were held back for the report. */
const HALVES = ['choose', 'report'] as const;

/**
 * Measures of a set of continuations, by their ids (`src/metrics`). A run holds those that its version of the lab took:
 * a later one may know more, and an earlier one fewer.
 */
const metricsSchema = z.record(z.string().regex(/^[a-z][a-zA-Z0-9]*$/), measured);

const rateSchema = z.strictObject({ rate: measured, interval: numberPair });

const doseCellSchema = z.strictObject({
  arm: z.enum(DOSED_ARMS),
  /** Signed dose on the three scales. */
  r: z.number(),
  alpha: measured,
  isoKl: z.number().nullable(),
  /** Share of continuations on either side, with its Wilson 95 % interval. */
  positive: rateSchema,
  negative: rateSchema,
  n: z.number(),
  /** Continuations whose perplexity was taken: the first of the n. Not in runs made before it was. */
  read: z.number().optional(),
  metrics: metricsSchema,
  half: z.enum(HALVES),
});

const doseSchema = z.strictObject({ r: z.number(), alpha: measured, isoKl: z.number().nullable() });

const armResultSchema = z.strictObject({
  name: z.enum(ARMS),
  /** `toward positive` or `toward negative`; `none` for the undosed arms. */
  direction: z.enum(DIRECTIONS),
  dose: doseSchema,
  /** Share of continuations on the wanted side (positive side for undosed arms). */
  conceptRate: z.strictObject({ value: measured, n: z.number(), interval: numberPair }),
  positiveRate: measured,
  negativeRate: measured,
  metrics: metricsSchema,
  samples: strings,
});

const streamTokenSchema = z.strictObject({
  id: z.number(),
  text: z.string(),
  /** Projection of the residual at the steered layer on the unit vector, in units of its standard deviation; null before it is measured. */
  projection: z.number().nullable(),
});

/** The continuations of every arm at one stop. */
const stopStreamsSchema = z.strictObject({
  prompt: z.string(),
  stop: z.number(),
  arms: perArm(ARMS, z.array(streamTokenSchema)),
});

export const OUTCOMES = ['steers', 'one-sided', 'fails'] as const;

/**
 * The doses that can be used, and the limits that say so. `maxUnknownWords` is the share itself: unsteered text's and what
 * the settings allow above it. Runs made before the text itself was measured have neither that nor the perplexity's.
 */
const windowSchema = z.strictObject({
  /** Largest r up to which no dose tried breaks a limit, either way; null if the smallest does. */
  largestR: z.number().nullable(),
  /** Smallest r above it that does; null where none was tried. */
  firstBroken: z.number().nullable().optional(),
  maxP95Kl: measured,
  maxRep3: measured,
  maxPerplexityRatio: measured.optional(),
  maxUnknownWords: measured.optional(),
});

const verdictSchema = z.strictObject({
  outcome: z.enum(OUTCOMES),
  /** One sentence a practitioner can act on. */
  sentence: messageSchema,
  chosenDose: doseSchema,
  usableWindow: windowSchema,
  /** (E_mapped − E_random) / (E_native − E_random), both directions together, with a bootstrap interval. */
  transferRatio: z.strictObject({ value: measured, interval: numberPair }).nullable(),
  reasons: z.array(messageSchema),
  /** The verdict as a chain of questions; not in runs made before there was one, whose outcome is that of the 80 % rule. */
  chain: chainSchema.optional(),
});

/** One continuation with what the model makes of it when its tokens are forced through (teacher forcing). */
const replayRowSchema = z.strictObject({
  arm: z.enum(ARMS),
  direction: z.enum(DIRECTIONS),
  /** Signed strength: the vector added is α times the arm's unit direction. 0 for the undosed arms. */
  alpha: z.number(),
  text: z.string(),
  ids: z.array(z.int()),
  /** −1000 · ln p of every token, rounded: thousandths of a nat. */
  millinats: z.array(measured),
  /** The likeliest token at every position. */
  argmax: z.array(z.int()),
});

/**
 * The continuations on show at the chosen dose, both ways, with the log-probability of each token: what another device
 * replays. Steered with directions rounded to half precision, which is how a link carries them; they follow from the
 * vectors of the steer stage, those of the random arm from the seed.
 */
const replaySchema = z.strictObject({
  prompt: z.string(),
  /** Token ids of the prompt in each model: two tokenizers may differ. */
  promptIds: every(['source', 'target'], z.array(z.int())),
  rows: z.array(replayRowSchema),
});

/** A model's unsteered continuations of the prompts of one half: what its steered ones are compared with. */
const baselineSchema = z.strictObject({
  arm: z.enum(ARMS),
  half: z.enum(HALVES),
  positive: rateSchema,
  negative: rateSchema,
  n: z.number(),
  /** exp of the mean of −ln p over the tokens of all of them; the tokens. */
  perplexity: measured,
  tokens: z.number(),
  /** Share of their words that the corpus does not have. */
  unknownWords: measured,
});

export const evidenceSchema = z.strictObject({
  arms: z.array(armResultSchema),
  doseResponse: z.array(doseCellSchema),
  /** Not in runs made before the text itself was measured. */
  baselines: z.array(baselineSchema).optional(),
  streams: z.array(stopStreamsSchema),
  /** Null in old runs, which recorded none. */
  replay: replaySchema.nullable(),
  verdict: verdictSchema,
});

export type Direction = (typeof DIRECTIONS)[number];
export type Metrics = z.infer<typeof metricsSchema>;
export type DoseCell = z.infer<typeof doseCellSchema>;
export type Half = (typeof HALVES)[number];
export type Baseline = z.infer<typeof baselineSchema>;
export type UsableWindow = z.infer<typeof windowSchema>;
export type ArmResult = z.infer<typeof armResultSchema>;
export type StreamToken = z.infer<typeof streamTokenSchema>;
export type StopStreams = z.infer<typeof stopStreamsSchema>;
export type Outcome = (typeof OUTCOMES)[number];
export type Verdict = z.infer<typeof verdictSchema>;
export type ReplayRow = z.infer<typeof replayRowSchema>;
export type ReplayEvidence = z.infer<typeof replaySchema>;
export type EvidenceResult = z.infer<typeof evidenceSchema>;
