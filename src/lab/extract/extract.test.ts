import { describe, expect, test } from 'vitest';
import { EXTRACTIONS } from '../../experiment/schema';
import { relativeError } from '../../math/matrix';
import { Random } from '../../math/random';
import { cosine, dot, norm } from '../../math/stats';
import { EXTRACTION_METHODS, extractVector, type PairStates } from './index';
import { chooseStrength, heldOutLosses, probeWeights, STRENGTHS } from './logistic-probe';
import { meanDifference } from './method';
import { oracleCases, plantedPairs, reordered } from './testing';

const every = { pairs: 1200, width: 8, separation: 3, content: 0.5, noise: 0.5 };

describe.each(oracleCases())('scikit-learn on $name', ({ width, positive, negative, expected }) => {
  const states: PairStates = { width, positive, negative };

  test.each(['difference-of-means', 'principal-component'] as const)('%s', (method) => {
    expect(relativeError(EXTRACTION_METHODS[method].fit(states, 1), expected[method])).toBeLessThan(1e-6);
  });

  test.each(expected['logistic-probe'])('the logistic probe of strength $strength', ({ strength, weights }) => {
    expect(relativeError(probeWeights(states, strength), weights)).toBeLessThan(2e-6);
  });
});

describe.each(EXTRACTIONS)('%s', (method) => {
  const fit = (states: PairStates): Float32Array => extractVector(states, method, 7, 'small');

  test.each([1, 2, 3])('recovers a planted direction, seed %i', (seed) => {
    const states = plantedPairs(every, seed);
    const v = fit(states);
    expect(cosine(v, states.direction)).toBeGreaterThan(0.99);
    expect(norm(v)).toBeGreaterThan(2.8);
    expect(norm(v)).toBeLessThan(3.2);
  });

  test('recovers it where the model is wider than there are states', () => {
    const states = plantedPairs({ pairs: 80, width: 192, separation: 6, content: 0.2, noise: 0.2 }, 4);
    expect(cosine(fit(states), states.direction)).toBeGreaterThan(0.95);
  });

  test('a massive dimension that both sides of a pair share does not turn it', () => {
    const states = plantedPairs({ ...every, noise: 0 }, 5, { dimension: 3, size: 1000 });
    expect(cosine(fit(states), states.direction)).toBeGreaterThan(0.99);
  });

  test('does not depend on the order of the pairs, and repeats to the bit', () => {
    const states = plantedPairs({ ...every, pairs: 60 }, 6);
    const v = fit(states);
    expect(fit(states)).toEqual(v);
    expect(relativeError(fit(reordered(states, 8)), v)).toBeLessThan(1e-6);
  });

  test('turns about when the sides are exchanged', () => {
    const { width, positive, negative } = plantedPairs({ ...every, pairs: 60 }, 9);
    const v = fit({ width, positive, negative });
    const back = fit({ width, positive: negative, negative: positive });
    expect(cosine(v, back)).toBeLessThan(-0.999);
  });

  test('has the length of the mean difference along it', () => {
    const states = plantedPairs({ ...every, pairs: 60 }, 10);
    const v = fit(states);
    expect(norm(v)).toBeCloseTo(dot(v, meanDifference(states)) / norm(v), 5);
  });

  test('states that are all equal, or equal pair by pair, have no direction', () => {
    const equal = new Float32Array(4 * 5).fill(1.5);
    const pairwise = Float32Array.from(new Random(11).normals(20));
    for (const rows of [equal, pairwise])
      expect(() => fit({ width: 5, positive: rows, negative: rows.slice() })).toThrow(
        expect.objectContaining({ code: 'no-effect', params: { model: 'small', method } }),
      );
  });

  test('states that are not finite are named', () => {
    const { width, positive, negative } = plantedPairs({ ...every, pairs: 8 }, 12);
    positive[5] = NaN;
    expect(() => fit({ width, positive, negative })).toThrow(expect.objectContaining({ code: 'non-finite' }));
  });

  test('differences that cancel in the mean have no direction', () => {
    const positive = Float32Array.of(1, 0, 0, 1);
    const negative = Float32Array.of(0, 1, 1, 0);
    expect(() => fit({ width: 2, positive, negative })).toThrow(expect.objectContaining({ code: 'no-effect' }));
  });
});

describe('a massive dimension that differs from text to text', () => {
  const states = plantedPairs({ ...every, pairs: 400 }, 13, { dimension: 3, size: 300 });

  test('drowns the difference of means and the principal component', () => {
    for (const method of ['difference-of-means', 'principal-component'] as const)
      expect(Math.abs(cosine(extractVector(states, method, 1, 'small'), states.direction))).toBeLessThan(0.8);
  });

  test('does not drown the probe', () => {
    expect(cosine(extractVector(states, 'logistic-probe', 1, 'small'), states.direction)).toBeGreaterThan(0.97);
  });
});

describe('the strength of the probe', () => {
  test('is the one with the least loss on held-out pairs', () => {
    const states = plantedPairs({ ...every, pairs: 40, separation: 1 }, 14);
    const losses = heldOutLosses(states, 3);
    expect(losses.map(({ strength }) => strength)).toEqual([...STRENGTHS]);
    const best = Math.min(...losses.map(({ loss }) => loss));
    expect(losses.find(({ strength }) => strength === chooseStrength(states, 3))?.loss).toBe(best);
  });

  test('falls as the sides grow clearer', () => {
    const typical = (separation: number): number => {
      const chosen = [1, 2, 3, 4, 5].map((seed) =>
        chooseStrength(plantedPairs({ pairs: 40, width: 24, separation, content: 1, noise: 1 }, 20 + seed), seed),
      );
      return chosen.toSorted((a, b) => a - b)[2];
    };
    const [none, some, clear] = [0, 3, 12].map(typical);
    expect(some).toBeLessThan(none);
    expect(clear).toBeLessThan(some);
  });

  test('of sides that say nothing, held-out states lose a coin’s log 2 at least', () => {
    const none = plantedPairs({ pairs: 60, width: 24, separation: 0, content: 1, noise: 1 }, 17);
    for (const { loss } of heldOutLosses(none, 1)) expect(loss).toBeGreaterThan(Math.LN2 - 0.02);
  });
});
