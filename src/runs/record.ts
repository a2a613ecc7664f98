/** What the list of kept runs knows of a run without opening it. */
import { z } from 'zod';
import type { Run } from '../experiment/run';
import { CHAIN_OUTCOMES } from '../experiment/run/chain';
import { nativeShareOf } from '../experiment/verdict';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const interval = z.tuple([z.number(), z.number()]);

export const MAX_NAME = 200;

const summarySchema = z.strictObject({
  source: z.string(),
  target: z.string(),
  concept: z.string(),
  positive: z.string(),
  negative: z.string(),
  outcome: z.enum(['steers', 'one-sided', 'fails']),
  /** Where the verdict is a chain of questions: then this is what it came to. */
  chain: z.enum(CHAIN_OUTCOMES).optional(),
  heldOutR2: z.number().nullable(),
  cosine: z.number().nullable(),
  transferRatio: z.strictObject({ value: z.number(), interval }).nullable(),
  chosenR: z.number(),
  backend: z.enum(['webgpu', 'wasm']),
  adapter: z.string(),
  version: z.string(),
});

export const recordSchema = z.strictObject({
  form: z.literal(1),
  /** SHA-256 of the run's canonical form: the same run is kept once, from wherever it comes. */
  id: sha256,
  name: z.string().min(1).max(MAX_NAME),
  /** When the run was made, milliseconds since 1970. */
  created: z.number(),
  /** Made in this browser, read from a file, or a copy of a run that the site or a link brought. */
  from: z.enum(['here', 'file', 'copy']),
  experimentDigest: sha256,
  /** Digest of the experiment that this run's was made from. */
  parent: sha256.nullable(),
  /** Size of the packed run. */
  bytes: z.number(),
  summary: summarySchema,
});

export type RunRecord = z.infer<typeof recordSchema>;

/** An entry of the store that is no readable record. */
export interface DamagedRecord {
  id: string;
  problem: string;
}

export interface RunList {
  /** Newest first. */
  records: RunRecord[];
  damaged: DamagedRecord[];
  /** Packed bytes of all. */
  bytes: number;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The numbers of a run that its line in the list shows. */
export function summaryOf({ models, map, steer, evidence, device, app }: Run): RunRecord['summary'] {
  const { concept, vector } = steer;
  const { verdict } = evidence;
  const ratio = nativeShareOf(evidence);
  return {
    source: models.source.title,
    target: models.target.title,
    concept: concept.title,
    positive: concept.positive,
    negative: concept.negative,
    outcome: verdict.outcome,
    ...(verdict.chain ? { chain: verdict.chain.outcome } : {}),
    heldOutR2: finite(map.heldOutR2),
    cosine: finite(vector.cosineMappedNative),
    transferRatio: ratio && [ratio.value, ...ratio.interval].every(Number.isFinite) ? ratio : null,
    chosenR: verdict.chosenDose.r,
    backend: device.backend,
    adapter: device.adapter,
    version: app.version,
  };
}

/** Key of what a run came to, in words. */
export const summaryOutcome = ({ chain, outcome }: RunRecord['summary']) =>
  chain ? (`evidence.chain.outcome.${chain}` as const) : (`evidence.outcome.${outcome}` as const);
