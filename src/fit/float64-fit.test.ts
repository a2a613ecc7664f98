import { linearCka } from '../math/testing/reference';
import { describe, expect, test } from 'vitest';
import { relativeError } from '../math/matrix';
import { Random } from '../math/random';
import { applyMap } from '../math/affine-map';
import { Float64Fit } from './float64-fit';
import { r2 } from '../math/stats';
import { activationLike } from '../math/testing/activations';

const data = activationLike({ sourceWidth: 14, targetWidth: 9, rows: 900, kappa: 1e4, seed: 31 });
const TRAIN = 700;
const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: 14, targetWidth: 9 };

function cut(from: number, to: number): { X: Float32Array; Y: Float32Array } {
  return { X: data.X.slice(from * 14, to * 14), Y: data.Y.slice(from * 9, to * 9) };
}

/** Streams the data in chunks of this size, held-out rows in between. */
function fitted(chunk: number): Float64Fit {
  const fit = new Float64Fit(shape);
  const pieces: { from: number; to: number; split: 'train' | 'heldOut' }[] = [];
  for (let from = 0; from < TRAIN; from += chunk)
    pieces.push({ from, to: Math.min(TRAIN, from + chunk), split: 'train' });
  pieces.splice(1, 0, { from: TRAIN, to: 900, split: 'heldOut' });
  for (const { from, to, split } of pieces) {
    const { X, Y } = cut(from, to);
    fit.add({ source: [X], target: [Y], rows: to - from, split });
  }
  return fit;
}

