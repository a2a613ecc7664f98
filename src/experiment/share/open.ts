/** From what a reader has, a link or a bundle file, to a document to review. Every failure is a LabError. */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { parseBundle } from '../bundle';
import { canonicalJson, sha256Hex } from '../digest';
import { LabError, type ErrorCode } from '../errors';
import { parseRun } from '../run-schema';
import { decodeLink, documentDigest, readDocument, type Decoded } from './codec';
import { LINK_SCHEMA, type RunDocument, type SharedDocument } from './document';
import { documentOf } from './make';
import { candidatesOf } from './repair';

/** A document that can be shown, with what it is named by. */
export interface Opened<D extends SharedDocument = SharedDocument> {
  document: D;
  digest: string;
  migrated: string[];
}

/**
 * Reads a link: a whole address, its fragment, or a text with a link in it. One that was changed on the way is put right
 * where its digest proves the repair.
 * @throws LabError `link-*`, of the link as it stands where no repair is right; `link-invalid` also where it opens a
 *   lesson, which this version has none of
 */
export function openLink(fragment: string): Opened {
  const opened = decodeRepaired(fragment);
  const { document } = opened;
  if (document.kind === 'run' && document.view.lesson !== null) {
    throw new LabError('link-invalid.lesson', { lesson: document.view.lesson, payload: fragment });
  }
  return opened;
}

/** Errors of a link whose characters are not those that were sent: another guess may be right. */
const CHANGED: readonly ErrorCode[] = ['link-damaged', 'link-digest', 'link-length', 'link-size'];

function decodeRepaired(text: string): Decoded {
  let first: LabError;
  try {
    return decodeLink(text);
  } catch (error) {
    first = LabError.from(error);
    if (!CHANGED.includes(first.code)) throw first;
  }
  let nearest = first;
  for (const candidate of candidatesOf(text)) {
    try {
      return decodeLink(candidate);
    } catch (error) {
      const found = LabError.from(error);
      // A whole link of a later version, or a document that its digest vouches for: that is the answer.
      if (!CHANGED.includes(found.code)) throw found;
      // Digest and length are whole, and still it is not that document: more is known of it than of one that is cut.
      if (found.code === 'link-digest' && nearest.code === 'link-damaged') nearest = found;
    }
  }
  throw nearest;
}

/**
 * The document of a bundle: the shared document that its first entry has, or one made from its run.
 * @throws LabError `bundle-*`, `run-*`, `link-invalid`; `link-bundle` where there is only an experiment in it
 */
export function openBundle(text: string): Opened<RunDocument> {
  const [entry] = parseBundle(text).entries;
  if (entry.share !== null) {
    const bytes = utf8ToBytes(canonicalJson(entry.share));
    const { document, migrated } = readDocument(bytes, (entry.share as { schema?: number }).schema ?? LINK_SCHEMA, '');
    if (document.kind === 'run') return { document, migrated, digest: sha256Hex(bytes) };
  }
  if (entry.run === null) throw new LabError('link-bundle.no-run');
  const document = documentOf(parseRun(entry.run));
  return { document, migrated: [], digest: documentDigest(document) };
}
