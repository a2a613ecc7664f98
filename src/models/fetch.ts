/** Fetching the files of a model folder: bytes counted as they arrive, sizes and digests checked, every failure named. */
import { isOffline, siteUnreachable } from '../net/site';
import { cancelled, LabError, throwIfAborted } from '../experiment/errors';
import type { FetchedFile, FolderSource } from './types';
import { BodyError, readBody } from '../net/body';
import { isPage, statedLength } from '../net/http';
import { message } from '../experiment/message';
import { digestBytes } from './bytes';

export interface FetchFileOptions {
  signal?: AbortSignal;
  /** Called as bytes arrive: bytes of this file so far, and its size if anything states it. */
  onBytes?: (done: number, total: number | null) => void;
  /** Answer null instead of throwing where the host says that there is no such file. */
  optional?: boolean;
}

export interface FetchedBytes extends FetchedFile {
  data: Uint8Array;
}

/**
 * Fetches one file of a model folder and checks it against what the source states.
 * @throws LabError `model-fetch` (no answer, or an HTTP error), `model-truncated` (fewer bytes than stated),
 *         `model-invalid` (other bytes than stated, or a web page in place of the file), `cancelled`
 */
export async function fetchFile(
  source: FolderSource,
  path: string,
  options: FetchFileOptions = {},
): Promise<FetchedBytes | null> {
  const { signal } = options;
  throwIfAborted(signal);
  const response = await request(source, path, signal);
  const missing = response.status === 404 || (response.ok && isPage(response, path));
  if (missing && options.optional) {
    await response.body?.cancel();
    return null;
  }
  if (missing) {
    throw new LabError('model-fetch.missing', {
      path,
      id: source.id,
      precision: source.dtype,
      status: response.status,
    });
  }
  if (!response.ok) {
    throw new LabError('model-fetch.file-status', {
      what: message('model.file', { path, id: source.id }),
      path,
      status: response.status,
    });
  }
  const expected = expectedBytes(source, path, response);
  const data = await readBody(response, { ...options, expected }).catch((error: unknown) => {
    if (!(error instanceof BodyError)) throw error;
    // The browser reports a connection closed early as a failed read.
    if (expected !== null && error.got < expected) throw truncated(source, path, error.got, expected, error);
    throw new LabError(
      'model-fetch.stopped',
      { what: message('model.file', { path, id: source.id }), path, reason: error.message },
      error,
    );
  });
  if (expected !== null && data.length < expected) throw truncated(source, path, data.length, expected);
  const sha256 = await digestBytes(data);
  const stated = source.sha256?.[path];
  if (stated !== undefined && stated !== sha256) {
    throw new LabError('model-invalid.digest', {
      path,
      id: source.id,
      found: sha256.slice(0, 12),
      stated: stated.slice(0, 12),
    });
  }
  return { path, bytes: data.length, sha256, data };
}

async function request(source: FolderSource, path: string, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(new URL(path, source.baseUrl), { signal });
  } catch (error) {
    if (signal?.aborted) throw cancelled();
    if (isOffline()) throw siteUnreachable(path, error);
    throw new LabError(
      'model-fetch.file',
      { what: message('model.file', { path, id: source.id }), path, reason: (error as Error).message },
      error,
    );
  }
}

/** The size that the catalogue states, or else the host. */
function expectedBytes(source: FolderSource, path: string, response: Response): number | null {
  return source.bytes?.[path] ?? statedLength(response)?.bytes ?? null;
}

function truncated(source: FolderSource, path: string, got: number, expected: number, cause?: unknown): LabError {
  return new LabError(
    'model-truncated.file',
    { what: message('model.file', { path, id: source.id }), path, got, expected },
    cause,
  );
}
