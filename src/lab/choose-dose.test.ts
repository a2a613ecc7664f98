import { describe, expect, test } from 'vitest';
import { defaultExperiment } from '../experiment/defaults';
import { message } from '../experiment/message';
import type { DoseCell } from '../experiment/run';
import { Random } from '../math/random';
import { wordsOf } from '../i18n/text';
import {
  chooseDose,
  EARLIER_REASONS,
  limitsOf,
  nextEdgeDose,
  usableWindow,
  type ChosenDose,
  type Poles,
} from './choose-dose';

/** What a dose does: the rate of the wanted side and the fluency of the text. */
interface Planted {
  rate: number;
  ratio?: number;
  unknown?: number;
  rep3?: number;
  p95Kl?: number;
}

const cell = (r: number, { rate, ratio = 1, unknown = 0, rep3 = 0, p95Kl = 0 }: Planted): DoseCell => ({
  arm: 'mapped',
  r,
  alpha: r,
  isoKl: null,
  positive: { rate: r > 0 ? rate : 1 - rate, interval: [0, 1] },
  negative: { rate: r < 0 ? rate : 1 - rate, interval: [0, 1] },
  n: 48,
  metrics: { undecided: 0, meanKl: 0, p95Kl, rep3, perplexityRatio: ratio, unknownWords: unknown },
  half: 'choose',
});
const both = (r: number, planted: Planted): DoseCell[] => [cell(r, planted), cell(-r, planted)];

const { chosen: _, ...settings } = defaultExperiment('mood').dose;
const dose = { ...settings, chosen: 'auto' as const, stops: [0.5, 1, 2] };
const limits = limitsOf(dose, { unknownWords: 0.02 });
const poles: Poles = {
  positive: { name: 'cheerful', unsteered: 0.5 },
  negative: { name: 'gloomy', unsteered: 0.5 },
};
const chosen = (cells: DoseCell[], more: Partial<typeof poles> = {}): ChosenDose =>
  chooseDose(cells, dose, limits, { ...poles, ...more });

describe('limits', () => {
  test('unknown words are counted from those of unsteered text', () => {
    expect(limits).toEqual({ maxP95Kl: 1, maxRep3: 0.3, maxPerplexityRatio: 1.5, maxUnknownWords: 0.03 });
    expect(limitsOf(dose, { unknownWords: NaN }).maxUnknownWords).toBe(0.01);
  });

  test('settings of a lab that did not measure the text limit what they limited', () => {
    const { maxPerplexityRatio: _ratio, maxUnknownWords: _words, ...earlier } = dose;
    const found = limitsOf(earlier, { unknownWords: 0.02 });
    expect(found).toEqual({ maxP95Kl: 1, maxRep3: 0.3 });
    const cells = [...both(0.5, { rate: 1, ratio: 9, unknown: 1 }), ...both(1, { rate: 1, p95Kl: 1.01 })];
    expect(usableWindow(cells, found)).toEqual({ largestR: 0.5, firstBroken: 1, ...found });
  });
});

describe('the usable window', () => {
  const edges = (cells: DoseCell[]): (number | null | undefined)[] => {
    const { largestR, firstBroken } = usableWindow(cells, limits);
    return [largestR, firstBroken];
  };

  test.each<[string, Planted, Planted]>([
    ['perplexity', { rate: 1, ratio: 1.5 }, { rate: 1, ratio: 1.501 }],
    ['unknown words', { rate: 1, unknown: 0.03 }, { rate: 1, unknown: 0.031 }],
    ['repetition', { rate: 1, rep3: 0.299 }, { rate: 1, rep3: 0.3 }],
  ])('%s may be at its limit, or under it, and not over it', (_name, whole, broken) => {
    expect(edges([...both(0.5, whole), ...both(1, broken)])).toEqual([0.5, 1]);
    expect(edges(both(0.5, broken))).toEqual([null, 0.5]);
  });

  test('ends where either way breaks, and does not begin again', () => {
    expect(edges([...both(0.5, { rate: 0 }), cell(1, { rate: 0 }), cell(-1, { rate: 0, ratio: 2 })])).toEqual([0.5, 1]);
    expect(edges([...both(0.5, { rate: 0, ratio: 9 }), ...both(1, { rate: 0 })])).toEqual([null, 0.5]);
    expect(edges([...both(1, { rate: 0 }), ...both(0.5, { rate: 0 })])).toEqual([1, null]);
  });

  test('goes by the text and not by neutral texts, by the mapped arm and by the half that chooses', () => {
    expect(edges(both(0.5, { rate: 0, p95Kl: 99 }))).toEqual([0.5, null]);
    const others = both(0.25, { rate: 0, ratio: 9 });
    expect(
      edges([
        ...others.map((each): DoseCell => ({ ...each, arm: 'native' })),
        ...others.map((each): DoseCell => ({ ...each, half: 'report' })),
        ...both(0.5, { rate: 0 }),
      ]),
    ).toEqual([0.5, null]);
  });
});

