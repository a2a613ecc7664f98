/** Only a rotation (orthogonal Procrustes, Schönemann 1966): lengths are kept as they are. */
import { fittedMap, rotationOf } from '../../math/maps';
import type { MapKindSpec } from './kind';

export const orthogonal: MapKindSpec = {
  id: 'orthogonal',
  fit: ({ moments, ridge }) => [fittedMap(rotationOf(moments.train).R, moments, ridge.map.lambda, 1)],
  gpu: async (maps) => [(await maps.rotations()).plain],
};
