/** Reading the body of an answer: into one array, counted as it arrives, never more than was agreed to. */
import { cancelled, throwIfAborted } from '../experiment/errors';

export interface BodyOptions {
  /** Its length where that is known: then one array is made at once, so that no second copy of large files is. */
  expected?: number | null;
  /** Most bytes that are taken. */
  limit?: number;
  signal?: AbortSignal;
  /** Called as bytes arrive: those so far, and the expected length. */
  onBytes?: (done: number, total: number | null) => void;
}

/** Why a body could not be read whole. Whoever asked for it says what it was. */
export class BodyError extends Error {
  readonly reason: 'too-long' | 'broken';
  /** Bytes that had arrived. */
  readonly got: number;

  constructor(reason: 'too-long' | 'broken', got: number, cause?: unknown) {
    super(cause instanceof Error ? cause.message : reason, { cause });
    this.name = 'BodyError';
    this.reason = reason;
    this.got = got;
  }
}

/**
 * Reads a body to its end.
 * @throws BodyError `too-long` past the limit, `broken` where it stops arriving; LabError `cancelled`
 */
export async function readBody(response: Response, options: BodyOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { expected = null, limit = Infinity, signal, onBytes } = options;
  const reader = response.body?.getReader();
  onBytes?.(0, expected);
  if (!reader) return new Uint8Array(await response.arrayBuffer());
  let whole = new Uint8Array(expected ?? Math.min(limit, 1 << 16));
  let done = 0;
  try {
    for (;;) {
      throwIfAborted(signal);
      const chunk = await reader.read();
      if (chunk.done) break;
      const end = done + chunk.value.length;
      if (end > limit) throw new BodyError('too-long', end);
      if (end > whole.length) {
        const grown = new Uint8Array(Math.max(2 * whole.length, end));
        grown.set(whole.subarray(0, done));
        whole = grown;
      }
      whole.set(chunk.value, done);
      done = end;
      onBytes?.(done, expected);
    }
  } catch (error) {
    await reader.cancel().catch(() => undefined);
    if (signal?.aborted) throw cancelled();
    if (error instanceof BodyError) throw error;
    throw new BodyError('broken', done, error);
  }
  return done === whole.length ? whole : whole.slice(0, done);
}
