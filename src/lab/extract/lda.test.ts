import { describe, expect, test } from 'vitest';
import { relativeError } from '../../math/matrix';
import { cosine } from '../../math/stats';
import { extractVector } from './index';
import { discriminant } from './lda';
import { oracleCases, plantedPairs } from './testing';

describe.each(oracleCases())('scikit-learn on $name', ({ width, positive, negative, expected }) => {
  test('the shrinkage of Ledoit and Wolf, and the weights with it', () => {
    const { weights, shrinkage } = discriminant({ width, positive, negative });
    expect(shrinkage).toBeCloseTo(expected.lda.shrinkage, 9);
    expect(relativeError(weights, expected.lda.weights)).toBeLessThan(1e-6);
  });
});

test('a massive dimension that differs from text to text does not drown it', () => {
  const states = plantedPairs({ pairs: 400, width: 8, separation: 3, content: 0.5, noise: 0.5 }, 13, {
    dimension: 3,
    size: 300,
  });
  expect(cosine(extractVector(states, 'lda', 1, 'small'), states.direction)).toBeGreaterThan(0.98);
});

test('rows and columns give the same weights', () => {
  // One state more or less than dimensions: the two ways of solving must meet.
  for (const width of [19, 20, 21]) {
    const states = plantedPairs({ pairs: 10, width, separation: 2, content: 1, noise: 1 }, 5);
    const padded = {
      width: width + 3,
      positive: padding(states.positive, width),
      negative: padding(states.negative, width),
    };
    const { weights } = discriminant(padded);
    expect(relativeError(weights.slice(0, width), discriminant(states).weights)).toBeLessThan(1e-6);
    expect(weights.slice(width)).toEqual(new Float32Array(3));
  }
});

/** Three constant dimensions beside each row: they must count for nothing. */
function padding(rows: Float32Array, width: number): Float32Array {
  const out = new Float32Array((rows.length / width) * (width + 3)).fill(2.5);
  for (let i = 0; i < rows.length / width; i++) out.set(rows.subarray(i * width, (i + 1) * width), i * (width + 3));
  return out;
}
