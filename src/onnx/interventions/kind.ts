/** What an operation on the residual stream is to the editor of graphs: its inputs, and the nodes that compute its change. */
import type { Dim } from '../schema';

/**
 * Inputs beside the vector, float32:
 * `direction` [steer_batch, width, 1], the unit direction v̂ as a column: what the stream is projected on;
 * `value` [steer_batch, 1, 1], the projection that the operation compares with.
 */
export const SIDE_INPUTS = {
  direction: (width: number): readonly Dim[] => ['steer_batch', width, 1],
  value: (): readonly Dim[] => ['steer_batch', 1, 1],
} as const;
export type SideInput = keyof typeof SIDE_INPUTS;

/** Adds nodes to a graph, all of them before the stream is changed. Every method gives the name of what its node makes. */
export interface Nodes {
  node(op: string, inputs: readonly string[]): string;
  /** ‖x‖ along the last axis, which stays with length 1. */
  norm(tensor: string): string;
  /** A float32 constant of shape [1]. */
  constant(value: number): string;
}

/** Names of the operation's inputs. */
export type InterventionInputs = Record<SideInput, string> & {
  /** The vector, [steer_batch, steer_length, width]: what `InterventionKind.vector` says, zero where a position is not steered. */
  vector: string;
};

/**
 * One operation: h' = h + change. Every change is a product with `vector`, or vanishes with it, so that **neutral is a zero
 * vector**, whatever the other inputs hold: a row or a position that is not steered keeps its very bits.
 */
export interface InterventionKind {
  /** What the vector input holds: `dose`, α·v̂; `share`, sign·share·v̂ with the share of the operation that is carried out. */
  readonly vector: 'dose' | 'share';
  /** Factor on the vector that is fed; −1 spares the graph a node. */
  readonly sign: 1 | -1;
  readonly sideInputs: readonly SideInput[];
  /** Adds the nodes that compute the change from the stream h [batch, length, width]; null where the vector itself is the change. */
  readonly change: ((nodes: Nodes, h: string, inputs: InterventionInputs) => string) | null;
}
