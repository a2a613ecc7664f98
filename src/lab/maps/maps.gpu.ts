/** The kinds of map on the GPU against float64, on moments shaped like activations. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../../experiment/errors';
import { fittedMap, type FittedMap, ridgeMatrix, type SplitMoments } from '../../math/maps';
import { matmulTN, transpose } from '../../math/matrix';
import { medianOfFinite, pairMoments, ridgeFromMoments, scoreFromMoments } from '../../math/moments';
import { Float64Fit } from '../../fit/float64-fit';
import { activationLike, type PairedStates } from '../../math/testing/activations';
import { fuzzCase } from '../../fit/testing/fuzz';
import { createDevice, type LabDevice } from '../../gpu/device';
import { mapsInFloat64, mapsOnGpu, type MapOfKind } from './index';
import { liveMemory } from '../../gpu/scope';

let lab: LabDevice;
beforeAll(async () => {
  lab = await createDevice();
});
afterAll(() => lab.destroy());

const HELD_OUT = 1024;

function split(data: PairedStates): SplitMoments {
  const cut = (all: Float32Array, cols: number, from: number, to: number) => ({
    rows: to - from,
    cols,
    data: all.slice(from * cols, to * cols),
  });
  const { rows, sourceWidth: d, targetWidth: m } = data;
  const at = rows - HELD_OUT;
  const train = pairMoments(cut(data.X, d, 0, at), cut(data.Y, m, 0, at));
  return { train, heldOut: pairMoments(cut(data.X, d, at, rows), cut(data.Y, m, at, rows), train) };
}

function ridgeOf(moments: SplitMoments, lambda: number): FittedMap {
  return fittedMap(ridgeFromMoments(moments.train, lambda).W, moments, lambda);
}

/** Largest element of |RᵀR − I| on the smaller side. */
function unorthogonality({ map, scale }: MapOfKind): number {
  const R = { rows: map.sourceWidth, cols: map.targetWidth, data: Float64Array.from(map.W, (x) => x / (scale ?? 1)) };
  const side = R.rows < R.cols ? transpose(R) : R;
  const G = matmulTN(side, side);
  return G.data.reduce((worst, x, at) => Math.max(worst, Math.abs(x - (at % (G.cols + 1) === 0 ? 1 : 0))), 0);
}

const name = (f: MapOfKind): string => (f.rank === null ? f.kind : `rank ${f.rank}`);

/**
 * Largest |ΔR²|. The spectra of the 16th and 64th direction and on fall slowly: there the subspace iteration is what
 * limits.
 */
const TOLERANCE: Record<string, number> = {
  orthogonal: 1e-6,
  'scaled-orthogonal': 1e-6,
  ridge: 1e-12,
  identity: 1e-9,
  'rank 1': 1e-9,
  'rank 4': 1e-9,
  'rank 16': 1e-6,
  'rank 64': 1e-5,
  'rank 1000': 1e-9,
};
/** The same for the median over the target dimensions of |ΔR²|, most of which weigh nothing in the pooled R². */
const MEDIAN_TOLERANCE: Record<string, number> = {
  ...TOLERANCE,
  orthogonal: 1e-5,
  'scaled-orthogonal': 2e-5,
  'rank 4': 1e-6,
  'rank 16': 5e-5,
  'rank 64': 2e-3,
};

