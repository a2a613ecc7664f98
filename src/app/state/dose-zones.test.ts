import { describe, expect, test } from 'vitest';
import recorded from '../../../public/recorded/mood.json' with { type: 'json' };
import type { Baseline, DoseCell, EvidenceResult, UsableWindow } from '../../experiment/run';
import { measuredStops, nearestMeasured, zonesOf, type Zone } from './dose';

/** A cell whose 95 % intervals are a tenth to either side. */
const cell = (r: number, positive: number, more: Partial<DoseCell> = {}): DoseCell => ({
  arm: 'mapped',
  r,
  alpha: r,
  isoKl: null,
  positive: { rate: positive, interval: [positive - 0.1, positive + 0.1] },
  negative: { rate: 1 - positive, interval: [0.9 - positive, 1.1 - positive] },
  n: 48,
  metrics: { perplexityRatio: 1 + Math.abs(r), unknownWords: 0, rep3: 0 },
  half: 'choose',
  ...more,
});
const base: Baseline = {
  arm: 'large',
  half: 'choose',
  positive: { rate: 0.5, interval: [0.4, 0.6] },
  negative: { rate: 0.5, interval: [0.4, 0.6] },
  n: 48,
  perplexity: 2,
  tokens: 1500,
  unknownWords: 0,
};
const evidence = (
  cells: DoseCell[],
  window: Pick<UsableWindow, 'largestR' | 'firstBroken'>,
  baselines: Baseline[] | undefined = [base],
): EvidenceResult =>
  ({
    baselines,
    doseResponse: cells,
    arms: [
      {
        name: 'large',
        direction: 'none',
        positiveRate: 0.47,
        negativeRate: 0.53,
        conceptRate: { value: 0.47, n: 128, interval: [0.4, 0.55] },
        metrics: { rep3: 0 },
      },
    ],
    verdict: { usableWindow: { ...window, maxP95Kl: 1, maxRep3: 0.3 } },
  }) as unknown as EvidenceResult;

const named = (zones: Zone[]): [string, number, number][] =>
  zones.map(({ name, from, to }) => [name, Number(from.toFixed(6)), Number(to.toFixed(6))]);

describe('zones of the ruler', () => {
  test('follow this run: no change until the interval leaves the unsteered rate, breaking from the first broken dose', () => {
    // The lower bound is −0.1 from the unsteered rate at 0, at 0 at r = 0.5 on the one side and past it at 0.75 on the other.
    const cells = [cell(0.5, 0.7), cell(0.6, 0.9), cell(1, 1), cell(-0.5, 0.45), cell(-0.6, 0.2), cell(-1, 0)];
    expect(named(zonesOf(evidence(cells, { largestR: 0.6, firstBroken: 1 }), 1.5))).toEqual([
      ['breaks', -1.5, -1],
      ['steers', -0.6, -0.52],
      ['none', -0.52, 0.25],
      ['steers', 0.25, 0.6],
      ['breaks', 1, 1.5],
    ]);
  });

  test('a side that does not move has no zone of steering; a lead that is lost again is none', () => {
    const still = [cell(0.5, 0.5), cell(1, 0.5), cell(-0.5, 0.2), cell(-1, 0.5)];
    expect(named(zonesOf(evidence(still, { largestR: 1, firstBroken: null }), 1))).toEqual([['none', -1, 1]]);
  });

  test('where nothing broke nothing is said to, and where everything did nothing is said to steer', () => {
    const cells = [cell(0.5, 0.9), cell(-0.5, 0.1)];
    expect(zonesOf(evidence(cells, { largestR: 0.5, firstBroken: null }), 0.5).map(({ name }) => name)).not.toContain(
      'breaks',
    );
    expect(named(zonesOf(evidence(cells, { largestR: null, firstBroken: 0.25 }), 0.5))).toEqual([
      ['breaks', -0.5, -0.25],
      ['breaks', 0.25, 0.5],
    ]);
  });

  test('a run that did not measure its texts has none, though it has rates', () => {
    const cells = [cell(0.5, 0.9), cell(-0.5, 0.1)];
    expect(zonesOf(evidence(cells, { largestR: 0.5 }), 1)).toEqual([]);
    expect(zonesOf({ ...evidence(cells, { largestR: 0.5, firstBroken: 1 }), baselines: undefined }, 1)).toEqual([]);
    const { baselines: _base, ...earlier } = recorded.evidence as unknown as EvidenceResult;
    const { largestR, maxP95Kl, maxRep3 } = earlier.verdict.usableWindow;
    const old = { ...earlier, verdict: { ...earlier.verdict, usableWindow: { largestR, maxP95Kl, maxRep3 } } };
    expect(zonesOf(old, 1.5)).toEqual([]);
  });
});

test('the stops of the ruler are those of the axis and what was tried between them', () => {
  const cells = [cell(0.6, 1), cell(-0.6, 0), cell(0.5, 1), cell(0.6, 1, { half: 'report' }), cell(9, 1), cell(-9, 0)];
  expect(measuredStops([-1, -0.5, 0, 0.5, 1], cells)).toEqual([-1, -0.6, -0.5, 0, 0.5, 0.6, 1]);
  expect(measuredStops([-1, 0, 1], [])).toEqual([-1, 0, 1]);
});

test('the measured dose nearest to the thumb, the half that reports first, unsteered at 0', () => {
  const cells = [cell(0.5, 0.7), cell(0.5, 0.8, { half: 'report' }), cell(-0.5, 0.2), cell(0.4, 1, { arm: 'native' })];
  const at = (dose: number): (number | undefined)[] => {
    const found = nearestMeasured(evidence(cells, { largestR: 1 }), 'mapped', dose);
    return [found?.r, found?.positive];
  };
  expect(at(0.4)).toEqual([0.5, 0.8]);
  expect(at(-9)).toEqual([-0.5, 0.2]);
  expect(at(0.1)).toEqual([0, 0.47]);
  expect(nearestMeasured({ arms: [], doseResponse: [] }, 'mapped', 0)).toBeNull();
});
