/** Each dimension to the dimension of the same number: what a map costs nothing to beat. */
import { identityMap } from '../../math/maps';
import type { MapKindSpec } from './kind';

export const identity: MapKindSpec = {
  id: 'identity',
  fit: ({ moments, ridge }) => [identityMap(moments, ridge.map.lambda)],
};
