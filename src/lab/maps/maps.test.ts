import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { svd } from '../../math/eigen';
import { fittedMap, type FittedMap, type SplitMoments } from '../../math/maps';
import { mapsInFloat64, type MapOfKind } from './index';
import type { AffineMap } from '../../math/affine-map';
import { identity, matmul, matmulTN, type Matrix, relativeError, transpose } from '../../math/matrix';
import { pairMoments, ridgeFromMoments, scoreFromMoments } from '../../math/moments';
import { procrustes } from '../../math/procrustes';
import { Random } from '../../math/random';
import { Float64Fit } from '../../fit/float64-fit';
import { randomRotation } from '../../math/testing/activations';
import { fuzzCase } from '../../fit/testing/fuzz';

const random = new Random(40);
const rows = 400;
const X: Matrix = { rows, cols: 5, data: random.normals(rows * 5) };
const Q = randomRotation(8, random);
const R: Matrix = { rows: 5, cols: 8, data: Q.data.slice(0, 40) };
const Y = matmul(X, R);
Y.data.forEach((y, i) => (Y.data[i] = 2.5 * y + 3));

/** Random paired rows whose columns differ in scale by up to six decades, cut into training and held-out ones. */
function randomMoments(seed: number, d: number, m: number, n = 60): SplitMoments {
  const draw = new Random(seed);
  const scales = (count: number): Float64Array =>
    Float64Array.from({ length: count }, () => 10 ** (6 * draw.uniform() - 3));
  const [a, b] = [scales(d), scales(m)];
  const B = draw.normals(d * m);
  const cut = (count: number): [Matrix, Matrix] => {
    const x: Matrix = { rows: count, cols: d, data: draw.normals(count * d) };
    const y = matmul(x, { rows: d, cols: m, data: B });
    for (let i = 0; i < y.data.length; i++) y.data[i] = (y.data[i] + 0.5 * draw.normal()) * b[i % m] + 3;
    for (let i = 0; i < x.data.length; i++) x.data[i] = x.data[i] * a[i % d] - 2;
    return [x, y];
  };
  const train = pairMoments(...cut(n));
  return { train, heldOut: pairMoments(...cut(20), train) };
}

function ridgeOf(moments: SplitMoments, lambda = 1e-3): FittedMap {
  return fittedMap(ridgeFromMoments(moments.train, lambda).W, moments, lambda);
}

/** Every kind but ridge itself. */
function othersOf(moments: SplitMoments, ridge: FittedMap, ranks: readonly number[]): MapOfKind[] {
  const [first, ...others] = mapsInFloat64({ moments, ridge, ranks });
  expect(first).toEqual({ ...ridge, kind: 'ridge' });
  return others;
}

const weights = ({ map }: MapOfKind): Matrix => ({
  rows: map.sourceWidth,
  cols: map.targetWidth,
  data: Float64Array.from(map.W),
});
const cases = fc.record({
  seed: fc.integer({ min: 0, max: 1e6 }),
  d: fc.integer({ min: 1, max: 14 }),
  m: fc.integer({ min: 1, max: 14 }),
});

describe('Procrustes', () => {
  test('recovers a rotation, its scale and the offset, both ways', () => {
    const map = procrustes(pairMoments(X, Y));
    expect(map.scale).toBeCloseTo(2.5, 10);
    expect(relativeError(map.R.data, R.data)).toBeLessThan(1e-10);
    expect(map.p[0]).toBeCloseTo(3, 9);
    const back = procrustes(pairMoments(Y, X));
    expect(relativeError(matmulTN(back.R, back.R).data, identity(5).data)).toBeLessThan(1e-10);
    expect(scoreFromMoments(back.W, pairMoments(Y, X)).r2).toBeCloseTo(1, 9);
    expect(() => procrustes(pairMoments(X, { rows, cols: 1, data: new Float64Array(rows) }))).toThrowError(RangeError);
  });

  test('no other rotation predicts better, and no map beats ridge without λ', () => {
    const noisy = { ...Y, data: Y.data.map((y) => y + random.normal()) };
    const moments = pairMoments(X, noisy);
    const best = scoreFromMoments(procrustes(moments).W, moments).r2;
    expect(best).toBeLessThan(scoreFromMoments(ridgeFromMoments(moments, 0).W, moments).r2);
    const turned = procrustes(pairMoments(X, matmul(noisy, randomRotation(8, random))));
    expect(scoreFromMoments(turned.W, moments).r2).toBeLessThan(best);
  });
});

