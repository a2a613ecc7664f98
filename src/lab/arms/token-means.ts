/**
 * The target, steered along what a table says: every token of the contrast pairs is looked up in a table of the target's
 * mean state for that token, and the direction is extracted from these as from the states themselves. No source, no map and
 * no context: a mapped vector that does no better carries nothing but which words stand in the pairs.
 */
import { LabError } from '../../experiment/errors';
import { unit } from '../vectors';
import type { ComparedDirections, ReadTokens, TokenTable } from './arm';

export const tokenMeans: ComparedDirections<'token-means'> = {
  id: 'token-means',
  async directions({ extract, read, tokenTable }) {
    const table = await tokenTable();
    const { positive, negative } = read();
    try {
      const states = {
        width: table.mean.length,
        positive: lookedUp(positive, table),
        negative: lookedUp(negative, table),
      };
      return [unit(extract(states))];
    } catch (error) {
      // Sides of the same tokens in another order: the table cannot tell them apart.
      if (error instanceof LabError && error.code === 'no-effect') return [];
      throw error;
    }
  },
};

/** Mean over the tokens of each text of their rows of the table; a token that is not in it has the mean of all. */
function lookedUp(texts: ReadTokens['positive'], { mean, tokens }: TokenTable): Float32Array {
  const width = mean.length;
  const out = new Float32Array(texts.length * width);
  texts.forEach((ids, i) => {
    // In one order, so that sides of the same tokens come to the same numbers, to the last bit.
    for (const id of ids.toSorted((a, b) => a - b)) {
      const state = tokens.get(id) ?? mean;
      for (let d = 0; d < width; d++) out[i * width + d] += state[d] / ids.length;
    }
  });
  return out;
}
