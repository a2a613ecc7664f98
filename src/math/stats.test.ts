import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distinctN, entropyFromLogits, klFromLogits, logSoftmax, repN } from './information';
import { Random } from './random';
import {
  auroc,
  bootstrap,
  bootstrapMean,
  centredCosine,
  chanceBand,
  cohensD,
  cosine,
  median,
  norm,
  pearson,
  quantile,
  r2,
  ranks,
  spearman,
  variance,
  wilson,
} from './stats';

describe('random', () => {
  test('the stream of a seed never changes', () => {
    const random = new Random(42);
    expect([random.uint32(), random.uint32(), random.uint32(), random.uint32()]).toMatchInlineSnapshot(`
      [
        660444221,
        3652823732,
        77672526,
        910233633,
      ]
    `);
    expect(new Random(42).uniform()).toBe(new Random(42).uniform());
    expect(new Random(42).uint32()).not.toBe(new Random(43).uint32());
  });

  test('moments of uniforms and normals', () => {
    const random = new Random(1);
    const n = 50_000;
    const uniforms = Float64Array.from({ length: n }, () => random.uniform());
    expect(Math.abs(uniforms.reduce((a, b) => a + b) / n - 0.5)).toBeLessThan(0.01);
    const normals = random.normals(n);
    expect(Math.abs(normals.reduce((a, b) => a + b) / n)).toBeLessThan(0.02);
    expect(Math.abs(variance(normals) - 1)).toBeLessThan(0.03);
    const fourth = normals.reduce((a, b) => a + b ** 4, 0) / n;
    expect(Math.abs(fourth - 3)).toBeLessThan(0.15);
  });

  test('integers, permutations and unit vectors', () => {
    const random = new Random(2);
    const counts = new Int32Array(7);
    for (let i = 0; i < 7000; i++) counts[random.integer(7)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect([...random.permutation(100)].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(norm(random.unitVector(33))).toBeCloseTo(1, 12);
    expect(() => random.integer(0)).toThrowError(RangeError);
    expect(() => random.unitVector(0)).toThrowError(RangeError);
    expect(() => new Random(0.5)).toThrowError(RangeError);
  });
});

describe('intervals', () => {
  test('Wilson: the textbook values', () => {
    const { estimate, low, high } = wilson(10, 10);
    expect(estimate).toBe(1);
    expect(low).toBeCloseTo(0.7225, 4);
    expect(high).toBe(1);
    expect(wilson(0, 20).high).toBeCloseTo(0.1611, 4);
    expect(wilson(5, 10).low).toBeCloseTo(0.2366, 4);
    expect(() => wilson(3, 2)).toThrowError(RangeError);
    expect(() => wilson(0, 0)).toThrowError(RangeError);
  });

  test('quantiles interpolate as NumPy does', () => {
    expect(quantile([4, 1, 3, 2], 0.25)).toBe(1.75);
    expect(median([5, 1, 9])).toBe(5);
    expect(quantile([7], 0.9)).toBe(7);
    expect(() => quantile([], 0.5)).toThrowError(RangeError);
    expect(() => quantile([1], 2)).toThrowError(RangeError);
  });

  test('the bootstrap is seeded, covers, and survives undefined resamples', () => {
    const values = new Random(3).normals(400);
    const first = bootstrapMean(values, { seed: 5 });
    expect(bootstrapMean(values, { seed: 5 })).toEqual(first);
    // Width of a 95 % interval of a mean: 2·1.96·σ/√n.
    expect(first.high - first.low).toBeGreaterThan(0.15);
    expect(first.high - first.low).toBeLessThan(0.25);
    expect(first.low).toBeLessThan(first.estimate);
    const ratio = bootstrap(3, (at) => (at[0] === 0 ? NaN : at[0]), { resamples: 50 });
    expect(ratio.low).toBeGreaterThanOrEqual(1);
    expect(bootstrap(2, () => NaN)).toMatchObject({ low: NaN, high: NaN });
    expect(() => bootstrap(0, () => 0)).toThrowError(RangeError);
  });
});

describe('association', () => {
  test('Pearson and Spearman', () => {
    expect(pearson([1, 2, 3], [2, 4, 6])).toBe(1);
    expect(pearson([1, 2, 3], [1, 1, 1])).toBeNaN();
    expect(spearman([1, 2, 3, 4], [1, 8, 27, 64])).toBe(1);
    expect(spearman([1, 2, 3], [3, 2, 1])).toBe(-1);
    expect([...ranks([10, 20, 10, 30])]).toEqual([1.5, 3, 1.5, 4]);
    expect(() => pearson([1], [1])).toThrowError(RangeError);
  });

  test('AUROC counts the ordered pairs', () => {
    expect(auroc([2, 3], [0, 1])).toBe(1);
    expect(auroc([1], [1])).toBe(0.5);
    const scores = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(scores, scores, (a, b) => {
        let wins = 0;
        for (const x of a) for (const y of b) wins += x > y ? 1 : x === y ? 0.5 : 0;
        expect(auroc(a, b)).toBeCloseTo(wins / (a.length * b.length), 12);
      }),
    );
  });

  test('Cohen’s d, cosine, chance band', () => {
    expect(cohensD([2, 4], [1, 3])).toBeCloseTo(1 / Math.SQRT2, 12);
    expect(cohensD([1, 1], [1, 1])).toBe(0);
    expect(cosine([1, 0], [1, 1])).toBeCloseTo(Math.SQRT1_2, 12);
    expect(cosine([0, 0], [1, 1])).toBeNaN();
    expect(chanceBand(384)).toBeCloseTo(0.1, 3);
    // The band is what it says: about 5 % of random cosines are outside.
    const random = new Random(4);
    const axis = random.unitVector(50);
    let outside = 0;
    for (let i = 0; i < 4000; i++) if (Math.abs(cosine(random.unitVector(50), axis)) > chanceBand(50)) outside++;
    expect(Math.abs(outside / 4000 - 0.05)).toBeLessThan(0.012);
  });
});

describe('metrics of a map', () => {
  const actual = { rows: 2, cols: 2, data: Float64Array.of(1, 2, 3, 4) };

  test('R² is 1 for the rows themselves, 0 for the training mean', () => {
    expect(r2(actual, actual, [0, 0])).toBe(1);
    expect(r2({ ...actual, data: Float64Array.of(5, 6, 5, 6) }, actual, [5, 6])).toBe(0);
    expect(() => r2(actual, actual, [0])).toThrowError(RangeError);
  });

  test('the cosine is taken about the mean', () => {
    expect(centredCosine(actual, actual, [9, 9])).toBeCloseTo(1, 12);
    // An uncentred cosine of these would be near 1.
    const opposite = { ...actual, data: Float64Array.of(101, 100, 99, 100) };
    const other = { ...actual, data: Float64Array.of(99, 100, 101, 100) };
    expect(centredCosine(opposite, other, [100, 100])).toBe(-1);
    expect(centredCosine(actual, { ...actual, data: Float64Array.of(1, 1, 1, 1) }, [1, 1])).toBeNaN();
  });
});

describe('information', () => {
  test('log softmax is stable and normalised', () => {
    const lp = logSoftmax([1000, 1000, -Infinity]);
    expect(lp[0]).toBeCloseTo(-Math.LN2, 12);
    expect(lp[2]).toBe(-Infinity);
    expect(() => logSoftmax([])).toThrowError(RangeError);
  });

  test('KL: zero for equal, positive otherwise, in nats', () => {
    expect(klFromLogits([1, 2, 3], [11, 12, 13])).toBe(0);
    expect(klFromLogits([Math.log(0.5), Math.log(0.5)], [Math.log(0.9), Math.log(0.1)])).toBeCloseTo(
      0.5 * Math.log(0.5 / 0.9) + 0.5 * Math.log(0.5 / 0.1),
      12,
    );
    expect(entropyFromLogits([0, 0, 0, 0])).toBeCloseTo(Math.log(4), 12);
    expect(() => klFromLogits([1], [1, 2])).toThrowError(RangeError);
    const logits = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 5, maxLength: 5 });
    fc.assert(fc.property(logits, logits, (a, b) => klFromLogits(a, b) >= 0));
  });

  test('repetition', () => {
    expect(distinctN([1, 2, 3, 4], 3)).toBe(1);
    expect(repN([1, 1, 1, 1, 1], 3)).toBeCloseTo(2 / 3, 12);
    expect(distinctN([1, 2], 3)).toBe(1);
    expect(distinctN([1, 23, 12, 3], 2)).toBe(1); // the key must keep tokens apart
    expect(() => distinctN([1], 0)).toThrowError(RangeError);
  });
});
