import { describe, expect, test } from 'vitest';
import { message } from '../experiment/message';
import type { ArmResult, Direction, Verdict } from '../experiment/run';
import { wordsOf } from '../i18n/text';
import type { ChosenDose } from './choose-dose';
import { conclude, transferRatio, type ConcludeInput } from './conclude';
import { isoKlAlpha, signedStops } from './dose';
import { chooseLayers } from './fit';
import { saying } from '../i18n/testing';
import type { Side } from './judges';

const { say } = wordsOf('en');

describe('the transfer ratio', () => {
  const arm = (up: Side[], down: Side[]): { up: Side[]; down: Side[] } => ({ up, down });
  const up: Side[] = [1, 1, 1, 1];
  const down: Side[] = [-1, -1, -1, -1];
  const none: Side[] = [1, -1, 1, -1];

  test('is 1 when mapped and native do the same, 0 when mapped does what random does', () => {
    expect(transferRatio(arm(up, down), arm(up, down), arm(none, none), 1)).toEqual({ value: 1, interval: [1, 1] });
    expect(transferRatio(arm(none, none), arm(up, down), arm(none, none), 1)).toEqual({ value: 0, interval: [0, 0] });
  });

  test('counts both directions together, less what random does', () => {
    // Effects: mapped (1 + 1/2 + 1/2 + 1)/4 = 3/4, native 1, random 1/4.
    const mapped = arm([1, 1, 0, 1], [-1, 0, -1, -1]);
    const random = arm([1, 1, 1, 1], [-1, 1, 1, 1]);
    const ratio = transferRatio(mapped, arm(up, down), random, 1)!;
    expect(ratio.value).toBeCloseTo((3 / 4 - 1 / 4) / (1 - 1 / 4), 12);
    expect(ratio.interval[0]).toBeLessThanOrEqual(ratio.value);
    expect(ratio.interval[1]).toBeGreaterThanOrEqual(ratio.value);
    expect(transferRatio(mapped, arm(up, down), random, 1)).toEqual(ratio);
  });

  test('is not given when the native vector does within a twentieth what random does', () => {
    expect(transferRatio(arm(up, down), arm(none, none), arm(none, none), 1)).toBeNull();
  });
});

