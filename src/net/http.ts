/** Requests to hosts that may be wrong, slow or hostile: every way in which they fail has a name. */
import { cancelled, LabError } from '../experiment/errors';
import { BodyError, readBody } from './body';
import type { Message } from '../experiment/message';

export interface RequestOptions {
  signal?: AbortSignal;
  method?: 'GET' | 'HEAD';
  /** First byte wanted; 0 asks for the whole file. */
  from?: number;
  /** Last byte wanted, inclusive. */
  to?: number;
}

/**
 * Sends a request and follows redirects. HTTP errors are answers, not exceptions.
 * @param what what is asked for, as the subject of the error's sentence
 * @throws LabError `model-unreachable` (params.reason: offline, blocked or redirects) or `cancelled`
 */
export async function request(url: string, what: Message, options: RequestOptions = {}): Promise<Response> {
  const { signal, method = 'GET', from = 0, to } = options;
  const headers: Record<string, string> = {};
  // A range of this plain form needs no preflight across origins (Fetch standard, CORS-safelisted request headers).
  if (from > 0 || to !== undefined) headers.range = `bytes=${from}-${to ?? ''}`;
  try {
    // Weights are kept by us: the HTTP cache would store them twice.
    return await fetch(url, { method, headers, signal, cache: 'no-store', credentials: 'omit' });
  } catch (error) {
    if (signal?.aborted) throw cancelled();
    throw await unreachable(url, what, signal, error);
  }
}

/** `fetch` tells a page no cause: two more requests, of which nothing is read, find it out. */
async function unreachable(
  url: string,
  what: Message,
  signal: AbortSignal | undefined,

  cause: unknown,
): Promise<LabError> {
  const succeeds = (init: RequestInit): Promise<Response | null> =>
    fetch(url, { ...init, method: 'HEAD', signal, cache: 'no-store', credentials: 'omit' }).catch(() => null);
  const first = await succeeds({ redirect: 'manual' });
  const redirects = first !== null && (first.type === 'opaqueredirect' || (first.status >= 300 && first.status < 400));
  const answers = (await succeeds({ mode: 'no-cors' })) !== null;
  if (signal?.aborted) return cancelled();
  const reason = answers ? 'blocked' : redirects ? 'redirects' : 'offline';
  return new LabError(`model-unreachable.${reason}`, { what, reason, host: new URL(url).host }, cause);
}

/** True where a web page stands in place of a file: a login page, or the front page of a single-page app. */
export function isPage(response: Response, path: string): boolean {
  return !/\.html?$/.test(path) && /^(text\/html|application\/xhtml)/.test(response.headers.get('content-type') ?? '');
}

/**
 * The length of the body as the host states it; null where it does not, or where the body is known to be compressed on the way.
 * Across origins a page may read the length and not whether the body is compressed: then it is a lower bound, not `exact`.
 */
export function statedLength(response: Response): { bytes: number; exact: boolean } | null {
  const length = response.headers.get('content-length');
  const encoding = response.headers.get('content-encoding');
  if (length === null || (encoding !== null && encoding !== 'identity')) return null;
  return { bytes: Number(length), exact: response.type !== 'cors' };
}

/** First byte and total of a partial answer; null where the header is missing or not readable across origins. */
export function statedRange(response: Response): { from: number; total: number | null } | null {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  return range ? { from: Number(range[1]), total: range[2] === '*' ? null : Number(range[2]) } : null;
}

/**
 * Reads a text of bounded length: a host cannot fill the memory with an endless answer.
 * @throws LabError `model-size` past the limit, `model-truncated` if it stops arriving, `cancelled`
 */
export async function readText(
  response: Response,
  what: Message,
  limit: number,
  signal?: AbortSignal,
): Promise<string> {
  try {
    return new TextDecoder().decode(await readBody(response, { limit, signal }));
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    if (error.reason === 'too-long') throw new LabError('model-size.text', { what, limit });
    throw new LabError('model-truncated.text', { what, got: error.got }, error);
  }
}

/** The host of an address; while it is being typed, the text itself. */
export const hostName = (address: string): string => (URL.canParse(address) ? new URL(address).host : address);
