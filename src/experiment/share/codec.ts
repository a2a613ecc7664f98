/**
 * Links: `#/x/<major>/<base64url(deflate-raw(canonical JSON))>/<digest prefix>`, in version 1 with `~` before the digest, at
 * which chat programs break links, and deflated without a dictionary (dictionary.ts). Reading one goes from the cheapest check to
 * the dearest and stops at the first that fails, with an error that says what is wrong; nothing is defaulted or replaced.
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, sha256Hex } from '../digest';
import { LabError } from '../errors';
import { migrate } from '../migrate';
import { EXPERIMENTS } from '../migrations';
import { problemList, problemsOf } from '../problems';
import { parseExperiment } from '../schema';
import { fromBase64Url, toBase64Url } from './base64url';
import { deflate, inflate, InflateError } from './deflate';
import { dictionaryOf } from './dictionary';
import { documentSchema, LINK_SCHEMA, type SharedDocument } from './document';
import { isLink, LINK_PREFIX, separatorOf } from './fragment';
import { DOCUMENTS } from './migrations';

/** Longest payload that is read at all: twice the longest that the lab makes. */
export const MAX_PAYLOAD = 16_000;
/** Most bytes that a payload may unpack to. */
export const MAX_UNPACKED = 262_144;
/** Hex digits of the digest at the end of a link: 64 bits. */
export const DIGEST_DIGITS = 16;

export interface Decoded {
  document: SharedDocument;
  /** SHA-256 of the document as it was written: its name, and what lineage refers to. */
  digest: string;
  /** Schema steps that were taken on the way, oldest first; empty for a document of today. */
  migrated: string[];
}

/** Name of a document: SHA-256 of its canonical JSON. */
export function documentDigest(document: SharedDocument): string {
  return sha256Hex(utf8ToBytes(canonicalJson(document)));
}

/**
 * The fragment of a document, `#` included.
 * @throws LabError `link-size` when it would be longer than a reader accepts: then it belongs into a bundle file
 */
export function encodeFragment(document: SharedDocument): string {
  const json = canonicalJson(document);
  const bytes = utf8ToBytes(json);
  const payload = toBase64Url(deflate(bytes, dictionaryOf(document.schema)));
  if (bytes.length > MAX_UNPACKED || payload.length > MAX_PAYLOAD) {
    throw new LabError('link-size.made', { characters: payload.length, most: MAX_PAYLOAD });
  }
  return `${LINK_PREFIX}${document.schema}/${payload}${separatorOf(document.schema)}${sha256Hex(bytes).slice(0, DIGEST_DIGITS)}`;
}

/**
 * Reads a link: a whole address, or its fragment.
 * @throws LabError `link-length`, `link-version`, `link-damaged`, `link-size`, `link-digest`, `link-invalid`
 */
export function decodeLink(link: string): Decoded {
  const hash = link.indexOf('#');
  const fragment = hash === -1 ? '' : link.slice(hash);
  if (!isLink(fragment)) throw new LabError('link-damaged.no-link', { prefix: LINK_PREFIX, payload: link });
  if (fragment.length > MAX_PAYLOAD + 64) {
    throw new LabError('link-length', {
      characters: fragment.length,
      most: MAX_PAYLOAD,
      payload: fragment.slice(0, MAX_PAYLOAD + 64),
    });
  }
  const [major, rest] = split(fragment.slice(LINK_PREFIX.length), '/');
  requireVersion(major, link);
  const [payload, prefix] = split(rest ?? '', separatorOf(Number(major)));
  if (prefix === null) throw new LabError('link-damaged.no-digest', { payload: link });
  if (!new RegExp(`^[0-9a-f]{${DIGEST_DIGITS}}$`).test(prefix))
    throw new LabError('link-damaged.digest', { digits: DIGEST_DIGITS, payload: link });
  const bytes = unpack(payload, Number(major), link);
  const digest = sha256Hex(bytes);
  // Before anything reads the text: a damaged link is then named for what it is, and not by the field that broke.
  if (!digest.startsWith(prefix)) {
    throw new LabError('link-digest', {
      payload: link,
      expected: prefix,
      actual: digest.slice(0, DIGEST_DIGITS),
    });
  }
  return { ...readDocument(bytes, Number(major), link), digest };
}

function requireVersion(major: string, link: string): void {
  if (!/^[1-9]\d{0,5}$/.test(major)) throw new LabError('link-damaged.version', { payload: link });
  if (Number(major) > LINK_SCHEMA) {
    throw new LabError('link-version', { payload: link, version: Number(major), readable: LINK_SCHEMA });
  }
}

function unpack(payload: string, version: number, link: string): Uint8Array {
  let packed: Uint8Array;
  try {
    packed = fromBase64Url(payload);
  } catch (error) {
    throw new LabError('link-damaged.characters', { payload: link }, error);
  }
  try {
    return inflate(packed, MAX_UNPACKED, dictionaryOf(version));
  } catch (error) {
    if (error instanceof InflateError && error.problem === 'too-large')
      throw new LabError('link-size.unpacked', { most: MAX_UNPACKED, payload: link });
    const problem = error instanceof InflateError ? error.problem : 'damaged';
    throw new LabError('link-damaged.packed', { problem, payload: link }, error);
  }
}

/**
 * Reads a document from its canonical JSON, as in a link or a bundle, with its migrations.
 * @param major version that the container states @param payload kept in the errors' parameters
 * @throws LabError `link-invalid`
 */
export function readDocument(
  bytes: Uint8Array,
  major: number,
  payload: string,
): Pick<Decoded, 'document' | 'migrated'> {
  let value: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (error) {
    throw new LabError('link-invalid.json', { reason: (error as Error).message, payload }, error);
  }
  // Two texts of one value would be two names of one experiment.
  if (canonicalJson(value) !== text) throw new LabError('link-invalid.canonical', { payload });
  if ((value as { schema?: unknown } | null)?.schema !== major)
    throw new LabError('link-invalid.version', {
      said: String((value as { schema?: unknown } | null)?.schema),
      major,
      payload,
    });
  const { document, migrated } = migrate(value, DOCUMENTS);
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success)
    throw new LabError('link-invalid.fields', { problems: problemList(problemsOf(parsed.error, document)), payload });
  if (parsed.data.kind === 'address') return { document: parsed.data, migrated };
  const { spec, ...others } = parsed.data;
  try {
    const experiment = parseExperiment(spec.experiment);
    const steps = migrate(spec.experiment, EXPERIMENTS).migrated;
    return { document: { ...others, spec: { ...spec, experiment } }, migrated: [...migrated, ...steps] };
  } catch (error) {
    const { key, params } = LabError.from(error);
    if (key === 'settings-newer')
      throw new LabError('link-invalid.newer', { version: params.version, readable: params.readable, payload }, error);
    throw new LabError('link-invalid.experiment', { problems: params.problems ?? [], payload }, error);
  }
}

/** The text before the first separator, and what follows it; null where there is none. */
function split(text: string, separator: string): [string, string | null] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}
