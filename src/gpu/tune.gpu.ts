/** The autotune on a real adapter with few candidates and small shapes (a software adapter compiles slowly), and its store. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createDevice, type LabDevice } from './device';
import { atb } from './kernels/atb/atb';
import { DIRECT, tileNamed, TILES } from './kernels/shared/tile';
import { setTuning, type Tuning, tuningOf } from './kernels/shared/tuning';
import { Recorder } from './recorder';
import { GpuScope, liveMemory } from './scope';
import { tune, tuneKey, type TuneOptions } from './tune';
import { openTuneStore, type TuneStore } from './tune-store';

let lab: LabDevice;
let preset: Tuning;
beforeAll(async () => {
  lab = await createDevice();
  preset = tuningOf(lab.device);
});
afterEach(() => {
  setTuning(lab.device, preset);
  vi.unstubAllGlobals();
});
afterAll(() => lab.destroy());

const tiles = [DIRECT, tileNamed('32')];
const options: TuneOptions = {
  tiles,
  shapes: { narrow: { rows: 300, m: 32, n: 64 }, wide: { rows: 64, m: 128, n: 128 } },
};

function memoryStore(): TuneStore & { values: Map<string, unknown> } {
  const values = new Map<string, unknown>();
  return {
    values,
    get: async (key) => values.get(key),
    set: async (key, value) => {
      values.set(key, structuredClone(value));
    },
  };
}

test('a device starts with the tuning of its kind', () => {
  expect(preset.atb.narrow).toBe(lab.report.software ? 'direct' : '64');
});

test('measures every candidate, takes the fastest, remembers it, and does not measure again', async () => {
  const store = memoryStore();
  const before = liveMemory(lab.device);
  const first = await tune(lab.device, { ...options, store });
  expect(first).toMatchObject({ source: 'measured', rejected: [], storeProblem: null });
  expect(liveMemory(lab.device)).toEqual(before);
  expect(lab.uncaptured()).toEqual([]);
  for (const product of ['atb', 'ab'] as const) {
    for (const width of ['narrow', 'wide'] as const) {
      const timings = first.timings.filter(
        (item) =>
          item.product === product && item.width === width && tiles.some((tile) => tile.name === item.candidate),
      );
      expect(timings.map((item) => item.candidate).sort()).toEqual(tiles.map((tile) => tile.name).sort());
      for (const { milliseconds, rounds } of timings) {
        expect(milliseconds).toBeGreaterThan(0);
        expect(rounds).toBeGreaterThan(0);
      }
      const fastest = timings.reduce((a, b) => (b.milliseconds < a.milliseconds ? b : a));
      expect(first.tuning[product][width]).toBe(fastest.candidate);
    }
  }
  expect(tuningOf(lab.device)).toEqual(first.tuning);
  expect([...store.values]).toEqual([[tuneKey(lab.device, tiles), first.tuning]]);

  setTuning(lab.device, preset);
  const second = await tune(lab.device, { ...options, store });
  expect(second).toMatchObject({ source: 'stored', timings: [], tuning: first.tuning });
  expect(tuningOf(lab.device)).toEqual(first.tuning);

  // What was chosen is compiled: a recorder made without kernels may use it.
  const rec = await Recorder.create(lab.device, []);
  const scope = new GpuScope(lab.device);
  const C = scope.buffer(64, 'C');
  atb(rec, {
    A: scope.upload(new Float32Array(16).fill(1), 'A'),
    B: scope.upload(new Float32Array(16).fill(2), 'B'),
    C,
    rows: 4,
    m: 4,
    n: 4,
    strideA: 4,
    strideB: 4,
    strideC: 4,
  });
  expect([...(await rec.readFloats(C, 16))]).toEqual(Array.from({ length: 16 }, () => 8));
  scope.dispose();
  rec.dispose();
});

describe('what the store holds', () => {
  test.each([
    [{ atb: { narrow: 'no such tile', wide: 'direct' }, ab: { narrow: 'direct', wide: 'direct' }, workgroups: 8 }],
    ['rubbish'],
    [null],
    [{}],
    [
      {
        ...JSON.parse('{"atb":{"narrow":"direct","wide":"direct"},"ab":{"narrow":"direct","wide":"direct"}}'),
        workgroups: 0,
      },
    ],
  ])('is not trusted blindly: %j', async (value) => {
    const store = memoryStore();
    store.values.set(tuneKey(lab.device, [DIRECT]), value);
    const report = await tune(lab.device, { ...options, tiles: [DIRECT], store });
    expect(report.source).toBe('measured');
    expect(store.values.get(tuneKey(lab.device, [DIRECT]))).toEqual(report.tuning);
  });

  test('is lost without harm when the store fails, and the report says so', async () => {
    const broken: TuneStore = {
      get: () => Promise.reject(new Error('no room')),
      set: () => Promise.reject(new Error('still no room')),
    };
    const report = await tune(lab.device, { ...options, tiles: [DIRECT], store: broken });
    expect(report).toMatchObject({
      source: 'measured',
      storeProblem: { key: 'run.tuning.not-read', params: { message: 'no room' } },
    });
    expect(tuningOf(lab.device)).toEqual(report.tuning);
  });

  test('depends on the candidates', () => {
    expect(tuneKey(lab.device, TILES)).not.toBe(tuneKey(lab.device, tiles));
  });
});

test('can be cancelled, and leaves the tuning as it was', async () => {
  const controller = new AbortController();
  const store: TuneStore = {
    get: async () => controller.abort(),
    set: () => Promise.reject(new Error('must not be called')),
  };
  await expect(
    tune(lab.device, { ...options, tiles: [DIRECT], store, signal: controller.signal }),
  ).rejects.toMatchObject({ code: 'cancelled' });
  expect(tuningOf(lab.device)).toEqual(preset);
});

describe('the store of the browser', () => {
  test('keeps a tuning', async () => {
    const opened = openTuneStore('lrt-lab-tuning-test');
    if (!opened.store) throw new Error(opened.unavailable.key);
    expect(await opened.store.get('a key')).toBeUndefined();
    await opened.store.set('a key', preset);
    expect(await openTuneStore('lrt-lab-tuning-test').store?.get('a key')).toEqual(preset);
    indexedDB.deleteDatabase('lrt-lab-tuning-test');
  });

  test('says why there is none', () => {
    vi.stubGlobal('indexedDB', undefined);
    expect(openTuneStore()).toEqual({ store: null, unavailable: { key: 'run.tuning.no-store', params: {} } });
  });
});
