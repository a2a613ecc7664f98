/** Which contrast pairs make a vector, and how the others judge it. */
import type { ContrastPair } from '../experiment/schema';
import { Random } from '../math/random';
import { auroc } from '../math/stats';
import type { PairStates } from './extract';
import { projectRow } from './vectors';

/** Pairs held back from the vector, to judge it by: every fourth. */
const HELD_OUT_PAIR = 4;

/** A seeded choice of at most `count` pairs: all of them in their order, where they are no more. */
export function choosePairs(pairs: readonly ContrastPair[], count: number, seed: number): ContrastPair[] {
  if (pairs.length <= count) return [...pairs];
  return Array.from(new Random(seed).permutation(pairs.length).subarray(0, count), (i) => pairs[i]);
}

/** Whether a pair (by its index) is held back from the vector: none is where fewer than two would be. */
export function isHeldOut(pair: number, pairs: number): boolean {
  return pairs >= 2 * HELD_OUT_PAIR && pair % HELD_OUT_PAIR === HELD_OUT_PAIR - 1;
}

function half(states: PairStates, heldOut: boolean): PairStates {
  const pairs = states.positive.length / states.width;
  const members = Array.from({ length: pairs }, (_, i) => i).filter((i) => isHeldOut(i, pairs) === heldOut);
  const take = (rows: Float32Array): Float32Array => {
    const out = new Float32Array(members.length * states.width);
    members.forEach((pair, k) =>
      out.set(rows.subarray(pair * states.width, (pair + 1) * states.width), k * states.width),
    );
    return out;
  };
  return { width: states.width, positive: take(states.positive), negative: take(states.negative) };
}

/** The pairs that make the vector. */
export function fitHalf(states: PairStates): PairStates {
  return half(states, false);
}

/** AUROC of the projections of pairs that did not make the vector; of all pairs when there are too few to hold any back. */
export function heldOutAuroc(states: PairStates, direction: Float32Array): number {
  const held = half(states, true);
  const { width, positive, negative } = held.positive.length > 0 ? held : states;
  const projections = (rows: Float32Array): number[] =>
    Array.from({ length: rows.length / width }, (_, i) => projectRow(rows, i, direction));
  return auroc(projections(positive), projections(negative));
}
