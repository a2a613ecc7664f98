/**
 * The target, steered with the source's vector carried by a map whose pairs were shuffled among positions of the same
 * token: all that the map can still know is which token stands where, nothing of the text around it. A token that the
 * sample has once keeps its partner.
 */
import { Random } from '../../math/random';
import { rowsOf } from '../fit';
import type { Sample } from '../rows';
import { sampledRows, type ComparedDirections } from './arm';
import { ridgeCarrier } from './carry';

export const withinTokenShuffled: ComparedDirections<'within-token-shuffled'> = {
  id: 'within-token-shuffled',
  async directions(input) {
    const { X, Y } = sampledRows(input);
    const carry = ridgeCarrier(X, Y, input.vectors.source, input.map.lambda, input.addBias);
    const groups = tokenGroups(input.sample);
    const random = new Random(input.seed);
    return Array.from({ length: input.draws }, () => carry(shuffledWithin(groups, X.rows, random)));
  },
};

/** Training rows of a sample (by their number among these) that stand at the same token in both models. */
export function tokenGroups(sample: Sample): number[][] {
  const groups = new Map<string, number[]>();
  rowsOf(sample, false).forEach((row, i) => {
    const { token, partner } = sample.labels[row];
    const key = partner === undefined ? token : `${token}\u0000${partner}`;
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  });
  return [...groups.values()];
}

/** An order of the rows in which each stays within its group. */
function shuffledWithin(groups: readonly number[][], rows: number, random: Random): Int32Array {
  const order = new Int32Array(rows);
  for (const group of groups) {
    const own = random.permutation(group.length);
    group.forEach((row, i) => (order[row] = group[own[i]]));
  }
  return order;
}
