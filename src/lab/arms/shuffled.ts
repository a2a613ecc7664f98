/**
 * The target, steered with the source's vector carried by a map that was fitted to shuffled pairs: the same states of both
 * models, the same ridge and λ, but every position of the source paired with some other position of the target. What such
 * a map carries is in the statistics of the two models, not in what they compute of the same text.
 *
 * The rows are those of the bounded sample that the run keeps (the map itself is fitted to all that were collected), as
 * for the R² of shuffled pairs. The directions are unit vectors, so that the shorter vector of such a map makes no weaker
 * push.
 */
import { Random } from '../../math/random';
import { sampledRows, type ArmDirections, type ArmInput } from './arm';
import { ridgeCarrier } from './carry';

export const shuffled: ArmDirections<'shuffled'> = { id: 'shuffled', directions };

function directions(input: ArmInput): Float32Array[] {
  const { X, Y } = sampledRows(input);
  const carry = ridgeCarrier(X, Y, input.vectors.source, input.map.lambda, input.addBias);
  const random = new Random(input.seed);
  return Array.from({ length: input.draws }, () => carry(random.permutation(X.rows)));
}
