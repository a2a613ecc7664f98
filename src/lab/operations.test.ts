/** What a dose means to each operation, and which positions a scope steers. */
import { describe, expect, test } from 'vitest';
import { defaultExperiment } from '../experiment/defaults';
import { OPERATIONS, type Experiment } from '../experiment/schema';
import type { LanguageModel } from '../runtime/types';
import { DOSE_RULES, projectionsOf, steeredRow } from './operations';
import { equipArms, sitesOf, steerAt, steerBy, type DirectedArm } from './vectors';

const model = {} as LanguageModel;
/** 101 states whose first coordinate is −40 … 60 and whose second is its half. */
const states = Float32Array.from({ length: 202 }, (_, i) => (i % 2 === 0 ? i / 2 - 40 : ((i - 1) / 2 - 40) / 2));
const v = Float32Array.of(1, 0);
const w = Float32Array.of(0, 1);
const arm: DirectedArm = { arm: 'mapped', model, layer: 3, directions: [v], medianNorm: 4 };

function equipped(
  transfer: Partial<Experiment['transfer']>,
  further = [] as ReturnType<Parameters<typeof equipArms>[3]>,
) {
  const settings = { transfer: { ...defaultExperiment('mood').transfer, capPercentile: 75, ...transfer } };
  return equipArms(
    [arm],
    settings,
    () => states,
    () => further,
  )[0];
}

/** What an operation makes of a projection p, by the definition of the operation. */
const after = {
  clamp: (_: number, value: number) => value,
  cap: (p: number, value: number) => Math.min(p, value),
  ablate: () => 0,
};

/** The projection of a state on v after a dose, from what the graph is told. */
function projected(operation: keyof typeof after, r: number, p: number): number {
  const [{ vector, value, share = 1 }] = steerAt(equipped({ operation }), r).interventions;
  const along = p * vector[0];
  return (along + share * (after[operation](along, value) - along)) * vector[0];
}

describe('a dose', () => {
  test('of 0 does nothing, whatever the operation', () => {
    for (const operation of OPERATIONS) expect(steerAt(equipped({ operation }), 0).interventions).toEqual([]);
  });

  test('of an addition is r lengths of the stream along v', () => {
    for (const operation of ['add', 'add-keep-norm'] as const) {
      const [only, ...more] = steerAt(equipped({ operation }), -0.5).interventions;
      expect(more).toEqual([]);
      expect(only).toMatchObject({ block: 3, op: operation, vector: v, value: -2 });
      expect(DOSE_RULES[operation].needsProjections).toBe(false);
    }
    // A dose from a link is α itself, to its last digit.
    expect(steerBy(equipped({}), { r: NaN, alpha: 0.123456 }).interventions[0].value).toBe(0.123456);
  });

  test('of a clamp moves the projection from the corpus’ mean', () => {
    expect(projected('clamp', 1.5, -30)).toBeCloseTo(10 + 6);
    expect(projected('clamp', -1.5, 50)).toBeCloseTo(10 - 6);
  });

  test('of a cap is the share of the cut: up lifts what falls short, down cuts what exceeds, each beyond its percentile', () => {
    // 75th percentile of p is 35, the 25th −15.
    expect(projected('cap', -1, 55)).toBeCloseTo(35);
    expect(projected('cap', -1, 20)).toBeCloseTo(20);
    expect(projected('cap', -0.5, 55)).toBeCloseTo(45);
    expect(projected('cap', 1, -35)).toBeCloseTo(-15);
    expect(projected('cap', 1, 55)).toBeCloseTo(55);
    expect(projected('cap', 0.25, -35)).toBeCloseTo(-30);
  });
});

test('a dose of an ablation is the share that is taken away, or added once more', () => {
  expect(projected('ablate', 1, 40)).toBeCloseTo(0);
  expect(projected('ablate', 0.25, 40)).toBeCloseTo(30);
  expect(projected('ablate', -1, 40)).toBeCloseTo(80);
});

test('projections are of the corpus on the direction', () => {
  expect(projectionsOf(states, v, 75)).toEqual({ mean: 10, high: 35, low: 15 });
  expect(projectionsOf(states, w, 100)).toMatchObject({ high: 30, low: 20 });
});

test('further blocks take their share of the dose, in lengths of their own stream', () => {
  const site = { block: 5, share: 0.5, directions: [w], medianNorm: 10 };
  const both = equipped({}, [site]);
  expect(sitesOf(both)).toEqual([
    { block: 3, op: 'add' },
    { block: 5, op: 'add' },
  ]);
  expect(steerAt(both, 0.4).interventions.map(({ block, value }) => [block, value])).toEqual([
    [3, 1.6],
    [5, 2],
  ]);
  const clamped = equipped({ operation: 'clamp' }, [site]);
  expect(steerAt(clamped, 0.4).interventions.map(({ value }) => value)).toEqual([10 + 1.6, 5 + 2]);
});

test('a scope begins at the text, at what is generated, or in the prompt’s tail', () => {
  const ids = [1, 2, 3, 4, 5, 6];
  const from = (scope: Experiment['transfer']['scope'], scopeTokens = 1) =>
    steeredRow(ids, 4, steerAt(equipped({ scope, scopeTokens }), 1)).from;
  expect(from('all')).toBe(0);
  expect(from('generated')).toBe(4);
  expect(from('tail')).toBe(3);
  expect(from('tail', 3)).toBe(1);
  expect(from('tail', 99)).toBe(0);
  expect(steeredRow(ids, 4, null)).toEqual({ ids });
  expect(steeredRow(ids, 4, steerAt(equipped({}), 0))).toEqual({ ids });
});
