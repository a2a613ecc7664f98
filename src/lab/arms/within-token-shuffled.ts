/**
 * The target, steered with the source's vector carried by a map whose pairs were shuffled among positions of the same
 * token: all that the map can still know is which token stands where, nothing of the text around it. No row keeps its
 * partner: the shuffles have no fixed point, and rows of a token that the sample has once are left out, of which there are
 * enough (a fifth of 3,072 in the bundled family) to bring the true pairing back.
 */
import { Random } from '../../math/random';
import type { MatrixLike } from '../../math/matrix';
import { rowsOf } from '../fit';
import { pickRows, type Sample } from '../rows';
import { sampledRows, type ComparedDirections } from './arm';
import { ridgeCarrier } from './carry';

export const withinTokenShuffled: ComparedDirections<'within-token-shuffled'> = {
  id: 'within-token-shuffled',
  async directions(input) {
    const { X, Y } = sampledRows(input);
    const groups = tokenGroups(input.sample).filter(({ length }) => length > 1);
    const kept = groups.flat();
    // Numbers of the rows among those that are kept, group by group.
    let at = 0;
    const own = groups.map((group) => group.map(() => at++));
    if (kept.length === 0) return [];
    const carry = ridgeCarrier(picked(X, kept), picked(Y, kept), input.vectors.source, input.map.lambda, input.addBias);
    const random = new Random(input.seed);
    return Array.from({ length: input.draws }, () => carry(shuffledWithin(own, kept.length, random)));
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

const picked = ({ cols, data }: MatrixLike, rows: readonly number[]): MatrixLike => ({
  rows: rows.length,
  cols,
  data: pickRows(data as Float32Array, rows, cols),
});

/** An order of the rows in which each stays within its group and none where it is: a random cycle of each (Sattolo 1986). */
export function shuffledWithin(groups: readonly number[][], rows: number, random: Random): Int32Array {
  const order = new Int32Array(rows);
  for (const group of groups) {
    const cycle = [...group];
    for (let i = cycle.length - 1; i > 0; i--) {
      const j = random.integer(i);
      [cycle[i], cycle[j]] = [cycle[j], cycle[i]];
    }
    group.forEach((row, i) => (order[row] = cycle[i]));
  }
  return order;
}
