/** The target, steered with the source's vector, carried across by the map: the arm under test. */
import { unit } from '../vectors';
import type { ArmDirections } from './arm';

export const mapped: ArmDirections<'mapped'> = {
  id: 'mapped',
  directions: ({ vectors }) => [unit(vectors.mapped)],
};
