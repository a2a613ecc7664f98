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
  const fail = (what: string, remedy = 'Ask the link’s author for the file, and open that.'): LabError =>
    new LabError('link-bundle', what, remedy);
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
    throw fail(
      `The bundle could not be fetched from ${host}: ${(error as Error).message}.`,
      'The host must allow other sites to read the file (CORS), and hand it out itself: no redirect is followed to another host. Or fetch the file yourself, and open that.',
    );
  }
  if (!response.ok || !response.body)
    throw fail(`The bundle could not be fetched from ${host}: HTTP ${response.status}.`);
  const whole = await readBody(response, { expected: bytes, limit: bytes, signal }).catch((error: unknown) => {
    if (!(error instanceof BodyError)) throw error;
    if (error.reason === 'too-long')
      throw fail(
        `${host} sends more than the ${bytes.toLocaleString('en')} bytes that the link states: it is another file.`,
      );
    throw fail(`The bundle broke off after ${error.got.toLocaleString('en')} of ${bytes.toLocaleString('en')} bytes.`);
  });
  if (whole.length !== bytes)
    throw fail(`${host} sent ${whole.length.toLocaleString('en')} of ${bytes.toLocaleString('en')} bytes.`);
  const found = sha256Hex(whole);
  if (found !== sha256)
    throw fail(
      `The file at ${host} has the digest ${found.slice(0, 16)}, and the link says ${sha256.slice(0, 16)}: it was changed since the link was made.`,
    );
  return openBundle(new TextDecoder('utf-8', { fatal: true }).decode(whole));
}
