import { describe, expect, test } from 'vitest';
import { message } from './message';
import { reasonsOf, transferRatioOf } from './transfer-ratio';

type Arms = Parameters<typeof transferRatioOf>[0]['arms'];

/** Both directions of an arm, by the shares on the positive and on the negative side. */
const arm = (name: 'native' | 'random', up: [number, number], down: [number, number], n: number): Arms =>
  [['positive', up] as const, ['negative', down] as const].map(([direction, [positiveRate, negativeRate]]) => ({
    name,
    direction,
    positiveRate,
    negativeRate,
    conceptRate: { value: positiveRate, n, interval: [0, 1] as [number, number] },
  }));
const ratio = { value: 0.9, interval: [0.8, 1] as [number, number] };
const of = (arms: Arms, transferRatio: typeof ratio | null = ratio) =>
  transferRatioOf({ arms, verdict: { transferRatio } });
const still = (n: number): Arms => arm('random', [0.5, 0.5], [0.5, 0.5], n);

describe('a transfer ratio is a number only where its denominator is apart from zero', () => {
  test('a native vector that steers', () => {
    expect(of([...arm('native', [0.9, 0.1], [0.1, 0.9], 64), ...still(64)])).toEqual(ratio);
    expect(of([...arm('native', [0.6, 0.4], [0.4, 0.6], 400), ...still(400)])).toEqual(ratio);
  });

  test('a native vector without effect, or with one that so few texts do not show', () => {
    expect(of([...arm('native', [0.5, 0.5], [0.5, 0.5], 64), ...still(64)])).toBeNull();
    expect(of([...arm('native', [0.6, 0.4], [0.4, 0.6], 20), ...still(20)])).toBeNull();
    // Two texts, no side taken by any: the quotient of two noises.
    expect(of([...arm('native', [0, 0], [0, 0], 2), ...arm('random', [0.5, 0], [0, 0], 2)])).toBeNull();
    expect(of([...arm('native', [1, 0], [0.5, 0.5], 2), ...still(2)])).toBeNull();
  });

  test('none, and one that is not finite', () => {
    const arms = [...arm('native', [0.9, 0.1], [0.1, 0.9], 64), ...still(64)];
    expect(of(arms, null)).toBeNull();
    expect(of(arms, { value: Number.NaN, interval: [0, 1] })).toBeNull();
    expect(of(arms, { value: 1, interval: [0, Infinity] })).toBeNull();
  });

  test('a run that lacks the arms is taken at its word', () => expect(of([])).toEqual(ratio));
});

test('the reason that prints it says that it cannot be estimated', () => {
  const reasons = [
    message('run.reason.transfer', { value: 90, low: 80, high: 100 }),
    message('run.reason.random', { points: 3 }),
  ];
  const shown = (arms: Arms): string[] =>
    reasonsOf({ arms, verdict: { transferRatio: ratio, reasons } } as never).map(({ key }) => key);
  expect(shown([...arm('native', [0.9, 0.1], [0.1, 0.9], 64), ...still(64)])).toEqual([
    'run.reason.transfer',
    'run.reason.random',
  ]);
  expect(shown([...arm('native', [0.5, 0.5], [0.5, 0.5], 64), ...still(64)])).toEqual([
    'run.reason.not-estimable',
    'run.reason.random',
  ]);
});
