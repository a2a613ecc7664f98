/** The generator gives the data that the fits are judged by: its condition number is checked, and its two truths agree. */
import { describe, expect, test } from 'vitest';
import { relativeError } from '../matrix';
import { pairMoments, ridgeFromMoments } from '../moments';
import { activationLike, ridgeByQR, ridgePathByQR, standardisedCondition } from './activations';

describe('the standardised condition number is the one asked for', () => {
  for (const wanted of [2e4, 2e6, 2e8, 2e10]) {
    for (const misleading of [0, 900]) {
      test(`${wanted.toExponential(0)}${misleading ? ', first rows unrepresentative' : ''}`, () => {
        const data = activationLike({
          sourceWidth: 40,
          targetWidth: 6,
          rows: 3000,
          standardisedKappa: wanted,
          seed: 17,
          misleading,
        });
        const condition = standardisedCondition(data);
        // The rows are rounded to float32, which lifts the smallest eigenvalue a little at 2e10.
        expect(Math.abs(condition / wanted - 1)).toBeLessThan(wanted < 1e10 ? 0.01 : 0.15);
      });
    }
  }

  test('one that no spectrum gives is refused', () => {
    expect(() =>
      activationLike({ sourceWidth: 12, targetWidth: 2, rows: 200, standardisedKappa: 1.0001 }),
    ).toThrowError(RangeError);
    expect(() => activationLike({ sourceWidth: 12, targetWidth: 2, rows: 200 })).toThrowError(
      /kappa or standardisedKappa/,
    );
  });
});

test('the same options give the same numbers, another seed others', () => {
  const options = { sourceWidth: 9, targetWidth: 7, rows: 50, kappa: 1e4, seed: 5 };
  const first = activationLike(options);
  expect(activationLike(options)).toEqual(first);
  expect(activationLike({ ...options, seed: 6 }).X).not.toEqual(first.X);
  // Recorded runs depend on these numbers.
  let sum = 0;
  for (const x of [...first.X, ...first.Y]) sum += x;
  expect(sum).toBe(44219.36662224727);
});

test('massive dimensions: three in the source, two in the target', () => {
  const { X, Y, rows } = activationLike({
    sourceWidth: 32,
    targetWidth: 24,
    rows: 4000,
    standardisedKappa: 2e6,
    seed: 2,
  });
  const column = (data: Float32Array, width: number, j: number): number[] =>
    Array.from({ length: rows }, (_, r) => data[r * width + j]);
  const mean = (v: number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
  const deviation = (v: number[]): number => Math.sqrt(mean(v.map((x) => (x - mean(v)) ** 2)));
  const typical = deviation(column(X, 32, 0));
  expect(deviation(column(X, 32, 3)) / typical).toBeGreaterThan(50); // large
  expect(mean(column(X, 32, 16)) / typical).toBeGreaterThan(100); // offset
  const spikes = column(X, 32, 8).filter((x) => Math.abs(x) > 200 * typical).length;
  expect(spikes / rows).toBeGreaterThan(0.003);
  expect(spikes / rows).toBeLessThan(0.03);
  const plain = deviation(column(Y, 24, 0));
  expect(deviation(column(Y, 24, 5)) / plain).toBeGreaterThan(50);
  expect(mean(column(Y, 24, 9)) / plain).toBeGreaterThan(50);
});

test('QR block by block, QR of all rows and float64 moments agree', () => {
  const data = activationLike({ sourceWidth: 20, targetWidth: 11, rows: 700, standardisedKappa: 2e6, seed: 3 });
  const lambdas = [0, 1e-6, 1e-2];
  const path = ridgePathByQR(data, lambdas);
  const moments = pairMoments({ rows: 700, cols: 20, data: data.X }, { rows: 700, cols: 11, data: data.Y });
  lambdas.forEach((lambda, i) => {
    expect(relativeError(path[i].data, ridgeByQR(data, lambda).data)).toBeLessThan(1e-11);
    expect(relativeError(path[i].data, ridgeFromMoments(moments, lambda).W.data)).toBeLessThan(1e-8);
  });
});
