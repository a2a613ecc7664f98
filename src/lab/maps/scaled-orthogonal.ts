/** Only a rotation and one scale, the least-squares one: shapes are kept, nothing is stretched. */
import { fittedMap, rotationOf } from '../../math/maps';
import type { MapKindSpec } from './kind';

export const scaledOrthogonal: MapKindSpec = {
  id: 'scaled-orthogonal',
  fit: ({ moments, ridge }) => {
    const { W, scale } = rotationOf(moments.train);
    return [fittedMap(W, moments, ridge.map.lambda, scale)];
  },
  gpu: async (maps) => [(await maps.rotations()).scaled],
};
