/** From what a reader has (a link, a bundle file, an address) to a document to review. Every failure is a LabError. */
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { parseBundle } from '../../experiment/bundle';
import { canonicalJson, sha256Hex } from '../../experiment/digest';
import { LabError } from '../../experiment/errors';
import { parseRun } from '../../experiment/run-schema';
import { decodeLink, documentDigest, readDocument } from '../../experiment/share/codec';
import { LINK_SCHEMA, type AddressDocument, type RunDocument, type SharedDocument } from '../../experiment/share/document';
import { documentOf } from '../../experiment/share/make';
import { hostName } from '../ui/format';

/** A document that can be shown, with what it is named by. */
export interface Opened<D extends SharedDocument = SharedDocument> {
  document: D;
  digest: string;
  migrated: string[];
}

/**
 * Reads the link of the page's address.
 * @throws LabError `link-*`; `link-invalid` also where it opens a lesson, which this version has none of
 */
export function openLink(fragment: string): Opened {
  const opened = decodeLink(fragment);
  const { document } = opened;
  if (document.kind === 'run' && document.view.lesson !== null) {
    throw new LabError('link-invalid', `The link opens the lesson “${document.view.lesson}”, which this version of the lab does not have.`, 'Open it with a version of the lab that has the lesson.', { payload: fragment });
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
  if (entry.run === null) throw new LabError('link-bundle', 'There is an experiment in this bundle and no run: it claims nothing that could be reviewed.', 'Import it in the lab, under Runs, to run the experiment.');
  const document = documentOf(parseRun(entry.run));
  return { document, migrated: [], digest: documentDigest(document) };
}

/**
 * Fetches the bundle that a link names, when the reader asked for it: without credentials or referrer, at most the bytes
 * that the link states, and only if their digest is the stated one.
 * @throws LabError `link-bundle`; those of `openBundle`
 */
export async function fetchBundle({ url, sha256, bytes }: AddressDocument, signal?: AbortSignal): Promise<Opened<RunDocument>> {
  const host = hostName(url);
  const fail = (what: string, remedy = 'Ask the link’s author for the file, and open that.'): LabError => new LabError('link-bundle', what, remedy);
  let response: Response;
  try {
    response = await fetch(url, { signal, credentials: 'omit', referrerPolicy: 'no-referrer', redirect: 'error', cache: 'no-store' });
  } catch (error) {
    if (signal?.aborted) throw LabError.from(error);
    throw fail(`The bundle could not be fetched from ${host}: ${(error as Error).message}.`, 'The host must allow other sites to read the file (CORS). Or fetch the file yourself, and open that.');
  }
  if (!response.ok || !response.body) throw fail(`The bundle could not be fetched from ${host}: HTTP ${response.status}.`);
  const whole = new Uint8Array(bytes);
  let at = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > bytes) {
      await reader.cancel();
      throw fail(`${host} sends more than the ${bytes.toLocaleString('en')} bytes that the link states: it is another file.`);
    }
    whole.set(value, at);
    at += value.length;
  }
  if (at !== bytes) throw fail(`${host} sent ${at.toLocaleString('en')} of ${bytes.toLocaleString('en')} bytes.`);
  const found = sha256Hex(whole);
  if (found !== sha256) throw fail(`The file at ${host} has the digest ${found.slice(0, 16)}, and the link says ${sha256.slice(0, 16)}: it was changed since the link was made.`);
  return openBundle(new TextDecoder('utf-8', { fatal: true }).decode(whole));
}
