/**
 * The bundle: runs and experiments in one JSON file that can be checked without anything else. Every part is filed under
 * the SHA-256 of its canonical form, the manifest says what belongs together, and the whole has a digest of its own: a
 * bundle that is cut, or in which a byte has changed, is refused.
 */
import { z } from 'zod';
import { digestOf } from './digest';
import { LabError } from './errors';
import { migrate, type MigrationSequence } from './migrate';
import { problemList, problemsOf } from './problems';

export const BUNDLE_SCHEMA = 1;
/** Ending of bundle files. */
export const BUNDLE_SUFFIX = '.lrt.json';
/** Longest text that is read as a bundle, in characters. */
export const MAX_BUNDLE_LENGTH = 256 * 1024 * 1024;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const part = z.record(z.string(), z.json());
const parts = z.record(sha256, part);

const entrySchema = z.strictObject({
  /** What the owner calls it. */
  name: z.string().min(1).max(200),
  /** When the run was made, or the experiment put in. */
  created: z.iso.datetime(),
  /** Digest of the experiment, which is its name. */
  experiment: sha256,
  /** Digest of the experiment that this one was made from; null where there is none or none is known. */
  parent: sha256.nullable(),
  /** Digest of what came out; null in a bundle of settings alone. */
  run: sha256.nullable(),
  /** Digest of the shared document that belongs to it (claims, evidence, view); null where there is none. */
  share: sha256.nullable(),
});

const manifestSchema = z.strictObject({
  made: z.iso.datetime(),
  app: z.strictObject({ name: z.literal('lrt-lab'), version: z.string().min(1).max(40) }),
  entries: z.array(entrySchema).min(1).max(10_000),
});

const bundleSchema = z.strictObject({
  format: z.literal('lrt-bundle'),
  schema: z.literal(BUNDLE_SCHEMA),
  manifest: manifestSchema,
  experiments: parts,
  runs: parts,
  shares: parts,
  /** Of everything above. */
  digest: sha256,
});

export type BundleManifest = z.infer<typeof manifestSchema>;
type Json = z.infer<typeof part>;

/** One thing to put into a bundle, as plain objects. */
export interface BundleItem {
  name: string;
  created: Date;
  parent: string | null;
  experiment: object;
  run: object | null;
  share: object | null;
}

/**
 * One thing out of a bundle. The documents are what was put in, byte for byte in canonical form; whether they are an
 * experiment, a run or a shared document of a version that this lab reads is for `parseExperiment`, `parseRun` and the
 * link's reader to say.
 */
export interface BundleEntry extends Omit<z.infer<typeof entrySchema>, 'created' | 'experiment' | 'run' | 'share'> {
  created: Date;
  experimentDigest: string;
  experiment: unknown;
  runDigest: string | null;
  run: unknown;
  shareDigest: string | null;
  share: unknown;
}

export interface Bundle {
  made: Date;
  app: BundleManifest['app'];
  digest: string;
  entries: BundleEntry[];
}

/** No step yet. One that changes more than the manifest must close the bundle with a digest of its own. */
const BUNDLES: MigrationSequence = {
  of: 'bundle',
  steps: [],
  newer: (version, readable) => new LabError('bundle-version', { version, readable }),
  mismatch: (version, problems) => new LabError('bundle-invalid.version', { version, problems }),
};

