/** Fetching the files of a model folder: bytes counted as they arrive, sizes and digests checked, every failure named. */
import { cancelled, LabError, throwIfAborted } from '../experiment/errors';
import { message } from '../experiment/message';
import type { FetchedFile, FolderSource } from '../runtime/types';
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
  const missing = response.status === 404 || servesAPage(response, path);
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
  const data = await readBody(source, path, response, expected, options);
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
    throw new LabError(
      'model-fetch.file',
      { what: message('model.file', { path, id: source.id }), path, reason: (error as Error).message },
      error,
    );
  }
}

/** Hosts of single-page apps answer an unknown path with their page and status 200. */
function servesAPage(response: Response, path: string): boolean {
  return response.ok && !path.endsWith('.html') && (response.headers.get('content-type') ?? '').startsWith('text/html');
}

/** The size that the catalogue or the host states. Content-Length counts compressed bytes where the body is compressed. */
function expectedBytes(source: FolderSource, path: string, response: Response): number | null {
  const stated = source.bytes?.[path];
  if (stated !== undefined) return stated;
  const length = response.headers.get('content-length');
  const encoded = response.headers.get('content-encoding');
  return length !== null && (encoded === null || encoded === 'identity') ? Number(length) : null;
}

/** Reads the body into one array: preallocated where the size is known, so that no second copy of the weights is made. */
async function readBody(
  source: FolderSource,
  path: string,
  response: Response,
  expected: number | null,
  options: FetchFileOptions,
): Promise<Uint8Array> {
  if (!response.body) return new Uint8Array(await response.arrayBuffer());
  const reader = response.body.getReader();
  let whole = new Uint8Array(expected ?? 1 << 16);
  let done = 0;
  options.onBytes?.(0, expected);
  try {
    for (;;) {
      throwIfAborted(options.signal);
      const chunk = await reader.read();
      if (chunk.done) break;
      if (done + chunk.value.length > whole.length) {
        const grown = new Uint8Array(Math.max(2 * whole.length, done + chunk.value.length));
        grown.set(whole.subarray(0, done));
        whole = grown;
      }
      whole.set(chunk.value, done);
      done += chunk.value.length;
      options.onBytes?.(done, expected);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (options.signal?.aborted) throw cancelled();
    // The browser reports a connection closed early as a failed read.
    if (expected !== null && done < expected) throw truncated(source, path, done, expected, error);
    throw new LabError(
      'model-fetch.stopped',
      { what: message('model.file', { path, id: source.id }), path, reason: (error as Error).message },
      error,
    );
  }
  return done === whole.length ? whole : whole.slice(0, done);
}

function truncated(source: FolderSource, path: string, got: number, expected: number, cause?: unknown): LabError {
  return new LabError(
    'model-truncated.file',
    { what: message('model.file', { path, id: source.id }), path, got, expected },
    cause,
  );
}