describe('every kind agrees with float64', () => {
  for (const [sourceWidth, targetWidth] of [
    [48, 64],
    [130, 37],
    [192, 256],
  ]) {
    for (const kappa of [1e4, 1e8]) {
      for (const lambda of [0, 1e-4]) {
        test(`${sourceWidth} → ${targetWidth}, κ = ${kappa.toExponential(0)}, λ = ${lambda}`, async () => {
          const moments = split(activationLike({ sourceWidth, targetWidth, rows: 4096 + HELD_OUT, kappa, seed: 3 }));
          const ridge = ridgeOf(moments, lambda);
          const ranks = [1, 4, 16, 64, 1000];
          const truth = mapsInFloat64({ moments, ridge: ridge, ranks: ranks });
          const before = liveMemory(lab.device);
          const got = await mapsOnGpu(lab.device, { moments, ridge: ridge, ranks: ranks });
          expect(liveMemory(lab.device)).toEqual(before);
          expect(got.map(name)).toEqual(truth.map(name));
          const lines: string[] = [];
          for (const [i, f] of got.entries()) {
            const { map } = f;
            const own = scoreFromMoments(
              { rows: map.sourceWidth, cols: map.targetWidth, data: map.W },
              moments.heldOut,
            );
            const differences = f.perDimension.map((x, j) => Math.abs(x - truth[i].perDimension[j]));
            const delta = Math.abs(f.heldOutR2 - truth[i].heldOutR2);
            const deltaTrain = Math.abs(f.trainR2 - truth[i].trainR2);
            lines.push(
              `${name(f)}: R² ${truth[i].heldOutR2.toFixed(5)}, ΔR² ${delta.toExponential(1)} (train ${deltaTrain.toExponential(1)}, as scored in float64 ${Math.abs(own.r2 - f.heldOutR2).toExponential(1)}), per dimension median ${medianOfFinite(differences).toExponential(1)} max ${Math.max(...differences).toExponential(1)}${f.kind.endsWith('orthogonal') ? `, RᵀR − I ${unorthogonality(f).toExponential(1)}` : ''}`,
            );
            expect.soft(delta, name(f)).toBeLessThan(TOLERANCE[name(f)]);
            expect.soft(deltaTrain, name(f)).toBeLessThan(TOLERANCE[name(f)]);
            expect.soft(medianOfFinite(differences), name(f)).toBeLessThan(MEDIAN_TOLERANCE[name(f)]);
            expect.soft(Math.abs(own.r2 - f.heldOutR2), name(f)).toBeLessThan(1e-6);
            if (f.kind.endsWith('orthogonal')) expect.soft(unorthogonality(f), name(f)).toBeLessThan(5e-6);
          }
          console.log(`${sourceWidth} → ${targetWidth}, κ = ${kappa}, λ = ${lambda}\n  ${lines.join('\n  ')}`);
        });
      }
    }
  }
});

describe('degenerate moments', () => {
  const degenerate = (
    change: (data: PairedStates) => void,
    sourceWidth: number,
    targetWidth: number,
    rows = 600 + HELD_OUT,
  ): SplitMoments => {
    const data = activationLike({ sourceWidth, targetWidth, rows, kappa: 100, seed: 5 });
    change(data);
    return split(data);
  };
  const fill = (all: Float32Array, cols: number, column: number, value: (row: number) => number): void => {
    for (let r = 0; r * cols < all.length; r++) all[r * cols + column] = value(r);
  };
  const cases: [string, SplitMoments][] = [
    ['1 → 1', degenerate(() => {}, 1, 1)],
    ['3 → 2', degenerate(() => {}, 3, 2)],
    [
      'constant columns on both sides',
      degenerate((d) => [d.X, d.Y].forEach((all) => fill(all, 24, 7, () => 3.25)), 24, 24),
    ],
    ['a column twice', degenerate((d) => fill(d.X, 40, 11, (r) => d.X[r * 40 + 3]), 40, 24)],
    ['fewer rows than columns', degenerate(() => {}, 48, 40, 20 + HELD_OUT)],
    [
      'states of 1e-6 to 1e6',
      degenerate(
        (d) => {
          for (let at = 0; at < d.X.length; at++) d.X[at] *= 1e-6;
          for (let at = 0; at < d.Y.length; at++) d.Y[at] *= 1e6;
        },
        24,
        40,
      ),
    ],
  ];
  for (const [what, moments] of cases) {
    test(what, async () => {
      const ridge = ridgeOf(moments, 1e-2);
      const ranks = [1, 2, 16];
      const truth = mapsInFloat64({ moments, ridge: ridge, ranks: ranks });
      const got = await mapsOnGpu(lab.device, { moments, ridge: ridge, ranks: ranks });
      const lines: string[] = [];
      for (const [i, f] of got.entries()) {
        expect([...f.map.W, ...f.map.p].every(Number.isFinite), name(f)).toBe(true);
        // Against the size of 1 − R², for a rotation alone may predict a thousand times worse than the mean.
        const delta = Math.abs(f.heldOutR2 - truth[i].heldOutR2) / Math.max(1, 1 - truth[i].heldOutR2);
        const deltaTrain = Math.abs(f.trainR2 - truth[i].trainR2) / Math.max(1, 1 - truth[i].trainR2);
        lines.push(
          `${name(f)}: R² ${truth[i].heldOutR2.toPrecision(5)}, Δ ${delta.toExponential(1)}, train ${deltaTrain.toExponential(1)}`,
        );
        // With fewer rows than columns R is free where no training row is: only the training rows decide.
        if (what !== 'fewer rows than columns') expect.soft(delta, name(f)).toBeLessThan(TOLERANCE[name(f)] ?? 1e-4);
        expect.soft(deltaTrain, name(f)).toBeLessThan(TOLERANCE[name(f)] ?? 1e-4);
      }
      console.log(`${what}\n  ${lines.join('\n  ')}`);
    });
  }

  test('a target that does not vary is refused', async () => {
    const moments = degenerate((d) => d.Y.fill(1), 8, 8);
    await expect(mapsOnGpu(lab.device, { moments, ridge: ridgeOf(moments, 1), ranks: [1] })).rejects.toThrowError(
      RangeError,
    );
    moments.train.st.data[5] = NaN;
    await expect(
      mapsOnGpu(lab.device, {
        moments,
        ridge: ridgeOf(
          degenerate(() => {}, 8, 8),
          1,
        ),
        ranks: [1],
      }),
    ).rejects.toThrowError(/finite/);
  });
});

