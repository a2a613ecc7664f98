/** The bench's own arithmetic: a table that judges must be judged. */
import { describe, expect, test } from 'vitest';
import { besideEachOther } from './drivers-table';
import { errorsOf, makeDataset, truthsOf } from './data';
import { accuracyGoal, datasets, fitRows, KAPPAS, LAMBDA_PATH, LAMBDAS, meets, productSize } from './goals';
import { parseOptions } from './options';
import { fitFlop } from './peak-flop';
import { type Contestant, race, speedRow } from './statistics';
import { accuracyTable, driverTable, heading, pathTable, peakLine, speedTable, table } from './tables';
import type { AccuracyRow, BenchReport } from './types';
import { LAMBDA_PATH as LAB_PATH } from '../../src/lab/fit';

const row = (change: Partial<AccuracyRow>): AccuracyRow => ({
  sourceWidth: 192,
  targetWidth: 256,
  rows: 16_384,
  heldOut: 4096,
  kappa: 2e4,
  stationary: true,
  method: 'WGSL',
  condition: 2e4,
  lambda: 0,
  truth: 'float64 moments',
  errorW: 5e-7,
  deltaR2: 2e-8,
  badPivots: 0,
  passes: 1,
  timesOurs: null,
  failure: null,
  goal: accuracyGoal('WGSL', 2e4, 0),
  met: true,
  ...change,
});

describe('goals', () => {
  test('W has one at every λ up to 2e8 and from 1e-4 on at 2e10; R² at 2e10 also without ridge', () => {
    for (const kappa of KAPPAS) {
      for (const lambda of LAMBDAS) {
        const goal = accuracyGoal('WGSL', kappa, lambda);
        expect(goal?.errorW ?? null).toBe(kappa <= 2e8 || lambda >= 1e-4 ? 1e-4 : null);
        expect(goal?.deltaR2 ?? null).toBe(kappa === 2e10 && lambda === 1e-6 ? null : 1e-6);
      }
    }
    expect(accuracyGoal('jax-js lstsq', 2e6, 0)?.timesOurs).toBe(100);
    expect(accuracyGoal('jax-js lstsq', 2e8, 0)).toBeNull();
  });

  test('a row misses its goal by any one figure, and by NaN', () => {
    expect(meets(row({}))).toBe(true);
    for (const bad of [
      { errorW: 1.1e-4 },
      { errorW: null },
      { deltaR2: 1.1e-6 },
      { deltaR2: null },
      { badPivots: 1 },
      { badPivots: null },
    ])
      expect(meets(row(bad))).toBe(false);
    expect(meets(row({ goal: null }))).toBeNull();
    const peer = { goal: accuracyGoal('jax-js lstsq', 2e4, 0), badPivots: null };
    expect(meets(row({ ...peer, timesOurs: 99 }))).toBe(false);
    expect(meets(row({ ...peer, timesOurs: 101 }))).toBe(true);
    expect(meets(row({ ...peer, errorW: null, timesOurs: null }))).toBe(true);
  });

  test('the small half is part of the whole and less than it, and the path is the lab’s', () => {
    const named = (quick: boolean): string[] => datasets(quick).map((spec) => JSON.stringify(spec));
    const [whole, small] = [named(false), named(true)];
    expect(new Set(whole).size).toBe(whole.length);
    expect(small.length).toBeLessThan(whole.length);
    for (const spec of datasets(false)) {
      // Held-out rows come on top; a fit needs more rows than columns.
      expect(spec.rows).toBeGreaterThan(4 * spec.sourceWidth);
      expect(KAPPAS).toContain(spec.kappa);
    }
    const product = ({ rows, m, n }: ReturnType<typeof productSize>): number => rows * m * n;
    expect(product(productSize(true))).toBeLessThan(product(productSize(false)));
    expect(fitRows(true)).toBeLessThan(fitRows(false));
    expect(LAMBDA_PATH).toEqual(LAB_PATH);
    for (const lambda of LAMBDAS) expect(LAMBDA_PATH).toContain(lambda);
  });
});

