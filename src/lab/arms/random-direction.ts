/**
 * The target, steered with a random direction of the source, carried across by the map: what the map makes of any
 * direction. It is a stronger control than a random direction of the target, since the map sends most of what it is given
 * into the few directions in which the target's states vary.
 */
import { norm } from '../../math/stats';
import { mapDirection, randomDirections, unit } from '../vectors';
import type { ComparedDirections, ComparedInput } from './arm';

export const randomDirection: ComparedDirections<'random-direction'> = {
  id: 'random-direction',
  directions: async (input) => carriedRandom(input, input.draws),
};

/** Unit directions [dT] of random directions of the source, of the length of its vector. */
export function carriedRandom(
  { vectors, map, addBias, seed }: Pick<ComparedInput, 'vectors' | 'map' | 'addBias' | 'seed'>,
  draws: number,
): Float32Array[] {
  const length = norm(vectors.source);
  return randomDirections(map.sourceWidth, draws, seed).map((direction) =>
    unit(
      mapDirection(
        map,
        direction.map((x) => x * length),
        addBias,
      ),
    ),
  );
}
