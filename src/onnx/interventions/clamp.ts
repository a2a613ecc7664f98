/** h + (c − h·v̂)·v̂: the projection on v̂ becomes c. */
import type { InterventionKind } from './kind';

export const clamp: InterventionKind = {
  vector: 'share',
  sign: 1,
  sideInputs: ['direction', 'value'],
  change: (nodes, h, { vector, direction, value }) =>
    nodes.node('Mul', [nodes.node('Sub', [value, nodes.node('MatMul', [h, direction])]), vector]),
};