describe('timing', () => {
  test('the ratio is that of medians, and the goal is a least ratio', () => {
    const found = speedRow('peer', [3, 30, 5], 'ours', [2, 1, 100], 2.5, 0);
    expect(found).toMatchObject({ median: 5, least: 3, greatest: 30, rounds: 3, ratio: 2.5, met: true });
    expect(speedRow('peer', [3, 30, 5], 'ours', [2, 1, 100], 2.6, 0).met).toBe(false);
    expect(speedRow('peer', [3], 'ours', [1], null, 0).met).toBeNull();
  });

  test('contestants run in turn after one unmeasured run each, and wrong results end the race', async () => {
    const order: string[] = [];
    let clock = 0;
    const contestant = (name: string, milliseconds: number, error: number): Contestant => ({
      name,
      tolerance: 1e-4,
      against: 'a',
      goal: name === 'b' ? 2 : undefined,
      check: () => error,
      async run() {
        order.push(name);
        clock += milliseconds;
        return [0];
      },
    });
    const rows = await race([contestant('a', 1000, 1e-6), contestant('b', 3000, 1e-5)], 3, () => clock);
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']);
    expect(rows.map(({ name, median, ratio, met, error }) => ({ name, median, ratio, met, error }))).toEqual([
      { name: 'a', median: 1, ratio: 1, met: null, error: 1e-6 },
      { name: 'b', median: 3, ratio: 3, met: true, error: 1e-5 },
    ]);
    await expect(race([contestant('a', 1, 1e-3)], 1)).rejects.toThrowError(/wrong by 1.0e-3/);
    await expect(race([contestant('a', 1, NaN)], 1)).rejects.toThrowError(/wrong/);
    await expect(race([{ ...contestant('a', 1, 0), against: 'nobody' }], 1)).rejects.toThrowError(/nobody/);
  });

  test('operations of a fit are counted', () => {
    // Half of d² multiply-adds a row for Q, half for QᵀQ, dm for QᵀY; the solve is small at this size.
    expect(fitFlop(100, 50, 1e6)).toBeCloseTo(1e6 * (100 * 100 + 100 * 100 + 2 * 100 * 50), -7);
  });
});

describe('data', () => {
  test('held against QR at 2e10, against moments below; errors of a known perturbation', () => {
    const spec = { sourceWidth: 24, targetWidth: 10, rows: 3000, heldOut: 300, kappa: 2e10, stationary: true };
    const dataset = makeDataset(spec);
    expect(dataset.train.rows + dataset.heldOut.rows).toBe(3300);
    expect(dataset.condition / spec.kappa).toBeGreaterThan(0.8);
    expect(dataset.condition / spec.kappa).toBeLessThan(1.25);
    expect(truthsOf(dataset, [0]).by).toBe('QR');
    const other = makeDataset({ ...spec, kappa: 2e4 });
    const { truths, by } = truthsOf(other, [0, 1e-2]);
    expect(by).toBe('float64 moments');
    const bent = truths[0].W.map((w) => w * (1 + 1e-5));
    expect(errorsOf(bent, truths[0].r2 + 3e-7, truths[0])).toEqual({
      errorW: expect.closeTo(1e-5, 9),
      deltaR2: expect.closeTo(3e-7, 12),
      failure: null,
    });
    expect(errorsOf(bent.fill(NaN), NaN, truths[0])).toEqual({ errorW: null, deltaR2: null, failure: 'NaN' });
  });

  test('unrepresentative rows fill the warm-up', () => {
    const { train } = makeDataset({
      sourceWidth: 24,
      targetWidth: 10,
      rows: 5000,
      heldOut: 300,
      kappa: 2e4,
      stationary: false,
    });
    const deviation = (from: number, to: number): number => {
      const values = Array.from({ length: to - from }, (_, i) => train.X[(from + i) * 24 + 6]);
      const mean = values.reduce((a, b) => a + b) / values.length;
      return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
    };
    expect(deviation(2048, 5000) / deviation(0, 2048)).toBeGreaterThan(30); // no spikes before
  });
});

