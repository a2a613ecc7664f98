/**
 * Links: `#/x/<major>/<base64url(deflate-raw(canonical JSON))>~<digest prefix>`. Reading one goes from the cheapest check to
 * the dearest and stops at the first that fails, with an error that says what is wrong; nothing is defaulted or replaced.
 */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, sha256Hex } from '../digest';
import { LabError } from '../errors';
import { migrate } from '../migrate';
import { EXPERIMENTS } from '../migrations';
import { parseExperiment } from '../schema';
import { fromBase64Url, toBase64Url } from './base64url';
import { deflate, inflate, InflateError } from './deflate';
import { documentSchema, LINK_SCHEMA, type SharedDocument } from './document';
import { isLink, LINK_PREFIX } from './fragment';
import { DOCUMENTS } from './migrations';

/** Longest payload that is read at all: twice the longest that the lab makes. */
export const MAX_PAYLOAD = 16_000;
/** Most bytes that a payload may unpack to. */
export const MAX_UNPACKED = 262_144;
/** Hex digits of the digest at the end of a link: 64 bits. */
export const DIGEST_DIGITS = 16;

const ASK = 'Ask for the link again, as a file if it was cut on the way; what came is kept below for copying.';

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
  const payload = toBase64Url(deflate(bytes));
  if (bytes.length > MAX_UNPACKED || payload.length > MAX_PAYLOAD) {
    throw new LabError(
      'link-size',
      `The link would have ${payload.length.toLocaleString('en')} characters; ${MAX_PAYLOAD.toLocaleString('en')} can be read.`,
      'Share it as a bundle file.',
      { characters: payload.length },
    );
  }
  return `${LINK_PREFIX}${document.schema}/${payload}~${sha256Hex(bytes).slice(0, DIGEST_DIGITS)}`;
}

/**
 * Reads a link: a whole address, or its fragment.
 * @throws LabError `link-length`, `link-version`, `link-damaged`, `link-size`, `link-digest`, `link-invalid`
 */
export function decodeLink(link: string): Decoded {
  const hash = link.indexOf('#');
  const fragment = hash === -1 ? '' : link.slice(hash);
  if (!isLink(fragment))
    throw damaged('There is no experiment in this address: it has no part that begins with #/x/.', link);
  if (fragment.length > MAX_PAYLOAD + 64) {
    throw new LabError(
      'link-length',
      `The link has ${fragment.length.toLocaleString('en')} characters; no link of the lab is longer than ${MAX_PAYLOAD.toLocaleString('en')}.`,
      ASK,
      { payload: fragment.slice(0, MAX_PAYLOAD + 64) },
    );
  }
  const [major, rest] = split(fragment.slice(LINK_PREFIX.length), '/');
  requireVersion(major, link);
  const [payload, prefix] = split(rest ?? '', '~');
  if (prefix === null) throw damaged('The link has no digest at its end: it was cut on the way.', link);
  if (!new RegExp(`^[0-9a-f]{${DIGEST_DIGITS}}$`).test(prefix))
    throw damaged(
      `The digest at the end of the link does not have ${DIGEST_DIGITS} hexadecimal digits: it was cut or altered on the way.`,
      link,
    );
  const bytes = unpack(payload, link);
  const digest = sha256Hex(bytes);
  // Before anything reads the text: a damaged link is then named for what it is, and not by the field that broke.
  if (!digest.startsWith(prefix)) {
    throw new LabError(
      'link-digest',
      `The link’s contents have the digest ${digest.slice(0, DIGEST_DIGITS)}, and it says ${prefix}: contents or digest were altered.`,
      ASK,
      { payload: link, expected: prefix, actual: digest },
    );
  }
  return { ...readDocument(bytes, Number(major), link), digest };
}

function requireVersion(major: string, link: string): void {
  if (!/^[1-9]\d{0,5}$/.test(major)) throw damaged('The link does not say which version of the format it has.', link);
  if (Number(major) > LINK_SCHEMA) {
    throw new LabError(
      'link-version',
      `The link has version ${major} of the format; this lab reads versions up to ${LINK_SCHEMA}.`,
      'Open it with a newer version of the lab.',
      { payload: link, version: Number(major) },
    );
  }
}

function unpack(payload: string, link: string): Uint8Array {
  let packed: Uint8Array;
  try {
    packed = fromBase64Url(payload);
  } catch (error) {
    throw damaged(`The link is damaged: ${(error as Error).message}.`, link);
  }
  try {
    return inflate(packed, MAX_UNPACKED);
  } catch (error) {
    if (error instanceof InflateError && error.problem === 'too-large')
      throw new LabError(
        'link-size',
        `The link was refused: ${error.message}.`,
        'No link of the lab is like that; do not trust where it came from.',
        { payload: link },
      );
    throw damaged(`The link is damaged: ${(error as Error).message}.`, link);
  }
}

/**
 * Reads a document from its canonical JSON, as in a link or a bundle, with its migrations.
 * @param major version that the container states @param payload kept in the errors' details
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
    throw invalid(`it is not JSON: ${(error as Error).message}`, payload);
  }
  // Two texts of one value would be two names of one experiment.
  if (canonicalJson(value) !== text) throw invalid('it is not in canonical form', payload);
  if ((value as { schema?: unknown } | null)?.schema !== major)
    throw invalid(
      `it says version ${String((value as { schema?: unknown } | null)?.schema)}, and its link says ${major}`,
      payload,
    );
  const { document, migrated } = migrate(value, DOCUMENTS);
  const parsed = documentSchema.safeParse(document);
  if (!parsed.success) {
    const list = parsed.error.issues
      .slice(0, 8)
      .map((issue) => `${issue.path.join('.') || '(document)'}: ${issue.message}`);
    throw invalid(list.join(' · '), payload);
  }
  if (parsed.data.kind === 'address') return { document: parsed.data, migrated };
  const { spec, ...others } = parsed.data;
  try {
    const experiment = parseExperiment(spec.experiment);
    const steps = migrate(spec.experiment, EXPERIMENTS).migrated;
    return { document: { ...others, spec: { ...spec, experiment } }, migrated: [...migrated, ...steps] };
  } catch (error) {
    throw invalid(LabError.from(error).message, payload);
  }
}

/** The text before the first separator, and what follows it; null where there is none. */
function split(text: string, separator: string): [string, string | null] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

const damaged = (what: string, payload: string): LabError => new LabError('link-damaged', what, ASK, { payload });
const invalid = (what: string, payload: string): LabError =>
  new LabError(
    'link-invalid',
    `The link’s contents cannot be read: ${what}.`,
    'Ask its author for a link that the lab made, or open it with the version of the lab that made it.',
    { payload },
  );
