/** Contrast pairs as two aligned texts, one example a line; a line break inside an example is written \n, a backslash \\. */
import { LabError } from '../../experiment/errors';
import type { ContrastPair } from '../../experiment/schema';
import { escapeLine, unescapeLine } from '../../files/escapes';

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(unescapeLine);

/** An example as one line: what {@link pairsOf} makes an example of again, but for spaces around it. */
export const lineOf = escapeLine;

/**
 * Pairs line i of one side with line i of the other.
 * @throws LabError `pairs-one-sided` when a side is empty or shorter, `pairs-too-few` under two pairs
 */
export function pairsOf(positive: string, negative: string): ContrastPair[] {
  const up = lines(positive);
  const down = lines(negative);
  if (up.length !== down.length) {
    throw new LabError('pairs-one-sided.lists', {
      positive: up.length,
      negative: down.length,
      lacking: Math.abs(up.length - down.length),
      fewer: up.length < down.length ? 'positive' : 'negative',
    });
  }
  if (up.length < 2) throw new LabError('pairs-too-few.lists', { count: up.length });
  return up.map((text, i) => ({ positive: text, negative: down[i] }));
}

/** Words of a comma-separated list. */
export const wordsOf = (text: string): string[] =>
  text
    .split(/[,\n]/)
    .map((word) => word.trim())
    .filter((word) => word !== '');