test('finite on unpleasant data; ranks and identity agree with float64 on the training rows', async () => {
  let made = 0;
  const worst: Record<string, number> = {};
  for (let seed = 1; seed <= 60; seed++) {
    const { shape, train, heldOut, expected } = fuzzCase(seed);
    if (expected.train < 2 || expected.heldOut < 1) continue;
    const fit = new Float64Fit(shape, { cka: false });
    fit.add({ source: [train.X], target: [train.Y], rows: train.rows, split: 'train' });
    fit.add({ source: [heldOut.X], target: [heldOut.Y], rows: heldOut.rows, split: 'heldOut' });
    const solved = (await fit.solve(0, 0, 1e-2)).best;
    const moments = await fit.moments(0, 0);
    const best = fittedMap(ridgeMatrix(solved), moments, solved.lambda);
    if (moments.train.st.data.every((x) => x === 0)) continue;
    const truth = mapsInFloat64({ moments, ridge: best, ranks: [1, 2, 16] });
    const got = await mapsOnGpu(lab.device, { moments, ridge: best, ranks: [1, 2, 16] });
    made++;
    expect
      .soft(got[2].trainR2, `seed ${seed}`)
      .toBeGreaterThanOrEqual(got[1].trainR2 - 1e-6 * Math.max(1, 1 - got[1].trainR2));
    for (const [i, f] of got.entries()) {
      expect.soft([...f.map.W, ...f.map.p, f.trainR2].every(Number.isFinite), `seed ${seed}, ${name(f)}`).toBe(true);
      expect.soft(Number.isFinite(f.heldOutR2), `seed ${seed}, ${name(f)}`).toBe(Number.isFinite(truth[i].heldOutR2));
      const delta = Math.abs(f.trainR2 - truth[i].trainR2) / Math.max(1, 1 - truth[i].trainR2);
      worst[f.kind] = Math.max(worst[f.kind] ?? 0, delta);
      // Where a side has lost rank R is not unique, and so is not its size.
      if (!f.kind.endsWith('orthogonal')) expect.soft(delta, `seed ${seed}, ${name(f)}`).toBeLessThan(1e-5);
    }
  }
  console.log(`${made} fuzzed cases, largest Δ of the training R²: ${JSON.stringify(worst)}`);
  expect(made).toBeGreaterThan(40);
});

test('cancelling stops it at the next step and gives all memory back', async () => {
  const moments = split(
    activationLike({ sourceWidth: 96, targetWidth: 96, rows: 800 + HELD_OUT, kappa: 100, seed: 6 }),
  );
  const ridge = ridgeOf(moments, 1e-3);
  const before = liveMemory(lab.device);
  for (const after of [0, 10, 60, 150]) {
    const stop = new AbortController();
    const work = mapsOnGpu(lab.device, { moments, ridge, ranks: [1, 16, 64] }, stop.signal);
    const outcome = work.then(
      () => null,
      (error: unknown) => error,
    );
    if (after === 0) stop.abort();
    else setTimeout(() => stop.abort(), after);
    const error = await outcome;
    if (after === 0) expect(error).toBeInstanceOf(LabError);
    if (error !== null) expect(error).toMatchObject({ code: 'cancelled' });
    expect(liveMemory(lab.device)).toEqual(before);
  }
});

test('no validation error went unnoticed', () => {
  expect(lab.uncaptured()).toEqual([]);
});
