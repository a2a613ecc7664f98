/** h + min(0, c − h·v̂)·v̂: what the projection on v̂ exceeds c by is cut. A floor is a cap along −v̂. */
import type { InterventionKind } from './kind';

export const cap: InterventionKind = {
  vector: 'share',
  // min(0, c − p) = −relu(p − c): the sign goes into the vector.
  sign: -1,
  sideInputs: ['direction', 'value'],
  change: (nodes, h, { vector, direction, value }) =>
    nodes.node('Mul', [nodes.node('Relu', [nodes.node('Sub', [nodes.node('MatMul', [h, direction]), value])]), vector]),
};
