/** The pure parts of the check of a GPU, and that the figures in its page are those of the recorded results. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LabError } from '../../src/experiment/errors';
import { cardFrom, peakOf } from '../../tools/gpu-check/cards';
import { environments, NVIDIA_ICDS } from '../../tools/gpu-check/drivers';
import { parseCheck } from '../../tools/gpu-check/options';
import { fileNameOf, kept, NOT_RUN, PAGE, readReport, resultsOf, withResults } from '../../tools/gpu-check/record';
import { failuresOf, type GpuReport, namedError, STAGES } from '../../tools/gpu-check/report';
import { reportMarkdown, reportText } from '../../tools/gpu-check/text';
import { filled } from './fill';
import { partsOf } from './stages';
import { timed } from './timing';

const report = (change: Partial<GpuReport> = {}): GpuReport => ({
  format: 'lrt-gpu-check',
  version: 1,
  date: '2026-01-01T00:00:00.000Z',
  commit: 'abc',
  small: false,
  machine: { cpu: 'CPU', cores: 2, memoryGiB: 8, kernel: '6.1', node: '20.0.0' },
  card: { name: 'NVIDIA H100 80GB HBM3', driver: '580.1', memoryMiB: 81559, peakFlops: 66.9e12 },
  attempts: [{ what: 'own', adapter: 'nvidia', software: false, error: null }],
  error: null,
  seconds: 12,
  stages: {
    kernels: {
      state: 'done',
      seconds: 3,
      error: null,
      data: {
        cases: [
          { name: 'exact: one', tolerance: 0, error: 0, passed: true },
          { name: 'atb: a|b', tolerance: 2e-6, error: 1e-6, passed: true },
        ],
        tiles: [],
        uncaptured: [],
      },
    },
  },
  ...change,
});

describe('cards', () => {
  test('are known by name, the more special one first', () => {
    expect(peakOf('NVIDIA H100 80GB HBM3')).toBe(66.9e12);
    expect(peakOf('NVIDIA H100 PCIe')).toBe(51.2e12);
    expect(peakOf('NVIDIA H200')).toBe(66.9e12);
    expect(peakOf('NVIDIA L40S')).toBe(91.6e12);
    expect(peakOf('NVIDIA L4')).toBe(30.3e12);
    expect(peakOf('NVIDIA GeForce RTX 4090 Laptop GPU')).toBeNull();
    expect(peakOf('Some other card')).toBeNull();
  });

  test('nvidia-smi: the first line; nothing where it names none', () => {
    expect(cardFrom('NVIDIA H200, 580.159.04, 143771\nNVIDIA H200, 580.159.04, 143771\n')).toEqual({
      name: 'NVIDIA H200',
      driver: '580.159.04',
      memoryMiB: 143771,
      peakFlops: 66.9e12,
    });
    expect(cardFrom('Odd, 1.0, [N/A]')).toEqual({ name: 'Odd', driver: '1.0', memoryMiB: null, peakFlops: null });
    expect(cardFrom('No devices were found\n')).toBeNull();
    expect(cardFrom('')).toBeNull();
  });
});

describe('drivers', () => {
  const packed = { loader: '/p/loader', x: '/p/x', work: '/w' };

  test('the machine’s own first, then the packed loader, then every file that names a driver', () => {
    const { list, made } = environments({ exists: (path) => path === NVIDIA_ICDS[0], env: {} }, packed);
    expect(made).toEqual([]);
    expect(list.map((one) => one.env)).toEqual([
      {},
      { LD_LIBRARY_PATH: '/p/loader' },
      { LD_LIBRARY_PATH: '/p/loader', VK_DRIVER_FILES: NVIDIA_ICDS[0], VK_ICD_FILENAMES: NVIDIA_ICDS[0] },
      { LD_LIBRARY_PATH: '/p/loader:/p/x', VK_DRIVER_FILES: NVIDIA_ICDS[0], VK_ICD_FILENAMES: NVIDIA_ICDS[0] },
    ]);
  });

  test('a library without such a file gets one', () => {
    const library = '/usr/local/nvidia/lib64/libGLX_nvidia.so.0';
    const { list, made } = environments(
      { exists: (path) => path === library, env: { LD_LIBRARY_PATH: '/own' } },
      packed,
    );
    expect(made.map((one) => one.path)).toEqual(['/w/libGLX_nvidia.so.0.json']);
    expect((JSON.parse(made[0].text) as { ICD: { library_path: string } }).ICD.library_path).toBe(library);
    expect(list.at(-1)?.env).toEqual({
      LD_LIBRARY_PATH: '/p/loader:/usr/local/nvidia/lib64:/p/x:/own',
      VK_DRIVER_FILES: made[0].path,
      VK_ICD_FILENAMES: made[0].path,
    });
  });

  test('a driver that is asked for is the only one that is tried', () => {
    const { list } = environments({ exists: () => true, env: { LRT_ICD: '/d/icd.json' } }, packed);
    expect(list.map((one) => one.env)).toEqual([
      { LD_LIBRARY_PATH: '/d:/p/loader', VK_DRIVER_FILES: '/d/icd.json', VK_ICD_FILENAMES: '/d/icd.json' },
    ]);
  });
});

describe('options', () => {
  test('folder, sizes, seconds, stages in their own order', () => {
    expect(parseCheck(['out'])).toEqual({ out: 'out', small: false, software: false, seconds: 170, only: STAGES });
    expect(parseCheck(['--small', 'out', '--seconds', '30', '--only', 'fit,adapter'])).toEqual({
      out: 'out',
      small: true,
      software: true,
      seconds: 30,
      only: ['adapter', 'fit'],
    });
  });

  test.each([
    [[], /folder/],
    [['a', 'b'], /argument b/],
    [['a', '--fast'], /--fast/],
    [['a', '--seconds', 'x'], /above 0/],
    [['a', '--seconds'], /needs a value/],
    [['a', '--only', 'nope'], /no stage “nope”/],
  ])('%j is refused', (args, why) => expect(() => parseCheck(args)).toThrowError(why));
});

describe('the fill', () => {
  test('is uniform in ±½ with zero mean, differs by seed, and is float32 exactly', () => {
    const values = Array.from({ length: 20_000 }, (_, i) => filled(i, 11));
    expect(values.every((x) => x >= -0.5 && x < 0.5 && Math.fround(x) === x)).toBe(true);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.01);
    const variance = values.reduce((a, b) => a + b * b, 0) / values.length - mean * mean;
    expect(Math.abs(variance * 12 - 1)).toBeLessThan(0.03);
    expect(filled(7, 12)).not.toBe(values[7]);
    expect(filled(7, 11, 4)).toBe(4 * values[7]);
  });
});

describe('times', () => {
  test('short work is repeated in one submission; the median is of one piece', async () => {
    let clock = 0;
    const asked: number[] = [];
    const timing = await timed(
      (repeats) => {
        asked.push(repeats);
        clock += repeats * (asked.length === 1 ? 500 : 2); // the first compiles
      },
      () => Promise.resolve(),
      { rounds: 5, budget: 60, now: () => clock },
    );
    expect(asked).toEqual([1, 1, 10, 10, 10, 10, 10]);
    expect(timing).toEqual({ median: 0.002, least: 0.002, greatest: 0.002, rounds: 5 });
  });

  test('the budget ends the rounds, but one is always measured', async () => {
    let clock = 0;
    const timing = await timed(
      (repeats) => void (clock += 3000 * repeats),
      () => Promise.resolve(),
      { rounds: 7, budget: 1, now: () => clock },
    );
    expect(timing).toEqual({ median: 3, least: 3, greatest: 3, rounds: 1 });
  });
});

describe('the report', () => {
  test('errors keep their names', () => {
    expect(namedError(new LabError('webgpu-no-adapter.none')).name).toBe('webgpu-no-adapter');
    expect(namedError(new RangeError('x'))).toEqual({ name: 'RangeError', message: 'x' });
    expect(namedError('thrown')).toEqual({ name: 'Error', message: 'thrown' });
  });

  test('failures: by figures, rows, stages and the whole', () => {
    expect(failuresOf(report())).toEqual([]);
    const bad = report({ error: { name: 'webgpu-no-adapter', message: 'none' } });
    bad.stages.kernels?.data?.cases.push({ name: 'ab: x', tolerance: 1e-6, error: 1, passed: false });
    bad.stages.kernels?.data?.uncaptured.push('validation');
    bad.stages.fit = { state: 'stopped', seconds: 1, error: { name: 'time-limit', message: 'over' }, data: [] };
    expect(failuresOf(bad)).toEqual([
      'webgpu-no-adapter: none',
      'fit: stopped, time-limit: over',
      'ab: x: error 1',
      'uncaptured: validation',
    ]);
  });

  test('says the stages that ran, and no others; cells do not break the table', () => {
    const text = reportText(report());
    expect(text).toContain('kernels, 3.0 s, done');
    expect(text).toContain(
      '2 of 2 within what is allowed. The nearest to what is allowed: atb: a|b, 1.0e-6 of 2.0e-6.',
    );
    expect(text).not.toContain('accuracy');
    const page = reportMarkdown(report());
    expect(page).toContain('### NVIDIA H100 80GB HBM3');
    expect(page).toContain('| atb: a\\|b | 1.0e-6 | 2.0e-6 | yes |');
  });

  test('a stage that is divided among processes has all datasets', () => {
    expect(partsOf('accuracy', false)).toBe(16);
    expect(partsOf('products', false)).toBe(1);
  });
});

describe('the page', () => {
  test('has the results that are recorded, and no others', () => {
    const page = readFileSync(PAGE, 'utf8');
    expect(withResults(page, resultsOf(kept()))).toBe(page);
  });

  test('results are of real cards in full sizes, each under its name', () => {
    for (const { card, small } of kept()) {
      expect(card).not.toBeNull();
      expect(small).toBe(false);
    }
    expect(fileNameOf('NVIDIA H100 80GB HBM3')).toBe('nvidia-h100-80gb-hbm3');
    expect(resultsOf([])).toBe(NOT_RUN);
  });

  test('other files and pages without marks are refused', () => {
    expect(() => readReport('{"format":"other","version":1}')).toThrowError(RangeError);
    expect(() => withResults('no marks', 'x')).toThrowError(RangeError);
  });
});