test('drivers agree when their printed digits do; a NaN is not within', () => {
  const figures = (error: number | null) => ({ adapter: 'x', figures: [{ name: 'k', tolerance: 1e-6, error }] });
  const drivers = (a: number | null, b: number | null) =>
    besideEachOther(
      [
        { name: 'A', figures: figures(a) },
        { name: 'B', figures: figures(b) },
      ],
      [],
    ).rows[0];
  expect(drivers(2.04e-7, 1.96e-7)).toMatchObject({ agree: true, met: true });
  expect(drivers(2e-7, 2.2e-7)).toMatchObject({ agree: false, met: true });
  expect(drivers(2e-16, 3e-15)).toMatchObject({ agree: true });
  expect(drivers(2e-7, 2e-6)).toMatchObject({ met: false });
  expect(drivers(2e-7, null)).toMatchObject({ agree: false, met: false });
  expect(() =>
    besideEachOther(
      [
        { name: 'A', figures: figures(1) },
        { name: 'B', figures: { adapter: 'y', figures: [] } },
      ],
      [],
    ),
  ).toThrowError(/did not run/);
});

test('arguments', () => {
  expect(parseOptions([])).toEqual({ quick: false, tables: ['accuracy', 'drivers', 'speed', 'peak'], json: null });
  expect(parseOptions(['--quick', '--only', 'peak,speed', '--json', 'a.json'])).toEqual({
    quick: true,
    tables: ['speed', 'peak'],
    json: 'a.json',
  });
  for (const bad of [['--json'], ['--only', 'taste'], ['--fast'], ['--json', '--quick']])
    expect(() => parseOptions(bad)).toThrowError(RangeError);
});

test('the report survives JSON with every promised field, and prints', () => {
  const report: BenchReport = {
    bench: 'solver',
    version: 1,
    date: '2026-01-01T00:00:00.000Z',
    quick: false,
    machine: { cores: 2, cpu: 'c', node: '20' },
    browser: '156',
    adapter: { name: 'a', software: true },
    peers: { p: '1' },
    accuracy: {
      rows: [row({}), row({ errorW: null, deltaR2: null, failure: 'NaN', met: false })],
      paths: [
        {
          ...datasets(true)[0],
          method: 'WGSL',
          lambdas: LAMBDA_PATH,
          deltaR2: 1e-8,
          sameChoice: true,
          badPivots: 0,
          failure: null,
          met: true,
        },
      ],
    },
    drivers: besideEachOther(
      [{ name: 'A', figures: { adapter: 'x', figures: [{ name: 'k', tolerance: 1e-6, error: 1e-7 }] } }],
      [{ name: 'B', why: 'none' }],
    ),
    speed: [{ title: 't', what: 'w', rows: [speedRow('a', [1], 'a', [1], null, 0)] }],
    peak: { notRun: 'no real GPU (a).' },
  };
  const read = JSON.parse(JSON.stringify(report)) as BenchReport;
  expect(read).toEqual(report); // nothing is lost: no NaN, no undefined
  for (const field of [
    'method',
    'sourceWidth',
    'targetWidth',
    'rows',
    'kappa',
    'condition',
    'stationary',
    'lambda',
    'truth',
    'errorW',
    'deltaR2',
    'badPivots',
    'passes',
    'timesOurs',
    'goal',
    'met',
  ]) {
    expect(read.accuracy?.rows[0]).toHaveProperty(field);
  }
  expect(heading(read)).toContain('(software)');
  expect(accuracyTable(read.accuracy?.rows ?? [])).toMatch(/NaN.*NO/);
  expect(pathTable(read.accuracy?.paths ?? [])).toContain('13 values');
  expect(driverTable(read.drivers as NonNullable<BenchReport['drivers']>)).toContain('B: not run: none');
  expect(speedTable((read.speed ?? [])[0])).toContain('itself');
  expect(peakLine(read.peak as NonNullable<BenchReport['peak']>)).toBe('not run: no real GPU (a).');
  expect(
    peakLine({
      sourceWidth: 1,
      targetWidth: 1,
      rows: 1,
      seconds: 2,
      flop: 4e12,
      peakFlops: 4e12,
      fraction: 0.5,
      goal: 0.35,
      met: true,
    }),
  ).toContain('50 %');
});

test('columns are aligned', () => {
  expect(
    table(
      ['name', 'x'],
      [
        ['a', 1],
        ['long name', 22],
      ],
    ),
  ).toBe('name        x\n─────────  ──\na           1\nlong name  22');
});
