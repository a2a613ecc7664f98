/** The source, steered with the vector that was found in it. */
import { unit } from '../vectors';
import type { ArmDirections } from './arm';

export const smallSteered: ArmDirections<'small-steered'> = {
  id: 'small-steered',
  directions: ({ vectors }) => [unit(vectors.source)],
};
