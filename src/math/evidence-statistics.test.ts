/** Statistics of the verdict: closed forms, and coverage by simulation. */
import { describe, expect, test } from 'vitest';
import { normalCdf, normalQuantile, studentQuantile } from './distributions';
import { fiellerRatio } from './fieller';
import {
  bootstrapGroups,
  differenceOfShares,
  groupedCovariance,
  groupedMeans,
  groupValues,
  shareOverDraws,
} from './grouped';
import { newcombe } from './newcombe';
import { Random } from './random';
import { wilson } from './stats';
import { signFlipTest, splitHalfCosine } from './sign-flip';

describe('distributions', () => {
  test('normal: tails and quantiles are the tabled ones', () => {
    expect(normalCdf(1.959964)).toBeCloseTo(0.975, 6);
    expect(normalCdf(-3)).toBeCloseTo(0.0013499, 6);
    expect(normalQuantile(0.995)).toBeCloseTo(2.575829, 4);
  });

  // Tables of Student's t, 97.5 %.
  test.each([
    [1, 12.706205],
    [2, 4.302653],
    [3, 3.182446],
    [5, 2.570582],
    [10, 2.228139],
    [47, 2.011741],
    [1000, 1.962339],
  ])('Student: ν = %i', (freedom, expected) => {
    expect(Math.abs(studentQuantile(0.975, freedom) / expected - 1)).toBeLessThan(freedom === 3 ? 0.01 : 2e-3);
  });
});

// Newcombe 1998, table II, method 10.
test.each([
  [56, 70, 48, 80, 0.0524, 0.3339],
  [9, 10, 3, 10, 0.1705, 0.809],
  [10, 10, 0, 20, 0.6791, 1],
])('Newcombe: %i/%i − %i/%i', (a, m, b, n, low, high) => {
  const found = newcombe(a, m, b, n);
  expect(found.low).toBeCloseTo(low, 3);
  expect(found.high).toBeCloseTo(high, 3);
});

/** Share of `runs` intervals that hold the truth. */
function coverage(
  runs: number,
  seed: number,
  one: (random: Random, run: number) => { low: number; high: number; truth: number },
) {
  const random = new Random(seed);
  let held = 0;
  for (let i = 0; i < runs; i++) {
    const { low, high, truth } = one(random, i);
    if (low <= truth && truth <= high) held++;
  }
  return held / runs;
}

/** Shares of two arms on the same prompts, every prompt with a leaning of its own that both arms share. */
function simulated(random: Random, prompts: number, each: number, p: number, lift: number) {
  const groupOf: number[] = [];
  const first: number[] = [];
  const second: number[] = [];
  for (let j = 0; j < prompts; j++) {
    const leaning = 0.5 * (random.uniform() - 0.5);
    // The first third of the prompts is asked once more, as where continuations are no multiple of the prompts.
    for (let k = 0; k < each + (j < prompts / 3 ? 1 : 0); k++) {
      groupOf.push(j);
      first.push(random.uniform() < p + lift + leaning ? 1 : 0);
      second.push(random.uniform() < p + leaning ? 1 : 0);
    }
  }
  return groupValues(groupOf, [first, second]);
}

