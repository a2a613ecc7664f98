/** Positions of two tokenizations of one text that have read the same characters. */

export interface Alignment {
  /** Token positions (first text, second text), ascending. */
  pairs: [number, number][];
  /** Share of the tokens of each side that have a partner, among those that stand for any character. */
  share: { a: number; b: number };
}

/**
 * Pairs the tokens after which both models have read exactly the same characters: for every
 * character at which tokens of both sides end, the last such token of each.
 * @param a offsets [start, end) of one tokenization's tokens, ends ascending; tokens of no characters take no part
 * @param b offsets of the other, of the same text
 * @throws RangeError if the ends of one side descend
 */
export function alignByCharacters(
  a: readonly (readonly [number, number])[],
  b: readonly (readonly [number, number])[],
): Alignment {
  const [left, right] = [lastByEnd(a), lastByEnd(b)];
  const pairs: [number, number][] = [];
  for (const [end, i] of left.positions) {
    const j = right.positions.get(end);
    if (j !== undefined) pairs.push([i, j]);
  }
  return {
    pairs,
    share: {
      a: left.tokens === 0 ? 0 : pairs.length / left.tokens,
      b: right.tokens === 0 ? 0 : pairs.length / right.tokens,
    },
  };
}

function lastByEnd(offsets: readonly (readonly [number, number])[]): {
  positions: Map<number, number>;
  tokens: number;
} {
  const positions = new Map<number, number>();
  let tokens = 0;
  let last = 0;
  offsets.forEach(([start, end], i) => {
    if (start === end) return;
    if (end < last) throw new RangeError(`The token at position ${i} ends before the one in front of it.`);
    last = end;
    tokens++;
    positions.set(end, i);
  });
  return { positions, tokens };
}