describe('the edge', () => {
  const next = (largestR: number | null, firstBroken: number | null): number | null =>
    nextEdgeDose({ largestR, firstBroken, maxP95Kl: 1, maxRep3: 0.3 });

  test('is sought half way between the last fluent and the first broken dose', () => {
    expect(next(0.5, 0.7)).toBe(0.6);
    expect(next(0.6, 0.7)).toBe(0.65);
    expect(next(null, 0.01)).toBe(0.005);
  });

  test('is not sought where nothing broke, or within a twentieth', () => {
    expect(next(1.5, null)).toBeNull();
    expect(nextEdgeDose({ largestR: 1, maxP95Kl: 1, maxRep3: 0.3 })).toBeNull();
    expect(next(0.95, 1)).toBeNull();
    expect(next(0.949, 1)).toBe(0.9745);
  });
});

describe('the chosen dose', () => {
  test('is taken as it is where it was set by hand, and the window is told all the same', () => {
    const cells = [...both(0.5, { rate: 0.1 }), ...both(1, { rate: 0.9, ratio: 4 })];
    expect(chooseDose(cells, { ...dose, chosen: 0.3 }, limits, poles)).toEqual({
      r: 0.3,
      window: { largestR: 0.5, firstBroken: 1, ...limits },
      reason: message('run.dose.hand'),
    });
  });

  test('is the smallest that is enough both ways, however much better a larger one is', () => {
    const cells = [...both(0.5, { rate: 0.84 }), ...both(1, { rate: 0.85 }), ...both(2, { rate: 1 })];
    expect(chosen(cells)).toMatchObject({ r: 1, reason: message('run.dose.smallest', { rate: 85 }) });
    const lame = [cell(0.5, { rate: 1 }), cell(-0.5, { rate: 0.84 }), ...both(1, { rate: 0.9 })];
    expect(chosen(lame).r).toBe(1);
  });

  test('may be one that the search for the edge tried', () => {
    const cells = [...both(0.5, { rate: 0.7 }), ...both(1, { rate: 1, ratio: 3 }), ...both(0.75, { rate: 0.9 })];
    expect(chosen(cells)).toMatchObject({ r: 0.75, window: { largestR: 0.75, firstBroken: 1 } });
  });

  test('is the smallest that is enough one way where none is both ways', () => {
    const cells = [
      ...both(0.5, { rate: 0.6 }),
      cell(1, { rate: 0.5 }),
      cell(-1, { rate: 0.9 }),
      cell(2, { rate: 0.5 }),
      cell(-2, { rate: 1 }),
    ];
    expect(chosen(cells)).toMatchObject({
      r: 1,
      reason: message('run.dose.smallest-one', { rate: 85, side: 'gloomy' }),
    });
  });

  test('a side on which unsteered text is already does not count as reached by itself', () => {
    const cells = [
      cell(0.5, { rate: 0.9 }),
      cell(-0.5, { rate: 0.3 }),
      cell(1, { rate: 0.9 }),
      cell(-1, { rate: 0.6 }),
    ];
    const positive = { name: 'cheerful', unsteered: 0.9 };
    expect(chosen(cells, { positive })).toMatchObject({ r: 1, reason: message('run.dose.fluent-best', { rate: 85 }) });
    expect(chosen(cells).r).toBe(0.5);
  });

  test('is the fluent one with the greatest effect where none is enough, the smaller of equals', () => {
    const cells = [...both(0.5, { rate: 0.7 }), ...both(1, { rate: 0.7 }), ...both(2, { rate: 1, ratio: 2 })];
    expect(chosen(cells)).toMatchObject({ r: 0.5, reason: message('run.dose.fluent-best', { rate: 85 }) });
  });

  test('is the smallest tried where none is fluent, and says so', () => {
    const cells = [...both(0.5, { rate: 1, ratio: 9 }), ...both(0.25, { rate: 0.6, unknown: 0.5 })];
    expect(chosen(cells)).toMatchObject({
      r: 0.25,
      window: { largestR: null },
      reason: message('run.dose.none-fluent'),
    });
    expect(chosen([])).toMatchObject({ r: 0.5, reason: message('run.dose.none-fluent') });
  });

  test('settings that do not say how much is wanted ask for 80 %', () => {
    const { wantedRate: _wanted, ...earlier } = dose;
    const { reason, r } = chooseDose(both(0.5, { rate: 0.8 }), earlier, limits, poles);
    expect([r, reason]).toEqual([0.5, message('run.dose.smallest', { rate: 80 })]);
  });

  test('what earlier rules said is still in the catalogue', () => {
    for (const key of EARLIER_REASONS) expect(wordsOf('en').text(key, { rate: 80 })).toMatch(/\.$/);
  });
});

