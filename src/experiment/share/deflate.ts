/** Raw deflate (RFC 1951) of short texts, and inflating what strangers sent: never more than a cap, nothing after the end. */
import { deflateRaw, Inflate } from 'pako';

/** Output is looked at in pieces of this size, so that a bomb stops at the cap and not at its end. */
const PIECE = 16_384;

export type InflateProblem = 'damaged' | 'cut' | 'trailing' | 'too-large';

export class InflateError extends Error {
  readonly problem: InflateProblem;

  constructor(problem: InflateProblem, message: string) {
    super(message);
    this.name = 'InflateError';
    this.problem = problem;
  }
}

/** @param dictionary bytes that count as read before; inflating needs the same */
export function deflate(bytes: Uint8Array, dictionary?: Uint8Array): Uint8Array {
  return deflateRaw(bytes, { level: 9, ...(dictionary ? { dictionary } : {}) });
}

/**
 * Inflates raw deflate data of one stream.
 * @param cap most bytes that may come out; at the first piece above it inflating ends
 * @param dictionary what it was deflated with
 * @throws InflateError when it is damaged, cut short, followed by anything, or larger than the cap
 */
export function inflate(bytes: Uint8Array, cap: number, dictionary?: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new InflateError('cut', 'there is nothing in it');
  const inflater = new Inflate({ raw: true, chunkSize: PIECE, ...(dictionary ? { dictionary } : {}) });
  const pieces: Uint8Array[] = [];
  let length = 0;
  inflater.onData = (piece) => {
    length += piece.length;
    if (length > cap) throw new InflateError('too-large', `it unpacks to more than ${cap.toLocaleString('en')} bytes`);
    pieces.push(piece.slice());
  };
  const push = (part: Uint8Array): void => {
    const whole = inflater.push(part);
    if (!whole || inflater.err !== 0) throw new InflateError('damaged', inflater.msg || 'it is no deflate stream');
  };
  // The last byte by itself: a stream that has ended before it is followed by something.
  if (bytes.length > 1) push(bytes.subarray(0, -1));
  if (inflater.ended) throw new InflateError('trailing', 'something follows its end');
  push(bytes.subarray(-1));
  if (!inflater.ended) throw new InflateError('cut', 'it ends before its end');
  const out = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