describe('the streaming fit in float64', () => {
  test('does not depend on how the rows are cut into chunks', async () => {
    const whole = await fitted(900).solve(0, 0, [0, 1e-3]);
    const pieces = await fitted(37).solve(0, 0, [0, 1e-3]);
    expect(relativeError(pieces.best.W, whole.best.W)).toBeLessThan(1e-7);
    expect(pieces.heldOutR2).toBeCloseTo(whole.heldOutR2, 10);
    expect(await fitted(37).rows()).toEqual({ train: 700, heldOut: 200, excluded: 0 });
  });

  test('its R² from moments is the R² of its predictions', async () => {
    const fit = await fitted(128).solve(0, 0, 1e-3);
    const train = cut(0, TRAIN);
    const held = cut(TRAIN, 900);
    const mean = new Float64Array(9);
    train.Y.forEach((y, i) => (mean[i % 9] += y / TRAIN));
    const predicted = { rows: 200, cols: 9, data: applyMap(fit.best, held.X, 200) };
    expect(fit.heldOutR2).toBeCloseTo(r2(predicted, { rows: 200, cols: 9, data: held.Y }, mean), 5);
    expect(fit.lambdaPath).toHaveLength(1);
    expect(fit.secondPass || fit.needsSecondPass).toBe(false);
  });

  test('training R² falls and the map shrinks as λ grows; the best is the best of the path', async () => {
    const lambdas = [0, 1e-4, 1e-2, 1, 100];
    const { lambdaPath, best, heldOutR2 } = await fitted(128).solve(0, 0, lambdas);
    for (let i = 1; i < lambdas.length; i++) expect(lambdaPath[i].trainR2).toBeLessThan(lambdaPath[i - 1].trainR2);
    expect(heldOutR2).toBe(Math.max(...lambdaPath.map((point) => point.heldOutR2)));
    expect(lambdaPath.find((point) => point.lambda === best.lambda)?.heldOutR2).toBe(heldOutR2);
  });

  test('λ is free of scale: multiplying a column changes nothing but its weights', async () => {
    const scaled = data.X.map((x, i) => (i % 14 === 4 ? x * 4096 : x));
    const fit = new Float64Fit(shape);
    fit.add({ source: [scaled.slice(0, TRAIN * 14)], target: [cut(0, TRAIN).Y], rows: TRAIN, split: 'train' });
    fit.add({ source: [scaled.slice(TRAIN * 14)], target: [cut(TRAIN, 900).Y], rows: 200, split: 'heldOut' });
    const a = await fit.solve(0, 0, 0.1);
    const b = await fitted(900).solve(0, 0, 0.1);
    expect(a.heldOutR2).toBeCloseTo(b.heldOutR2, 10);
    expect(a.best.W[4 * 9] * 4096).toBeCloseTo(b.best.W[4 * 9], 6);
  });

  test('the grid and CKA are those of the pairs', async () => {
    const fit = new Float64Fit({ ...shape, sourceLayers: 2, targetLayers: 2 });
    const noise = (n: number, seed: number): Float32Array => Float32Array.from(new Random(seed).normals(n));
    const X2 = noise(900 * 14, 1);
    const Y2 = noise(900 * 9, 2);
    for (const [from, to, split] of [
      [0, TRAIN, 'train'],
      [TRAIN, 900, 'heldOut'],
    ] as const) {
      const { X, Y } = cut(from, to);
      fit.add({
        source: [X, X2.slice(from * 14, to * 14)],
        target: [Y2.slice(from * 9, to * 9), Y],
        rows: to - from,
        split,
      });
    }
    const grid = await fit.grid(1e-3);
    expect(grid[1]).toBeCloseTo((await fitted(900).solve(0, 0, 1e-3)).heldOutR2, 10);
    expect(grid[3]).toBeLessThan(0.05);
    for (let s = 0; s < 2; s++)
      for (let t = 0; t < 2; t++) expect(grid[2 * s + t]).toBeCloseTo((await fit.solve(s, t, 1e-3)).heldOutR2, 10);
    const cka = await fit.cka();
    const { X, Y } = cut(0, TRAIN);
    expect(cka[1]).toBeCloseTo(linearCka({ rows: TRAIN, cols: 14, data: X }, { rows: TRAIN, cols: 9, data: Y }), 9);
  });

  test('constant columns are left out and counted; dependent ones make λ = 0 fail openly', async () => {
    const X = data.X.slice();
    for (let r = 0; r < 900; r++) {
      X[r * 14 + 2] = 0.3;
      X[r * 14 + 6] = X[r * 14 + 7];
    }
    const fit = new Float64Fit(shape);
    fit.add({ source: [X.slice(0, TRAIN * 14)], target: [cut(0, TRAIN).Y], rows: TRAIN, split: 'train' });
    fit.add({ source: [X.slice(TRAIN * 14)], target: [cut(TRAIN, 900).Y], rows: 200, split: 'heldOut' });
    const result = await fit.solve(0, 0, [0, 1e-3]);
    expect(result.constantColumns).toBe(1);
    expect(result.best.W.slice(18, 27).every((w) => w === 0)).toBe(true);
    expect(result.lambdaPath[0]).toMatchObject({ heldOutR2: NaN, badPivots: 1 });
    expect(result.best.lambda).toBe(1e-3);
    await expect(fit.solve(0, 0, 0)).rejects.toThrowError(/depend/);
    expect((await fit.grid(0))[0]).toBeNaN();
  });

  test('misuse is refused with a reason', async () => {
    expect(() => new Float64Fit({ ...shape, sourceWidth: 0 })).toThrowError(RangeError);
    const fit = new Float64Fit(shape, { cka: false });
    await expect(fit.grid(0)).rejects.toThrowError(/training rows/);
    const { X, Y } = cut(0, 10);
    expect(() => fit.add({ source: [X], target: [Y], rows: 9, split: 'train' })).toThrowError(RangeError);
    expect(() => fit.add({ source: [X, X], target: [Y], rows: 10, split: 'train' })).toThrowError(/layers/);
    fit.add({ source: [X], target: [Y], rows: 10, split: 'train' });
    await expect(fit.solve(0, 0, 1)).rejects.toThrowError(/held-out/);
    fit.add({ source: [X], target: [Y], rows: 10, split: 'heldOut' });
    await expect(fit.solve(0, 0, -1)).rejects.toThrowError(/λ/);
    await expect(fit.solve(1, 0, 1)).rejects.toThrowError(/layer 1/);
    await expect(fit.solve(0, 0, [])).rejects.toThrowError(/at least one/);
    await expect(fit.cka()).rejects.toThrowError(/cka/);
    await expect(fit.grid(1, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    await fit.restart();
    expect(await fit.rows()).toEqual({ train: 0, heldOut: 0, excluded: 0 });
    fit.dispose();
  });
  test('rows with a state that is not finite count nowhere, and their number is told', async () => {
    const clean = await fitted(128).solve(0, 0, 1e-3);
    const X = new Float32Array(1000 * 14).fill(7);
    const Y = new Float32Array(1000 * 9).fill(7);
    // Every tenth row is bad: in the source, in the target, by NaN or by infinity.
    const bad: [Float32Array, number, number][] = [
      [X, 14, NaN],
      [Y, 9, NaN],
      [X, 14, Infinity],
      [Y, 9, -Infinity],
    ];
    for (let r = 0, from = 0; r < 1000; r++) {
      if (r % 10 === 9) {
        const [side, width, value] = bad[((r - 9) / 10) % 4];
        side[r * width + (r % width)] = value;
      } else {
        X.set(data.X.subarray(from * 14, (from + 1) * 14), r * 14);
        Y.set(data.Y.subarray(from * 9, (from + 1) * 9), r * 9);
        from++;
      }
    }
    const fit = new Float64Fit(shape);
    const feed = (from: number, to: number, split: 'train' | 'heldOut'): void =>
      fit.add({ source: [X.slice(from * 14, to * 14)], target: [Y.slice(from * 9, to * 9)], rows: to - from, split });
    feed(0, 777, 'train'); // 700 good rows
    feed(777, 1000, 'heldOut');
    expect(await fit.rows()).toEqual({ train: 700, heldOut: 200, excluded: 100 });
    const got = await fit.solve(0, 0, 1e-3);
    expect(relativeError(got.best.W, clean.best.W)).toBeLessThan(1e-7);
    expect(got.heldOutR2).toBeCloseTo(clean.heldOutR2, 10);

    const none = new Float64Fit(shape);
    none.add({ source: [new Float32Array(140).fill(NaN)], target: [new Float32Array(90)], rows: 10, split: 'train' });
    await expect(none.solve(0, 0, 1)).rejects.toThrowError(
      '10 of 10 rows were left out: a state in them is not finite',
    );
  });

  test('per-dimension R² is that of the dimension alone', async () => {
    const whole = await fitted(128).solve(0, 0, 1e-3);
    const alone = new Float64Fit({ ...shape, targetWidth: 1 });
    const column = (Y: Float32Array, j: number): Float32Array => Y.filter((_, i) => i % 9 === j);
    for (const [from, to, split] of [
      [0, TRAIN, 'train'],
      [TRAIN, 900, 'heldOut'],
    ] as const) {
      const { X, Y } = cut(from, to);
      alone.add({ source: [X], target: [column(Y, 4)], rows: to - from, split });
    }
    expect(whole.perDimension).toHaveLength(9);
    expect(whole.perDimension[4]).toBeCloseTo((await alone.solve(0, 0, 1e-3)).heldOutR2, 10);
  });

  test('a column that is constant in the training rows is found whatever the shift', async () => {
    const X = data.X.slice();
    for (let r = 0; r < TRAIN; r++) X[r * 14 + 2] = 0.3;
    const fit = new Float64Fit(shape);
    fit.add({ source: [X.slice(TRAIN * 14)], target: [cut(TRAIN, 900).Y], rows: 200, split: 'heldOut' });
    fit.add({ source: [X.slice(0, TRAIN * 14)], target: [cut(0, TRAIN).Y], rows: TRAIN, split: 'train' });
    const { best, constantColumns } = await fit.solve(0, 0, 0);
    expect(constantColumns).toBe(1);
    expect(best.W.slice(18, 27).every((w) => w === 0)).toBe(true);
  });
});

describe('cross-validation', () => {
  const LAMBDAS = [0, 1e-3, 1];
  const FOLDS = 4;
  /** Chunks of 35 rows, in turn to the folds. */
  function folded(): Float64Fit {
    const fit = new Float64Fit(shape, { folds: FOLDS });
    for (let from = 0; from < TRAIN; from += 35)
      fit.add({
        source: [cut(from, from + 35).X],
        target: [cut(from, from + 35).Y],
        rows: 35,
        split: 'train',
        fold: (from / 35) % FOLDS,
      });
    fit.add({ source: [cut(TRAIN, 900).X], target: [cut(TRAIN, 900).Y], rows: 200, split: 'heldOut' });
    return fit;
  }

  test('each fold is scored by a fit to the others', async () => {
    const points = await folded().crossValidate(0, 0, LAMBDAS);
    expect(points.map((point) => point.lambda)).toEqual(LAMBDAS);
    for (let fold = 0; fold < FOLDS; fold++) {
      const fit = new Float64Fit(shape);
      for (let from = 0; from < TRAIN; from += 35)
        fit.add({
          source: [cut(from, from + 35).X],
          target: [cut(from, from + 35).Y],
          rows: 35,
          split: (from / 35) % FOLDS === fold ? 'heldOut' : 'train',
        });
      const { lambdaPath } = await fit.solve(0, 0, LAMBDAS);
      lambdaPath.forEach((point, i) => expect(points[i].perFold[fold]).toBeCloseTo(point.heldOutR2, 9));
    }
    for (const { perFold, meanR2, standardError } of points) {
      const mean = perFold.reduce((a, b) => a + b) / FOLDS;
      expect(meanR2).toBeCloseTo(mean, 12);
      expect(standardError).toBeCloseTo(
        Math.sqrt(perFold.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (FOLDS - 1) / FOLDS),
        12,
      );
    }
  });

  test('folds change nothing else', async () => {
    const fit = folded();
    const whole = fitted(35);
    const [a, b] = [await fit.solve(0, 0, LAMBDAS), await whole.solve(0, 0, LAMBDAS)];
    expect(relativeError(a.best.W, b.best.W)).toBeLessThan(1e-7);
    expect(a.heldOutR2).toBeCloseTo(b.heldOutR2, 10);
    expect((await fit.cka())[0]).toBeCloseTo((await whole.cka())[0], 10);
    expect((await fit.grid(0))[0]).toBeCloseTo((await whole.grid(0))[0], 10);
    expect(await fit.rows()).toEqual(await whole.rows());
  });

  test('refuses what it cannot do', async () => {
    await expect(fitted(900).crossValidate(0, 0, [1])).rejects.toThrowError(/folds/);
    expect(() => new Float64Fit(shape, { folds: 1 })).toThrowError(RangeError);
    const fit = new Float64Fit(shape, { folds: 2 });
    const { X, Y } = cut(0, 10);
    expect(() => fit.add({ source: [X], target: [Y], rows: 10, split: 'train' })).toThrowError(/fold from 0 to 1/);
    expect(() => fit.add({ source: [X], target: [Y], rows: 10, split: 'train', fold: 2 })).toThrowError(
      /fold from 0 to 1/,
    );
    fit.add({ source: [X], target: [Y], rows: 10, split: 'train', fold: 0 });
    await expect(fit.crossValidate(0, 0, [1])).rejects.toThrowError(/Fold 1 of 2 has no rows/);
    await expect(folded().crossValidate(0, 0, [1], AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});
