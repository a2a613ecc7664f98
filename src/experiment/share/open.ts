/** From what a reader has, a link or a bundle file, to a document to review. Every failure is a LabError. */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { parseBundle } from '../bundle';
import { canonicalJson, sha256Hex } from '../digest';
import { LabError } from '../errors';
import { parseRun } from '../run-schema';
import { decodeLink, documentDigest, readDocument } from './codec';
import { LINK_SCHEMA, type RunDocument, type SharedDocument } from './document';
import { documentOf } from './make';

/** A document that can be shown, with what it is named by. */
export interface Opened<D extends SharedDocument = SharedDocument> {
  document: D;
  digest: string;
  migrated: string[];
}

/**
 * Reads a link: a whole address, or its fragment.
 * @throws LabError `link-*`; `link-invalid` also where it opens a lesson, which this version has none of
 */
export function openLink(fragment: string): Opened {
  const opened = decodeLink(fragment);
  const { document } = opened;
  if (document.kind === 'run' && document.view.lesson !== null) {
    throw new LabError('link-invalid.lesson', { lesson: document.view.lesson, payload: fragment });
  }
  return opened;
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
