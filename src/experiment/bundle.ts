/**
 * The bundle: runs and experiments in one JSON file that can be checked without anything else. Every part is filed under
 * the SHA-256 of its canonical form, the manifest says what belongs together, and the whole has a digest of its own: a
 * bundle that is cut, or in which a byte has changed, is refused.
 */
import { z } from 'zod';
import { digestOf } from './digest';
import { LabError } from './errors';
import { migrate, type MigrationSequence } from './migrate';

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
  mismatch: (version, list) => new LabError('bundle-invalid.version', { version, list }),
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

const invalid = (what: string, remedy = 'Export the bundle again, or ask its author for the whole file.'): LabError =>
  new LabError('bundle-invalid', what, remedy);

/**
 * Reads a bundle and checks every digest in it.
 * @throws LabError `bundle-invalid` for what is no bundle, is cut, or has a wrong field; `bundle-version` for a later
 * version; `bundle-digest` where a part is not what its digest says
 */
export function parseBundle(text: string): Bundle {
  if (text.length > MAX_BUNDLE_LENGTH)
    throw invalid(
      `The file has ${text.length} characters; a bundle has at most ${MAX_BUNDLE_LENGTH}.`,
      'Export fewer runs into one bundle.',
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(`The file is not whole JSON: ${(error as Error).message}.`);
  }
  if (!saysBundle(value))
    throw invalid(
      'The file is not a bundle of the lab.',
      `Choose a file that the lab exported; they end in ${BUNDLE_SUFFIX}.`,
    );
  const { document } = migrate(value, BUNDLES);
  try {
    const parsed = bundleSchema.safeParse(document);
    if (!parsed.success) {
      const list = parsed.error.issues
        .slice(0, 4)
        .map((issue) => `${issue.path.join('.') || '(document)'}: ${issue.message}`);
      throw invalid(`The bundle has wrong fields. ${list.join(' · ')}`);
    }
    // The digests are of what the file says, not of what the check made of it.
    return checked(document as z.infer<typeof bundleSchema>);
  } catch (error) {
    // Check and canonical form call themselves once a level.
    if (error instanceof RangeError) throw invalid('The file is nested more deeply than anything that the lab writes.');
    throw error;
  }
}

function checked(bundle: z.infer<typeof bundleSchema>): Bundle {
  const { digest, ...body } = bundle;
  const { manifest, experiments, runs, shares } = bundle;
  requireDigest('bundle', digest, digestOf(body));
  for (const [name, table] of Object.entries({ experiment: experiments, run: runs, shared: shares })) {
    for (const [said, document] of Object.entries(table)) requireDigest(name, said, digestOf(document));
  }
  const take = (name: string, table: Record<string, Json>, key: string | null): unknown => {
    if (key === null) return null;
    if (!Object.hasOwn(table, key))
      throw invalid(`The ${name} ${key.slice(0, 12)}, which the manifest names, is not in the bundle.`);
    return table[key];
  };
  const entries = manifest.entries.map(({ name, created, parent, experiment, run, share }) => ({
    name,
    created: new Date(created),
    parent,
    experimentDigest: experiment,
    experiment: take('experiment', experiments, experiment),
    runDigest: run,
    run: take('run', runs, run),
    shareDigest: share,
    share: take('shared document', shares, share),
  }));
  const named = new Set(manifest.entries.flatMap((entry) => [entry.experiment, entry.run, entry.share]));
  const stray = [experiments, runs, shares].flatMap((table) => Object.keys(table)).find((key) => !named.has(key));
  if (stray) throw invalid(`The manifest does not name the part ${stray.slice(0, 12)}.`);
  return { made: new Date(manifest.made), app: manifest.app, digest, entries };
}

function requireDigest(name: string, said: string, found: string): void {
  if (said === found) return;
  throw new LabError(
    'bundle-digest',
    `The ${name} is not what its digest says: ${said.slice(0, 12)} is written, ${found.slice(0, 12)} was found.`,
    'The file was changed after it was made: export it again, or ask its author for the original.',
    { said, found },
  );
}