/**
 * Planted curves: the effect rises from the unsteered rate, the text is whole up to a cliff anywhere and broken past it,
 * by any of the limits and on either side. The search and the choice are run as the lab runs them.
 */
describe('whatever the curves', () => {
  const random = new Random(11);
  const uniform = (low: number, high: number): number => low + (high - low) * random.uniform();

  function plant(): { at: (r: number) => DoseCell; cliff: number; stops: number[] } {
    const cliff = uniform(0.05, 2.5);
    const steep = { up: uniform(0.1, 4), down: uniform(0.1, 4) };
    const broken: Planted[] = [
      { rate: 0, ratio: uniform(1.51, 3000) },
      { rate: 0, unknown: uniform(0.031, 1) },
      { rate: 0, rep3: uniform(0.3, 1) },
    ];
    const how = broken[Math.floor(uniform(0, 3))];
    const sides = [[1], [-1], [1, -1]][Math.floor(uniform(0, 3))];
    const noise = uniform(0, 0.05);
    const at = (r: number): DoseCell => {
      const slope = r > 0 ? steep.up : steep.down;
      const rate = Math.min(1, Math.max(0, 0.5 + (slope * Math.abs(r)) / 2 + uniform(-noise, noise)));
      const past = Math.abs(r) > cliff && sides.includes(Math.sign(r));
      return cell(r, past ? { ...how, rate } : { rate, ratio: uniform(0.8, 1.5), unknown: uniform(0, 0.03) });
    };
    const stops = Array.from({ length: 1 + Math.floor(uniform(0, 6)) }, () => uniform(0.01, 3)).sort((a, b) => a - b);
    return { at, cliff, stops };
  }

  test('the chosen dose is whole wherever a whole one was tried, sufficient where one was, and the smallest of them', () => {
    const chose = { fluent: 0, enough: 0, edge: 0 };
    for (let round = 0; round < 3000; round++) {
      const { at, cliff, stops } = plant();
      const cells = stops.flatMap((r) => [at(r), at(-r)]);
      let tries = 0;
      for (; tries < 3; tries++) {
        const before = usableWindow(cells, limits);
        const r = nextEdgeDose(before);
        if (r === null) break;
        cells.push(at(r), at(-r));
        const after = usableWindow(cells, limits);
        // Every try halves what is left.
        const gap = ({ largestR, firstBroken }: typeof after): number => firstBroken! - (largestR ?? 0);
        expect(gap(after)).toBeLessThanOrEqual(0.51 * gap(before));
      }
      const { r, window } = chosen(cells);
      const tried = [...new Set(cells.map((each) => Math.abs(each.r)))].sort((a, b) => a - b);
      expect(tried).toContain(r);
      const whole = tried.filter((each) => each <= cliff);
      expect(window.largestR).toBe(whole.at(-1) ?? null);
      if (whole.length === 0) continue;
      expect(r).toBeLessThanOrEqual(cliff);
      chose.fluent++;
      if (!stops.includes(r)) chose.edge++;
      const rates = (each: number): [number, number] => [
        cells.find((one) => one.r === each)!.positive.rate,
        cells.find((one) => one.r === -each)!.negative.rate,
      ];
      const enough = whole.filter((each) => Math.min(...rates(each)) >= 0.85);
      if (enough.length > 0) {
        expect(r).toBe(enough[0]);
        chose.enough++;
      }
    }
    // The curves were worth planting.
    expect(chose.fluent).toBeGreaterThan(1000);
    expect(chose.enough).toBeGreaterThan(500);
    expect(chose.edge).toBeGreaterThan(50);
  });
});
