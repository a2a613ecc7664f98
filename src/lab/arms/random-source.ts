/**
 * The target, steered with a vector of a source that has learnt nothing: a model of the same form whose weights were
 * shuffled within each matrix. Its states of the same pairs give the vector, and a map fitted to its states of the same
 * text carries it. What such an arm does comes from the tokens and from the target.
 */
import { sampledRows, type ComparedDirections } from './arm';
import { ridgeCarrier } from './carry';

const SEED_STEP = 104_729;

export const randomSource: ComparedDirections<'random-source'> = {
  id: 'random-source',
  async directions(input) {
    const { otherSource, extract, map, addBias, draws, seed } = input;
    if (otherSource === null) return null;
    const { Y } = sampledRows(input);
    const found: Float32Array[] = [];
    for (let k = 1; k <= draws; k++) {
      const { rows, pairs } = await otherSource((seed + k * SEED_STEP) % 2 ** 32);
      const X = { rows: Y.rows, cols: pairs.width, data: rows };
      found.push(ridgeCarrier(X, Y, extract(pairs), map.lambda, addBias)());
    }
    return found;
  },
};
