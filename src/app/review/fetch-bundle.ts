/** A bundle that a link names, fetched when the reader asked for it. */
import { sha256Hex } from '../../experiment/digest';
import { LabError } from '../../experiment/errors';
import type { AddressDocument, RunDocument } from '../../experiment/share/document';
import { openBundle, type Opened } from '../../experiment/share/open';
import { hostName } from '../ui/format';

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
  const whole = new Uint8Array(bytes);
  let at = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > bytes) {
      await reader.cancel();
      throw new LabError('link-bundle.more', { host, bytes });
    }
    whole.set(value, at);
    at += value.length;
  }
  if (at !== bytes) throw new LabError('link-bundle.cut', { host, got: at, bytes });
  const found = sha256Hex(whole);
  if (found !== sha256)
    throw new LabError('link-bundle.digest', { host, found: found.slice(0, 16), said: sha256.slice(0, 16) });
  return openBundle(new TextDecoder('utf-8', { fatal: true }).decode(whole));
}
