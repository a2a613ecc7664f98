import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PairStates } from './extract';
import { choosePairs, fitHalf, heldOutAuroc, isHeldOut } from './held-out-pairs';

const pairsOf = (count: number) => Array.from({ length: count }, (_, i) => ({ positive: `p${i}`, negative: `n${i}` }));

describe('choosePairs', () => {
  test('takes all in their order where they are no more than asked for', () => {
    expect(choosePairs(pairsOf(3), 3, 1)).toEqual(pairsOf(3));
    expect(choosePairs(pairsOf(3), 64, 2)).toEqual(pairsOf(3));
  });

  test('takes so many different pairs, the same of one seed and others of another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 60 }), fc.integer({ min: 1, max: 4 }), fc.nat(), (count, take, seed) => {
        const chosen = choosePairs(pairsOf(count), take, seed);
        expect(new Set(chosen.map(({ positive }) => positive)).size).toBe(take);
        expect(choosePairs(pairsOf(count), take, seed)).toEqual(chosen);
      }),
      { numRuns: 50 },
    );
    expect(choosePairs(pairsOf(128), 64, 7)).not.toEqual(choosePairs(pairsOf(128), 64, 8));
  });
});

describe('held-out pairs', () => {
  test('every fourth is held out, none of fewer than eight', () => {
    expect(Array.from({ length: 9 }, (_, i) => isHeldOut(i, 9))).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
      false,
      true,
      false,
    ]);
    expect(Array.from({ length: 7 }, (_, i) => isHeldOut(i, 7)).some(Boolean)).toBe(false);
  });

  /** Eight pairs of width 2: the held-out ones (3 and 7) lie the other way round. */
  const states: PairStates = {
    width: 2,
    positive: Float32Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? (Math.floor(i / 2) % 4 === 3 ? -1 : 1) : i)),
    negative: Float32Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 0 : i)),
  };

  test('the vector is made from the others', () => {
    const half = fitHalf(states);
    expect(half.positive.length / half.width).toBe(6);
    expect([...half.positive].filter((_, i) => i % 2 === 0)).toEqual([1, 1, 1, 1, 1, 1]);
    expect([...half.positive].filter((_, i) => i % 2 === 1)).toEqual([1, 3, 5, 9, 11, 13]);
  });

  test('AUROC is of the held-out pairs alone; of all where none is held out', () => {
    const along = Float32Array.of(1, 0);
    expect(heldOutAuroc(states, along)).toBe(0);
    expect(
      heldOutAuroc(
        states,
        along.map((x) => -x),
      ),
    ).toBe(1);
    const few = { ...states, positive: states.positive.slice(0, 6), negative: states.negative.slice(0, 6) };
    expect(heldOutAuroc(few, along)).toBe(1);
  });
});