describe('means over prompts', () => {
  test('sums by group; means and covariance of ungrouped values are the ordinary ones', () => {
    const grouped = groupValues([3, 5, 3], [[1, 2, 4]]);
    expect(grouped).toEqual({ counts: [2, 1], sums: [[5, 2]] });
    const x = [1, 0, 1, 1];
    const y = [0, 0, 1, 1];
    const single = groupValues([0, 1, 2, 3], [x, y]);
    expect(groupedMeans(single)).toEqual([0.75, 0.5]);
    const [[vx, xy], [, vy]] = groupedCovariance(single);
    // Sample variances 1/4 and 1/3, covariance 1/6; each over n.
    expect(vx).toBeCloseTo(1 / 16, 12);
    expect(vy).toBeCloseTo(1 / 12, 12);
    expect(xy).toBeCloseTo(1 / 24, 12);
  });

  test.each([
    [48, 1, 0.4, 0.2],
    [48, 3, 0.4, 0.2],
    [48, 1, 0.3, 0],
    [16, 2, 0.4, 0.2],
    [24, 20, 0.4, 0.1],
  ])(
    'the interval of a lift holds the truth as often as it says: %i prompts, %i each, base %f, lift %f',
    (prompts, each, p, lift) => {
      const found = coverage(800, 5, (random, run) => {
        const { low, high } = differenceOfShares(simulated(random, prompts, each, p, lift), {
          resamples: 400,
          seed: run,
        });
        return { low, high, truth: lift };
      });
      expect(found).toBeGreaterThanOrEqual(0.93);
      expect(found).toBeLessThanOrEqual(0.97);
    },
  );

  test('few prompts, and prompts that all agree, get Newcombe’s interval', () => {
    const agree = groupValues([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [Array(12).fill(1), Array(12).fill(0)]);
    expect(differenceOfShares(agree)).toEqual(newcombe(12, 12, 0, 12));
    const few = groupValues(
      [0, 1, 2, 0],
      [
        [1, 0, 1, 1],
        [0, 0, 1, 0],
      ],
    );
    expect(differenceOfShares(few)).toEqual(newcombe(2.25, 3, 0.75, 3));
  });

  test('a share over draws that differ is as wide as they do, and never narrower than of all trials', () => {
    // Five draws of ten: 0, 5, 5, 5 and 10 on the side; their spread about one half is √(50/4) per draw of ten.
    const counts = [0, 5, 5, 5, 10];
    const drawOf = Array.from({ length: 50 }, (_, k) => k % 5);
    const on = drawOf.map((draw, k) => (Math.floor(k / 5) < counts[draw] ? 1 : 0));
    const { estimate, low, high } = shareOverDraws(drawOf, on);
    const half = studentQuantile(0.975, 4) * Math.sqrt(12.5 / 5 / 100);
    expect(estimate).toBe(0.5);
    expect([low, high]).toEqual([expect.closeTo(0.5 - half, 9), expect.closeTo(0.5 + half, 9)]);
    const alike = drawOf.map((_, k) => (Math.floor(k / 5) < 5 ? 1 : 0));
    expect(shareOverDraws(drawOf, alike)).toEqual(wilson(25, 50));
  });

  test('a bootstrap is the same of one seed', () => {
    const grouped = simulated(new Random(1), 20, 2, 0.4, 0.2);
    const run = (seed: number) => bootstrapGroups(grouped, ([a, b]) => a - b, { seed });
    expect(run(3)).toEqual(run(3));
    expect(run(3)).not.toEqual(run(4));
  });
});

describe('the ratio of two effects', () => {
  test('Fieller’s interval holds the truth in 93–97 %, and has no ends where the denominator may be 0', () => {
    const found = coverage(1500, 11, (random) => {
      const n = 48;
      const a: number[] = [];
      const b: number[] = [];
      for (let i = 0; i < n; i++) {
        const shared = random.normal();
        a.push(0.4 + 0.4 * shared + 0.5 * random.normal());
        b.push(0.5 + 0.4 * shared + 0.5 * random.normal());
      }
      const grouped = groupValues(
        Int32Array.from({ length: n }, (_, i) => i),
        [a, b],
      );
      const [ma, mb] = groupedMeans(grouped);
      const [[vaa, vab], [, vbb]] = groupedCovariance(grouped);
      const { interval } = fiellerRatio(ma, mb, { a: vaa, b: vbb, ab: vab }, studentQuantile(0.975, n - 1));
      const [low, high] = interval ?? [-Infinity, Infinity];
      return { low, high, truth: 0.8 };
    });
    expect(found).toBeGreaterThanOrEqual(0.93);
    expect(found).toBeLessThanOrEqual(0.97);
    const weak = fiellerRatio(0.1, 0.05, { a: 0.01, b: 0.01, ab: 0 }, 1.96);
    expect(weak.interval).toBeNull();
    expect(weak.g).toBeGreaterThan(1);
  });
});

describe('the direction of the pairs', () => {
  const pairs = (random: Random, n: number, width: number, shift: number) => ({
    width,
    data: Float64Array.from({ length: n * width }, (_, i) => random.normal() + (i % width === 0 ? shift : 0)),
  });

  test('pairs without a direction are refused at their level', () => {
    const random = new Random(2);
    let refused = 0;
    for (let i = 0; i < 400; i++) if (signFlipTest(pairs(random, 24, 16, 0), 200, i).p > 0.05) refused++;
    expect(refused / 400).toBeGreaterThanOrEqual(0.93);
    expect(refused / 400).toBeLessThanOrEqual(0.97);
  });

  test('pairs with one are accepted, and their halves agree', () => {
    const found = pairs(new Random(3), 48, 16, 3);
    const { p, norm } = signFlipTest(found, 2000, 1);
    expect(p).toBeCloseTo(1 / 2001, 9);
    expect(norm).toBeGreaterThan(2.5);
    expect(splitHalfCosine(found, 100, 1).cosine).toBeGreaterThan(0.9);
    expect(Math.abs(splitHalfCosine(pairs(new Random(4), 48, 16, 0), 100, 1).cosine)).toBeLessThan(0.5);
  });

  test('two pairs: every flip is as long, or the other one', () => {
    // Differences (1,0) and (1,0): signs +,+ and −,− give length 1, the others 0.
    const { p } = signFlipTest({ width: 2, data: [1, 0, 1, 0] }, 2000, 1);
    expect(p).toBeGreaterThan(0.4);
    expect(p).toBeLessThan(0.6);
  });
});
