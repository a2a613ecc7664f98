/** h − (h·v̂)·v̂: the stream without its part along v̂. */
import type { InterventionKind } from './kind';

export const ablate: InterventionKind = {
  vector: 'share',
  // The change is −(h·v̂)·v̂: the sign goes into the vector.
  sign: -1,
  sideInputs: ['direction'],
  change: (nodes, h, { vector, direction }) => nodes.node('Mul', [nodes.node('MatMul', [h, direction]), vector]),
};
