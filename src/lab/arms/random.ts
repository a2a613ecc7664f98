/** The target, steered with random directions of every orientation alike: what a push of that length does. */
import { randomDirections } from '../vectors';
import type { ArmDirections } from './arm';

export const random: ArmDirections<'random'> = {
  id: 'random',
  directions: ({ width, draws, seed }) => randomDirections(width, draws, seed),
  fromSeed: randomDirections,
};
