/** (h + α·v̂) · ‖h‖ / ‖h + α·v̂‖: the direction turns, the length stays. */
import type { InterventionKind } from './kind';

/** Keeps 0/0 from becoming NaN for a state that is all zero; too small to change any other. */
const TINY = 1e-30;

export const addKeepNorm: InterventionKind = {
  vector: 'dose',
  sign: 1,
  sideInputs: [],
  // With m = h + a the result is m·‖h‖/‖m‖ = m + m·(‖h‖ − ‖m‖)/‖m‖, and the change a + m·(‖h‖ − ‖m‖)/‖m‖. In this form it
  // is exactly zero for a = 0 on any device; x/x need not be 1 on a GPU.
  change: (nodes, h, { vector }) => {
    const moved = nodes.node('Add', [h, vector]);
    const length = nodes.norm(moved);
    const excess = nodes.node('Sub', [nodes.norm(h), length]);
    const ratio = nodes.node('Div', [excess, nodes.node('Add', [length, nodes.constant(TINY)])]);
    return nodes.node('Add', [vector, nodes.node('Mul', [moved, ratio])]);
  },
};
