import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { argmax, Sampler, sampleTopP } from './sampling';

/** The definition: sort everything, keep the shortest prefix that reaches topP, draw from it by id. */
function byDefinition(logits: Float32Array, temperature: number, topP: number, uniform: number): number {
  const top = Math.max(...logits);
  const weights = Array.from(logits, (x) => Math.exp((x - top) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  const order = weights.map((_, i) => i).toSorted((a, b) => weights[b] - weights[a] || a - b);
  const nucleus: number[] = [];
  let mass = 0;
  for (const i of order) {
    if (mass >= topP * total) break;
    nucleus.push(i);
    mass += weights[i];
  }
  nucleus.sort((a, b) => a - b);
  let left = uniform * mass;
  for (const i of nucleus) {
    left -= weights[i];
    if (left < 0) return i;
  }
  return nucleus.at(-1)!;
}

test('argmax takes the lowest index among equals', () => {
  expect(argmax(Float32Array.of(1, 3, 3, 2))).toBe(1);
  expect(argmax(Float32Array.of(-5))).toBe(0);
});

describe('sampleTopP', () => {
  test('is the definition of nucleus sampling', () => {
    const logit = fc.float({ min: -20, max: 20, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(logit, { minLength: 1, maxLength: 60 }),
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (values, temperature, topP, uniform) => {
          const logits = Float32Array.from(values);
          expect(sampleTopP(logits, temperature, topP, uniform)).toBe(byDefinition(logits, temperature, topP, uniform));
        },
      ),
    );
  });

  test('equal logits: the lower ids are in', () => {
    const flat = new Float32Array(10);
    expect(Array.from({ length: 8 }, (_, i) => sampleTopP(flat, 1, 0.35, i / 8))).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  test('draws with the probabilities of the softmax', () => {
    const logits = Float32Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.2));
    const counts = [0, 0, 0];
    for (let i = 0; i < 1000; i++) counts[sampleTopP(logits, 1, 1, (i + 0.5) / 1000)]++;
    expect(counts).toEqual([500, 300, 200]);
  });

  test('never leaves the nucleus', () => {
    const logits = Float32Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.2));
    for (let i = 0; i < 100; i++) expect(sampleTopP(logits, 1, 0.6, i / 100)).toBeLessThan(2);
  });
});

test('streams depend on seed and row, and on nothing else', () => {
  const flat = new Float32Array(1000);
  const draw = (seed: number, row: number): number[] => {
    const sampler = new Sampler(
      { temperature: 1, topP: 1, seed },
      Array.from({ length: row + 1 }, (_, i) => i),
    );
    return [sampler.next(row, flat), sampler.next(row, flat)];
  };
  expect(draw(3, 2)).toEqual(draw(3, 2));
  expect(draw(3, 2)).not.toEqual(draw(3, 1));
  expect(draw(1, 0)).not.toEqual(draw(0, 1));
  const greedy = new Sampler({ temperature: 0, topP: 0.5, seed: 1 }, [0]);
  expect(greedy.next(0, Float32Array.of(0, 2, 1))).toBe(1);
});