/** What JSON makes of a value: NaN becomes null, undefined fields go. Digests are of this form. */
export function asJson(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

function file(into: Record<string, Json>, value: object | null): string | null {
  if (value === null) return null;
  const json = asJson(value);
  const digest = digestOf(json);
  into[digest] = json;
  return digest;
}

/**
 * Writes a bundle.
 * @param items   at least one
 * @param version of the lab
 * @returns the file's text and its digest
 */
export function writeBundle(
  items: readonly BundleItem[],
  version: string,
  made: Date = new Date(),
): { text: string; digest: string } {
  const experiments: Record<string, Json> = {};
  const runs: Record<string, Json> = {};
  const shares: Record<string, Json> = {};
  const entries = items.map(({ name, created, parent, experiment, run, share }) => ({
    name,
    created: created.toISOString(),
    experiment: file(experiments, experiment)!,
    parent,
    run: file(runs, run),
    share: file(shares, share),
  }));
  const body = {
    format: 'lrt-bundle',
    schema: BUNDLE_SCHEMA,
    manifest: { made: made.toISOString(), app: { name: 'lrt-lab', version }, entries },
    experiments,
    runs,
    shares,
  };
  const digest = digestOf(body);
  return { text: JSON.stringify({ ...body, digest }), digest };
}

/** True for a document that says of itself that it is a bundle, of whatever version and in whatever state. */
export function saysBundle(value: unknown): boolean {
  return value !== null && typeof value === 'object' && 'format' in value && value.format === 'lrt-bundle';
}

/**
 * Reads a bundle and checks every digest in it.
 * @throws LabError `bundle-invalid` for what is no bundle, is cut, or has a wrong field; `bundle-version` for a later
 * version; `bundle-digest` where a part is not what its digest says
 */
export function parseBundle(text: string): Bundle {
  if (text.length > MAX_BUNDLE_LENGTH)
    throw new LabError('bundle-invalid.long', { characters: text.length, most: MAX_BUNDLE_LENGTH });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LabError('bundle-invalid.json', { reason: (error as Error).message }, error);
  }
  if (!saysBundle(value)) throw new LabError('bundle-invalid.other', { ending: BUNDLE_SUFFIX });
  const { document } = migrate(value, BUNDLES);
  try {
    const parsed = bundleSchema.safeParse(document);
    if (!parsed.success) {
      throw new LabError('bundle-invalid.fields', { problems: problemList(problemsOf(parsed.error, document)) });
    }
    // The digests are of what the file says, not of what the check made of it.
    return checked(document as z.infer<typeof bundleSchema>);
  } catch (error) {
    // Check and canonical form call themselves once a level.
    if (error instanceof RangeError) throw new LabError('bundle-invalid.deep');
    throw error;
  }
}

function checked(bundle: z.infer<typeof bundleSchema>): Bundle {
  const { digest, ...body } = bundle;
  const { manifest, experiments, runs, shares } = bundle;
  requireDigest('bundle', digest, digestOf(body));
  const tables = { experiment: experiments, run: runs, share: shares };
  for (const part of ['experiment', 'run', 'share'] as const) {
    for (const [said, document] of Object.entries(tables[part])) requireDigest(part, said, digestOf(document));
  }
  const take = (part: keyof typeof tables, key: string | null): unknown => {
    if (key === null) return null;
    const table = tables[part];
    if (!Object.hasOwn(table, key)) throw new LabError('bundle-invalid.missing', { part, digest: key.slice(0, 12) });
    return table[key];
  };
  const entries = manifest.entries.map(({ name, created, parent, experiment, run, share }) => ({
    name,
    created: new Date(created),
    parent,
    experimentDigest: experiment,
    experiment: take('experiment', experiment),
    runDigest: run,
    run: take('run', run),
    shareDigest: share,
    share: take('share', share),
  }));
  const named = new Set(manifest.entries.flatMap((entry) => [entry.experiment, entry.run, entry.share]));
  const stray = [experiments, runs, shares].flatMap((table) => Object.keys(table)).find((key) => !named.has(key));
  if (stray) throw new LabError('bundle-invalid.stray', { digest: stray.slice(0, 12) });
  return { made: new Date(manifest.made), app: manifest.app, digest, entries };
}

function requireDigest(part: 'bundle' | 'experiment' | 'run' | 'share', said: string, found: string): void {
  if (said === found) return;
  throw new LabError('bundle-digest', { part, said: said.slice(0, 12), found: found.slice(0, 12) });
}
