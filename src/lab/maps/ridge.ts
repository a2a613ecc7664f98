/**
 * Any matrix, held back a little from fitting noise: the map that the fit has solved for, which the other kinds start
 * from.
 */
import type { MapKindSpec } from './kind';

export const ridge: MapKindSpec = { id: 'ridge', fit: ({ ridge: fitted }) => [fitted] };
