import { expect, test } from 'vitest';
import { Random } from './random';
import { Float64Fit } from '../fit/float64-fit';
import { ridgeWeights } from './ridge-weights';

const [n, dS, dT] = [120, 7, 5];
const random = new Random(3);
const X = Float32Array.from(random.normals(n * dS), (x, i) => (i % dS === 2 ? 4 : x + (i % dS)));
const Y = Float32Array.from(random.normals(n * dT), (y, i) => y + 0.5 * X[Math.floor(i / dT) * dS]);
const v = Float32Array.from(random.normals(dS));

test.each([1e-3, 0.1, 3])('carry a vector as the fitted map does, also of shuffled rows: λ = %f', async (lambda) => {
  const weights = ridgeWeights({ rows: n, cols: dS, data: X }, v, lambda);
  for (const seed of [null, 1, 2]) {
    const order = seed === null ? Array.from({ length: n }, (_, i) => i) : [...new Random(seed).permutation(n)];
    const paired = Float32Array.from({ length: n * dT }, (_, i) => Y[order[Math.floor(i / dT)] * dT + (i % dT)]);
    const fit = new Float64Fit({ sourceLayers: 1, targetLayers: 1, sourceWidth: dS, targetWidth: dT });
    fit.add({ source: [X], target: [paired], rows: n, split: 'train' });
    fit.add({ source: [X], target: [paired], rows: n, split: 'heldOut' });
    const { W } = (await fit.solve(0, 0, lambda)).best;
    for (let j = 0; j < dT; j++) {
      let [carried, expected, mean] = [0, 0, 0];
      for (let i = 0; i < n; i++) mean += paired[i * dT + j] / n;
      for (let i = 0; i < n; i++) carried += weights[i] * (paired[i * dT + j] - mean);
      for (let k = 0; k < dS; k++) expected += v[k] * W[k * dT + j];
      expect(carried).toBeCloseTo(expected, 5);
    }
  }
});

test('a vector of another width is refused', () => {
  expect(() => ridgeWeights({ rows: n, cols: dS, data: X }, v.subarray(1), 0.1)).toThrow(RangeError);
});
