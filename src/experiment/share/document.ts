/**
 * The shared document: what a link or a bundle carries. An experiment with the digests of all that it read, the run's
 * headline numbers as claims with tolerances, and, where there is room, the continuations on show with their
 * log-probabilities. Strict: unknown and missing fields are errors. docs/link-format.md describes it.
 */
import { z } from 'zod';
import { digestOf } from '../digest';
import { refusal } from '../problems';
import { ARMS } from '../arms';
import type { Experiment } from '../schema';
import { claimSchema } from './claims';

/** Major version of the document, in clear at the front of every link. */
export const LINK_SCHEMA = 2;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const base64 = z
  .string()
  .regex(/^[A-Za-z0-9+/]*={0,2}$/)
  .max(90_000);
const tokenId = z.int().min(0).max(10_000_000);
const model = z.strictObject({
  title: z.string().min(1).max(200),
  /** SHA-256 over the canonical JSON of the files, by path (`listingDigest`). */
  digest: sha256,
  /** Each file; null in a short link, where one digest has to stand for all. */
  files: z
    .array(z.strictObject({ path: z.string().min(1).max(300), sha256 }))
    .min(1)
    .max(64)
    .nullable(),
});
const version = z.string().max(120);

/** What the author's run read and was computed with. */
export const pinsSchema = z.strictObject({
  source: model,
  target: model,
  corpus: sha256,
  preset: sha256,
  kernels: sha256,
  app: version,
  solver: z.enum(['wgsl', 'wasm']),
  backend: z.enum(['webgpu', 'wasm']),
  adapter: z.string().max(300),
  versions: z.record(z.string().max(60), version),
});

const MAX_TOKENS = 512;

const rowSchema = z
  .strictObject({
    arm: z.enum(ARMS),
    direction: z.enum(['positive', 'negative', 'none']),
    alpha: z.number().min(-1e9).max(1e9),
    text: z.string().max(20_000),
    ids: z.array(tokenId).max(MAX_TOKENS),
    millinats: z.array(z.int().min(0).max(1_000_000)).max(MAX_TOKENS),
    /** Where the likeliest token was another one: [position, token]. */
    argmax: z
      .array(
        z.tuple([
          z
            .int()
            .min(0)
            .max(MAX_TOKENS - 1),
          tokenId,
        ]),
      )
      .max(MAX_TOKENS),
  })
  .refine((row) => row.millinats.length === row.ids.length, refusal('problem.log-probabilities', ['millinats']));

/** The continuations on show at the chosen dose. */
export const evidenceSchema = z.strictObject({
  prompt: z.string().max(20_000),
  promptIds: z.strictObject({ source: z.array(tokenId).max(4096), target: z.array(tokenId).max(4096) }),
  layers: z.strictObject({ source: z.int().min(0).max(511), target: z.int().min(0).max(511) }),
  rows: z.array(rowSchema).min(1).max(64),
  /** Unit directions, float16 little-endian; null where they take too much room and follow from the refit. */
  vectors: z.strictObject({ source: base64, mapped: base64, native: base64 }).nullable(),
});

/** Controls that a link may take off the page. */
export const HIDEABLE = ['verify', 'fork', 'settings', 'backend', 'share'] as const;
export type Hideable = (typeof HIDEABLE)[number];

const viewSchema = z.strictObject({
  /** `review`: the claims, to be verified. `lab`: the experiment, opened in the lab at once. */
  mode: z.enum(['review', 'lab']),
  hidden: z.array(z.enum(HIDEABLE)).max(HIDEABLE.length),
  /** Name of a lesson that the link opens; null for none. */
  lesson: z.string().min(1).max(80).nullable(),
});

const lineageSchema = z.strictObject({
  /** Digest of the experiment that this one was forked from; null where there is none. */
  parent: sha256.nullable(),
});

/** The document, but for its experiment: that is read by its own schema, after its migrations. */
export const runDocumentSchema = z.strictObject({
  schema: z.literal(LINK_SCHEMA),
  kind: z.literal('run'),
  /** The author's words to the reader; '' for none. */
  note: z.string().max(1200),
  spec: z.strictObject({
    experiment: z.unknown().refine((value) => value !== undefined, refusal('problem.no-experiment')),
    pins: pinsSchema,
  }),
  concept: z.strictObject({
    title: z.string().min(1).max(200),
    positive: z.string().min(1).max(80),
    negative: z.string().min(1).max(80),
  }),
  claims: z
    .array(claimSchema)
    .max(64)
    .refine((claims) => new Set(claims.map(({ id }) => id)).size === claims.length, refusal('problem.claim-twice')),
  evidence: evidenceSchema.nullable(),
  view: viewSchema,
  lineage: lineageSchema,
});

/** A link to a bundle file elsewhere: its address, and the digest that the fetched bytes must have. */
export const addressDocumentSchema = z.strictObject({
  schema: z.literal(LINK_SCHEMA),
  kind: z.literal('address'),
  title: z.string().min(1).max(120),
  url: z.url({ protocol: /^https?$/ }).max(2000),
  sha256,
  bytes: z.int().min(1).max(64_000_000),
});

export const documentSchema = z.discriminatedUnion('kind', [runDocumentSchema, addressDocumentSchema]);

type RawRunDocument = z.infer<typeof runDocumentSchema>;
export type RunDocument = Omit<RawRunDocument, 'spec'> & { spec: { experiment: Experiment; pins: Pins } };
export type AddressDocument = z.infer<typeof addressDocumentSchema>;
export type SharedDocument = RunDocument | AddressDocument;
/** One digest for the files of a model. */
export function listingDigest(files: readonly { path: string; sha256: string }[]): string {
  return digestOf(
    files.map(({ path, sha256: digest }) => ({ path, sha256: digest })).toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  );
}

export type Pins = z.infer<typeof pinsSchema>;
export type Evidence = z.infer<typeof evidenceSchema>;
export type EvidenceRow = Evidence['rows'][number];
export type View = z.infer<typeof viewSchema>;
