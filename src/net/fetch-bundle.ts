/** A bundle that a link names, fetched when the reader asked for it. */
import { sha256Hex } from '../experiment/digest';
import { LabError } from '../experiment/errors';
import type { AddressDocument, RunDocument } from '../experiment/share/document';
import { openBundle, type Opened } from '../experiment/share/open';
import { BodyError, readBody } from './body';
import { hostName } from './http';

/**
 * Fetches the bundle that a link names, when the reader asked for it: without credentials or referrer, at most the bytes
 * that the link states, and only if their digest is the stated one.
 * @throws LabError `link-bundle`; those of `openBundle`
 */
export async function fetchBundle(
  { url, sha256, bytes }: AddressDocument,
  signal?: AbortSignal,
): Promise<Opened<RunDocument>> {
  const host = hostName(url);
  let response: Response;
  try {
    response = await fetch(url, {
      signal,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      redirect: 'error',
      cache: 'no-store',
    });
  } catch (error) {
    if (signal?.aborted) throw LabError.from(error);
    throw new LabError('link-bundle.fetch', { host, reason: (error as Error).message }, error);
  }
  if (!response.ok || !response.body) throw new LabError('link-bundle.status', { host, status: response.status });
  const whole = await readBody(response, { expected: bytes, limit: bytes, signal }).catch((error: unknown) => {
    if (!(error instanceof BodyError)) throw error;
    if (error.reason === 'too-long') throw new LabError('link-bundle.more', { host, bytes }, error);
    throw new LabError('link-bundle.cut', { host, got: error.got, bytes }, error);
  });
  if (whole.length !== bytes) throw new LabError('link-bundle.cut', { host, got: whole.length, bytes });
  const found = sha256Hex(whole);
  if (found !== sha256)
    throw new LabError('link-bundle.digest', { host, found: found.slice(0, 16), said: sha256.slice(0, 16) });
  return openBundle(new TextDecoder('utf-8', { fatal: true }).decode(whole));
}
