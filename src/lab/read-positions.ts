/** Which tokens of one side of a contrast pair are read: one entry a read position of the schema. */
import { LabError } from '../experiment/errors';
import type { ReadPosition } from '../experiment/schema';

/** A side of a pair, put to a model. The parts are worked out when they are asked for. */
export interface PutText {
  /** The text itself, for errors. */
  text: string;
  /** Position whose state has all of the text behind it: in a chat, where the answer would begin. */
  end(): number;
  /**
   * Positions of the text's own tokens, in order; without special ones, and without the template's in a chat. Never
   * empty.
   */
  content(): number[];
  /** First position at which the ids differ from those of the other side. */
  parting(): number;
}

/**
 * The positions whose mean state is the text's state; at least one.
 * @throws LabError `pairs-one-sided`, `chat-template`
 */
type Reader = (put: PutText) => number[];

export const READERS = {
  last: ({ end }) => [end()],
  completion: ({ text, content, parting }) => {
    const start = parting();
    const own = content().filter((position) => position >= start);
    // A text that is the beginning of the other has no token of its own.
    if (own.length === 0) throw new LabError('pairs-one-sided.no-completion', { text });
    return own;
  },
  mean: ({ content }) => content(),
} satisfies Record<ReadPosition, Reader>;

/** First index at which two lists of ids differ; the length of the shorter where one is the beginning of the other. */
export function partingOf(a: readonly number[], b: readonly number[]): number {
  const shorter = Math.min(a.length, b.length);
  let i = 0;
  while (i < shorter && a[i] === b[i]) i++;
  return i;
}
