/** The target, steered with a vector found in the target itself: what the mapped one is measured against. */
import { unit } from '../vectors';
import type { ArmDirections } from './arm';

export const native: ArmDirections<'native'> = {
  id: 'native',
  directions: ({ vectors }) => [unit(vectors.native)],
};