describe('the verdict', () => {
  const result = (
    name: ArmResult['name'],
    direction: Direction,
    wanted: number,
    more: Partial<Pick<ArmResult, 'positiveRate' | 'negativeRate' | 'metrics'>> = {},
  ): ArmResult => ({
    name,
    direction,
    dose: { r: 0, alpha: 0, isoKl: null },
    conceptRate: { value: wanted, n: 64, interval: [0, 1] },
    positiveRate: direction === 'negative' ? 1 - wanted : wanted,
    negativeRate: direction === 'negative' ? wanted : 1 - wanted,
    metrics: { undecided: 0, meanKl: 0, p95Kl: 0.5, rep3: 0.1, perplexityRatio: 1.25, unknownWords: 0.0042 },
    samples: [],
    ...more,
  });
  const window = {
    largestR: 1,
    firstBroken: 1.5,
    maxP95Kl: 1,
    maxRep3: 0.3,
    maxPerplexityRatio: 1.5,
    maxUnknownWords: 0.012,
  };
  const chosen: ChosenDose = { r: 0.7, window, reason: message('run.dose.smallest', { rate: 85 }) };
  const ratio: Verdict['transferRatio'] = { value: 0.864, interval: [0.75375, 0.95836] };
  const input = (up: number, down: number, more: Partial<ConcludeInput> = {}): ConcludeInput => ({
    concept: { positive: 'cheerful', negative: 'gloomy' },
    targetTitle: 'Stories L',
    arms: [
      result('large', 'none', 0.47),
      result('mapped', 'positive', up),
      result('mapped', 'negative', down),
      result('random', 'positive', 0.5),
      result('random', 'negative', 0.5),
    ],
    chosen,
    chosenDose: { r: 0.7, alpha: 28, isoKl: 0.94 },
    transferRatio: ratio,
    ...more,
  });
  const replaced = (...arms: ArmResult[]): ArmResult[] => [
    ...arms,
    ...input(0.81, 0.94).arms.filter((a) => !arms.some((b) => b.name === a.name && b.direction === a.direction)),
  ];

  test('steers: 80 % are reached both ways', () => {
    const verdict = conclude(input(0.8, 0.94));
    expect(verdict).toEqual({
      outcome: 'steers',
      sentence: message('run.verdict.steers', {
        Positive: 'Cheerful',
        negative: 'gloomy',
        target: 'Stories L',
        costly: 'false',
      }),
      chosenDose: { r: 0.7, alpha: 28, isoKl: 0.94 },
      usableWindow: window,
      transferRatio: ratio,
      reasons: [
        message('run.reason.rates', {
          r: 0.7,
          positive: 'cheerful',
          negative: 'gloomy',
          up: 80,
          down: 94,
          n: 64,
          basePositive: 47,
          baseNegative: 53,
        }),
        message('run.dose.smallest', { rate: 85 }),
        message('run.reason.random', { points: 3 }),
        message('run.reason.cost', { p95Kl: 0.5, maxP95Kl: 1, rep3: 0.1, maxRep3: 0.3 }),
        message('run.reason.fluency', {
          ratio: 1.25,
          limited: 'true',
          maxRatio: 1.5,
          unknown: 0.4,
          unknownLimited: 'true',
          maxUnknown: 1.2,
        }),
        message('run.reason.transfer', { value: 86, low: 75, high: 96 }),
      ],
    });
    expect(say(verdict.sentence)).toBe(
      'Cheerful ↔ gloomy transfers: the vector found in the small model steers Stories L both ways.',
    );
    expect(verdict.reasons.map(say)).toEqual([
      'Mapped vector at r = 0.7: 80 % cheerful, 94 % gloomy of 64 continuations each way; without steering 47 % and 53 %.',
      'The smallest dose tried that brings 85 % of continuations to the wanted side both ways and leaves the text fluent.',
      'Random vectors of equal norm move the rates by at most 3 points: the effect is the direction’s, not the push’s.',
      'Cost on neutral text: p95 KL 0.50 nats (limit 1); rep-3 0.10 (limit 0.3).',
      'The steered text itself: perplexity 1.25 times that of unsteered text (limit 1.5); 0.4 % of its words are not in the corpus (limit 1.2 %).',
      'The mapped vector delivers 86 % of the native vector’s effect over random (95 % interval 75 % to 96 %).',
    ]);
  });

  test('steers at a cost: a limit that either way breaks is said', () => {
    const costly = (metrics: ArmResult['metrics']): string =>
      say(conclude(input(0.81, 0.94, { arms: replaced(result('mapped', 'negative', 0.94, { metrics })) })).sentence);
    expect(costly({ p95Kl: 1, rep3: 0.29 })).not.toMatch(/cost/);
    expect(costly({ p95Kl: 1.01, rep3: 0 })).toMatch(/both ways, at a cost above the limits\.$/);
    expect(costly({ p95Kl: 0, rep3: 0.3 })).toMatch(/both ways, at a cost above the limits\.$/);
    expect(costly({ p95Kl: 0, rep3: 0, perplexityRatio: 1.51 })).toMatch(/at a cost above the limits\.$/);
    expect(costly({ p95Kl: 0, rep3: 0, unknownWords: 0.013 })).toMatch(/at a cost above the limits\.$/);
  });

  test.each([
    ['toward the positive side', 0.8, 0.79, '80 % cheerful, 79 % gloomy'],
    ['toward the negative side', 0.1, 1, '10 % cheerful, 100 % gloomy'],
  ])('one-sided, %s', (_, up, down, rates) => {
    const { outcome, sentence } = conclude(input(up, down));
    expect(outcome).toBe('one-sided');
    expect(say(sentence)).toBe(`Cheerful ↔ gloomy transfers one way only: ${rates}.`);
  });

  test('fails: 80 % are reached neither way', () => {
    const { outcome, sentence, reasons } = conclude(input(0.79, 0.79, { transferRatio: null }));
    expect(outcome).toBe('fails');
    expect(say(sentence)).toBe(
      'Cheerful ↔ gloomy fails: the mapped vector does not steer Stories L at any dose tried.',
    );
    expect(reasons.at(-1)).toEqual(message('run.reason.no-native-effect'));
  });

  test('random vectors may move the rates by ten points, no more', () => {
    const drift = (positiveRate: number): string => {
      const random = result('random', 'negative', 0.5, { positiveRate, negativeRate: 0.53 });
      return say(conclude(input(0.81, 0.94, { arms: replaced(random) })).reasons[2]);
    };
    expect(drift(0.57)).toMatch(/at most 10 points/);
    expect(drift(0.58)).toMatch(/by 11 points, more than the 10 points allowed/);
    expect(drift(0.36)).toMatch(/by 11 points/);
  });

  test('a ratio below zero is told as it is, without a sign of nothing', () => {
    const below = conclude(input(0.81, 0.94, { transferRatio: { value: -0.001, interval: [-0.2, 0.1] } })).reasons.at(
      -1,
    )!;
    expect(say(below)).toMatch(/delivers 0 % .*\(95 % interval -20 % to 10 %\)/);
  });
});

describe('dose scales', () => {
  test('signed stops are mirrored around zero', () => {
    expect(signedStops([0.5, 1])).toEqual([-1, -0.5, 0, 0.5, 1]);
  });

  test('iso-KL dose 1 lies where the worse sign reaches 1 nat, by interpolation', () => {
    const alpha = (up: number[], down: number[]): number | null => isoKlAlpha([1, 2], [up, down], 10);
    expect(alpha([0.5, 1.5], [0.1, 0.2])).toBeCloseTo(15, 12);
    expect(alpha([2, 3], [0, 0])).toBeCloseTo(5, 12);
    expect(alpha([0.1, 0.2], [0, 0])).toBeNull();
  });
});

describe('layers', () => {
  const grid = [
    [0.9, 0.5, 0.4, 0.3, 0.9],
    [0.1, 0.5, 0.7, 0.6, 0.9],
    [0.1, 0.2, 0.3, 0.4, 0.9],
  ];

  test('auto takes the best pair of the later source and the middle of the target', () => {
    expect(chooseLayers(grid, 'auto', 'auto').layers).toEqual({ source: 1, target: 2 });
    expect(chooseLayers(grid, 2, 'auto').layers).toEqual({ source: 2, target: 3 });
    expect(chooseLayers(grid, 'auto', 4).layers.target).toBe(4);
    expect(say(chooseLayers(grid, 'auto', 4).layerRule)).toBe(
      'source: from 0.6 to 1 of the depth; target: chosen by hand; the best held-out R² there',
    );
    expect(say(chooseLayers(grid, 1, 4).layerRule)).toBe('source: chosen by hand; target: chosen by hand');
  });

  test('a layer that does not exist is a named error', () => {
    expect(() => chooseLayers(grid, 3, 'auto')).toThrow(saying(/map.sourceLayer is 3/));
  });
});