describe('the kinds of map', () => {
  test('is orthogonal on the smaller side, and the scaled map predicts the training rows no worse', () => {
    fc.assert(
      fc.property(cases, ({ seed, d, m }) => {
        const moments = randomMoments(seed, d, m);
        const [orthogonal, scaled] = othersOf(moments, ridgeOf(moments), []);
        const W = weights(orthogonal);
        const side = d < m ? transpose(W) : W;
        expect(relativeError(matmulTN(side, side).data, identity(side.cols).data)).toBeLessThan(1e-6);
        expect(orthogonal.scale).toBe(1);
        expect(
          relativeError(
            weights(scaled).data,
            W.data.map((x) => x * (scaled.scale as number)),
          ),
        ).toBeLessThan(1e-6);
        expect(scaled.trainR2).toBeGreaterThanOrEqual(orthogonal.trainR2 - 1e-12);
        expect(scaled.trainR2).toBeGreaterThanOrEqual(-1e-12);
      }),
      { numRuns: 60 },
    );
  });

  test('more rank never predicts the training rows worse without λ; the full rank is the ridge map', () => {
    fc.assert(
      fc.property(cases, ({ seed, d, m }) => {
        const moments = randomMoments(seed, d, m);
        const ridge = ridgeOf(moments, 0);
        const most = Math.min(d, m);
        const ranks = Array.from({ length: most + 1 }, (_, i) => i + 1);
        const members = othersOf(moments, ridge, ranks).filter((f) => f.kind === 'reduced-rank');
        expect(members.map((f) => f.rank)).toEqual(ranks);
        for (let i = 1; i < members.length; i++)
          expect(members[i].trainR2).toBeGreaterThanOrEqual(members[i - 1].trainR2 - 1e-9);
        for (const full of members.slice(most - 1)) {
          expect(full.map).toEqual(ridge.map);
          expect([full.trainR2, full.heldOutR2]).toEqual([ridge.trainR2, ridge.heldOutR2]);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('R² of every member is that of its map, and a low rank has that rank', () => {
    fc.assert(
      fc.property(cases, ({ seed, d, m }) => {
        const moments = randomMoments(seed, d, m);
        for (const f of othersOf(moments, ridgeOf(moments), [1, 3])) {
          for (const [side, r2] of [
            ['train', f.trainR2],
            ['heldOut', f.heldOutR2],
          ] as const) {
            const own = scoreFromMoments(weights(f), moments[side]).r2;
            expect(Math.abs(own - r2)).toBeLessThan(2e-6 * Math.max(1, Math.abs(r2)));
          }
          expect(f.perDimension).toHaveLength(m);
          expect(
            f.map.p.every(
              (x, j) => Math.abs(x - expectedIntercept(f.map, moments, j)) <= 1e-5 * Math.max(1, Math.abs(x)),
            ),
          ).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('reduced rank is the best of its rank: it beats random directions and the truncated spectrum of W', () => {
    const moments = randomMoments(5, 12, 10, 300);
    const ridge = ridgeOf(moments, 0);
    const best = othersOf(moments, ridge, [3]).at(-1) as MapOfKind;
    const W: Matrix = { rows: 12, cols: 10, data: Float64Array.from(ridge.map.W) };
    const draw = new Random(3);
    for (let trial = 0; trial < 50; trial++) {
      const P = randomRotation(10, draw);
      const V: Matrix = { rows: 3, cols: 10, data: P.data.slice(0, 30) };
      expect(scoreFromMoments(matmul(matmul(W, transpose(V)), V), moments.train).r2).toBeLessThan(best.trainR2);
    }
    const { U, values, Vt } = svd(W);
    const cut: Matrix = { ...U, data: U.data.map((x, at) => (at % U.cols < 3 ? x * values[at % U.cols] : 0)) };
    expect(scoreFromMoments(matmul(cut, Vt), moments.train).r2).toBeLessThan(best.trainR2);
  });

  test('identity is exact on a padded copy, in either direction', () => {
    const draw = new Random(6);
    const wide: Matrix = { rows: 50, cols: 6, data: draw.normals(300) };
    const narrow: Matrix = { rows: 50, cols: 4, data: new Float64Array(200) };
    for (let r = 0; r < 50; r++) for (let j = 0; j < 4; j++) narrow.data[r * 4 + j] = wide.data[r * 6 + j];
    const padded: Matrix = { ...wide, data: wide.data.map((x, at) => (at % 6 < 4 ? x + 7 : -2)) };
    for (const [source, target] of [
      [narrow, padded],
      [wide, narrow],
    ]) {
      const train = pairMoments(source, target);
      const moments = { train, heldOut: train };
      const member = othersOf(moments, ridgeOf(moments), []).find((f) => f.kind === 'identity') as MapOfKind;
      expect(member.heldOutR2).toBeCloseTo(1, 12);
      expect(member.map.W.reduce((a, b) => a + b)).toBe(4);
      const constant = Array.from({ length: target.cols }, (_, j) => train.tt[j] < 1e-20);
      member.perDimension.forEach((r2, j) => {
        if (!constant[j]) expect(r2).toBeCloseTo(1, 12);
      });
    }
  });

  test('is finite on unpleasant data, or says that source and target do not vary together', async () => {
    let refused = 0;
    let made = 0;
    for (let seed = 1; seed <= 250; seed++) {
      const { shape, train, heldOut, expected } = fuzzCase(seed);
      if (expected.train < 2 || expected.heldOut < 1) continue;
      const fit = new Float64Fit(shape, { cka: false });
      fit.add({ source: [train.X], target: [train.Y], rows: train.rows, split: 'train' });
      fit.add({ source: [heldOut.X], target: [heldOut.Y], rows: heldOut.rows, split: 'heldOut' });
      const { best, heldOutR2 } = await fit.solve(0, 0, 1e-2);
      const moments = await fit.moments(0, 0);
      try {
        for (const f of othersOf(
          moments,
          fittedMap({ rows: best.sourceWidth, cols: best.targetWidth, data: best.W }, moments, best.lambda),
          [1, 2, 16],
        )) {
          expect([...f.map.W, ...f.map.p].every(Number.isFinite), `seed ${seed}`).toBe(true);
          expect(Number.isFinite(f.heldOutR2), `seed ${seed}, ${f.kind}: ${f.heldOutR2}`).toBe(
            Number.isFinite(heldOutR2),
          );
        }
        made++;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        expect(error.message).toMatch(/do not vary together/);
        expect(moments.train.st.data.every((x) => x === 0)).toBe(true);
        refused++;
      }
    }
    expect(made).toBeGreaterThan(200);
    expect(refused).toBeGreaterThan(0);
  });

  test('what does not fit is refused', () => {
    const moments = randomMoments(1, 4, 3);
    const ridge = ridgeOf(moments);
    expect(() => othersOf(moments, ridge, [0])).toThrowError(/rank/);
    expect(() => othersOf(moments, ridge, [1.5])).toThrowError(/rank/);
    expect(() => othersOf(moments, { ...ridge, map: { ...ridge.map, sourceWidth: 5 } }, [1])).toThrowError(/5×3/);
  });
});

function expectedIntercept(map: AffineMap, { train }: SplitMoments, j: number): number {
  let p = train.targetMean[j];
  for (let i = 0; i < map.sourceWidth; i++) p -= train.sourceMean[i] * map.W[i * map.targetWidth + j];
  return p;
}
