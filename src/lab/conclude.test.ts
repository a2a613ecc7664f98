import { describe, expect, test } from 'vitest';
import type { DoseCell } from '../experiment/run';
import { defaultExperiment } from '../experiment/defaults';
import { chooseDose, transferRatio, usableWindow } from './conclude';
import { isoKlAlpha, signedStops } from './dose';
import { chooseLayers } from './fit';
import type { Side } from './score';
import { saying } from '../i18n/testing';

const cell = (r: number, rate: number, klP95: number, rep3 = 0.1): DoseCell => ({
  arm: 'mapped',
  r,
  alpha: r,
  isoKl: null,
  positive: { rate: r > 0 ? rate : 1 - rate, interval: [0, 1] },
  negative: { rate: r < 0 ? rate : 1 - rate, interval: [0, 1] },
  undecided: 0,
  n: 10,
  klMean: 0,
  klP95,
  rep3,
  half: 'choose',
});
const dose = { ...defaultExperiment('mood').dose, stops: [0.5, 1, 2] };
const both = (r: number, rate: number, kl: number, rep3?: number): DoseCell[] => [
  cell(r, rate, kl, rep3),
  cell(-r, rate, kl, rep3),
];

describe('the usable window', () => {
  test('ends before the first stop at which either sign breaks a limit', () => {
    const cells = [...both(0.5, 0.6, 0.2), cell(1, 0.9, 0.5), cell(-1, 0.9, 1.5), ...both(2, 1, 0.1)];
    expect(usableWindow(cells, dose.stops, dose)).toBe(0.5);
  });

  test('repetition ends it too, and it may be empty', () => {
    expect(usableWindow([...both(0.5, 0.6, 0.2, 0.4)], dose.stops, dose)).toBeNull();
  });
});

describe('the chosen dose', () => {
  test('has the best effect inside the window, the smaller dose of equals', () => {
    expect(chooseDose([...both(0.5, 0.85, 0.2), ...both(1, 0.9, 0.5), ...both(2, 1, 5)], dose)).toMatchObject({
      r: 1,
      window: 1,
    });
    expect(chooseDose([...both(0.5, 0.9, 0.2), ...both(1, 0.9, 0.5), ...both(2, 1, 5)], dose)).toMatchObject({
      r: 0.5,
      window: 1,
    });
  });

  test('leaves the window, and says so, when nothing inside reaches 80 %', () => {
    const cells = [...both(0.5, 0.5, 0.2), ...both(1, 0.9, 2), ...both(2, 0.9, 5)];
    const chosen = chooseDose(cells, dose);
    expect(chosen.r).toBe(1);
    expect(chosen.reason).toMatch(/No dose in the usable window/);
  });
});

describe('the transfer ratio', () => {
  const arm = (up: Side[], down: Side[]): { up: Side[]; down: Side[] } => ({ up, down });
  const up: Side[] = [1, 1, 1, 1];
  const down: Side[] = [-1, -1, -1, -1];
  const none: Side[] = [1, -1, 1, -1];

  test('is 1 when mapped and native do the same, 0 when mapped does what random does', () => {
    expect(transferRatio(arm(up, down), arm(up, down), arm(none, none), 1)?.value).toBeCloseTo(1, 12);
    expect(transferRatio(arm(none, none), arm(up, down), arm(none, none), 1)?.value).toBeCloseTo(0, 12);
  });

  test('is not given when the native vector has no effect', () => {
    expect(transferRatio(arm(up, down), arm(none, none), arm(none, none), 1)).toBeNull();
  });
});

describe('dose scales', () => {
  test('signed stops are mirrored around zero', () => {
    expect(signedStops([0.5, 1])).toEqual([-1, -0.5, 0, 0.5, 1]);
  });

  test('iso-KL dose 1 lies where the worse sign reaches 1 nat, by interpolation', () => {
    expect(
      isoKlAlpha(
        [1, 2],
        [
          [0.5, 1.5],
          [0.1, 0.2],
        ],
        10,
      ),
    ).toBeCloseTo(15, 12);
    expect(
      isoKlAlpha(
        [1, 2],
        [
          [2, 3],
          [0, 0],
        ],
        10,
      ),
    ).toBeCloseTo(5, 12);
    expect(
      isoKlAlpha(
        [1, 2],
        [
          [0.1, 0.2],
          [0, 0],
        ],
        10,
      ),
    ).toBeNull();
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
  });

  test('a layer that does not exist is a named error', () => {
    expect(() => chooseLayers(grid, 3, 'auto')).toThrow(saying(/map.sourceLayer is 3/));
  });
});
