import { describe, expect, test } from 'vitest';
import { wordsOf } from '../i18n/text';
import { planMemory, WASM_HEAP, type MemoryLimits, type PlannedModel, type PlannedWork } from './memory-plan';
import { wording } from '../i18n/testing';

const GIB = 2 ** 30;
const small: PlannedModel = {
  id: 'small',
  dtype: 'fp32',
  weightBytes: 100e6,
  config: { layers: 10, hiddenSize: 512, heads: 8, kvHeads: 4, vocabSize: 1000 },
};
const large: PlannedModel = { ...small, id: 'large', weightBytes: 400e6 };
const work: PlannedWork = {
  collectRows: 8,
  collectLength: 128,
  decodeRows: 16,
  decodeLength: 64,
  sessions: 4,
  fitBytes: 50e6,
  corpusTokens: 1000,
  comparedTokens: 50,
  sampleRows: 100,
};
const words = wordsOf('en');
const gpu: MemoryLimits = {
  backend: 'webgpu',
  maxBufferSize: GIB,
  maxStorageBufferBindingSize: GIB,
  deviceMemory: 16 * GIB,
};

describe('the lines', () => {
  const plan = planMemory(small, large, work, gpu);
  const line = (label: string) => plan.lines.find((item) => words.say(item.label).startsWith(label))!;

  test('are what the shapes say', () => {
    expect(line('Weights')).toMatchObject({ source: 4 * 100e6, target: 4 * 400e6 });
    // 2 (keys, values) × layers × rows × kv heads × positions × head width × float32
    expect(line('KV cache').source).toBe(2 * 10 * 16 * 4 * 64 * 64 * 4);
    expect(line('Residual').source).toBe(10 * 8 * 128 * 512 * 4);
    expect(line('Logits').source).toBe(16 * 1000 * 4);
    expect(line('Files')).toMatchObject({ source: 100e6, target: 400e6, runtime: false });
    expect(line('Logits of neutral')).toMatchObject({ source: 50 * 1000 * 4, runtime: false });
    expect(line('Sample')).toMatchObject({ shared: 100 * 4 * 2 * 10 * 512 });
    expect(line('The fit')).toMatchObject({ source: 0, target: 0, shared: 50e6 });
    expect(plan.lines.filter((item) => item.estimated).map((item) => words.say(item.label))).toEqual([
      'Inside a block',
    ]);
  });

  test('what is kept adds up; of what passes, the largest use of one model counts', () => {
    const sum = (use: string, side: 'source' | 'target' | 'shared') =>
      plan.lines.reduce((total, item) => total + (item.use === use ? item[side] : 0), 0);
    const kept = (side: 'source' | 'target' | 'shared') => sum('kept', side);
    const passing = Math.max(
      ...(['source', 'target'] as const).flatMap((side) =>
        ['reading', 'writing', 'comparing'].map((use) => sum(use, side) + sum(use, 'shared')),
      ),
    );
    expect(kept('target')).toBe(5 * 400e6);
    expect(passing).toBe(sum('reading', 'target'));
    expect(passing).toBeGreaterThan(sum('writing', 'target'));
    expect(plan.whole).toEqual({ together: plan.together, sequential: plan.sequential });
    expect(plan.together).toBe(kept('source') + kept('target') + kept('shared') + passing);
    // tokens × blocks × width × float32, of the source alone
    expect(plan.onDisk).toBe(1000 * 10 * 512 * 4);
    expect(plan.sequential).toBe(kept('target') + kept('shared') + passing);
  });

  test('a float16 cache is half; a stated head width counts', () => {
    const half = planMemory({ ...small, dtype: 'q4f16', config: { ...small.config, headDim: 128 } }, large, work, gpu);
    expect(half.lines.find((item) => words.say(item.label) === 'KV cache')!.source).toBe(
      2 * 10 * 16 * 4 * 64 * 128 * 2,
    );
  });
});

describe('the verdict', () => {
  test('together, one after the other, and not at all', () => {
    const { together, sequential } = planMemory(small, large, work, gpu);
    const within = (budget: number) => planMemory(small, large, work, { ...gpu, deviceMemory: budget / 0.75 });
    expect(within(together + 1).fits).toBe('together');
    expect(within(together - 1).fits).toBe('sequential');
    expect(within(sequential + 1).fits).toBe('sequential');
    const none = within(sequential - 1);
    expect(none.fits).toBe('no');
    expect(none.reason).toEqual(wording('large'));
  });

  test('a weight larger than a buffer does not fit however much memory there is', () => {
    const gemma: PlannedModel = {
      id: 'gemma',
      dtype: 'fp32',
      weightBytes: 4e9,
      config: { layers: 26, hiddenSize: 1152, heads: 4, kvHeads: 1, vocabSize: 262144 },
    };
    const plan = planMemory(small, gemma, work, { ...gpu, deviceMemory: 64 * GIB });
    expect(plan).toMatchObject({ fits: 'no', reason: wording('gemma') });
    expect(
      planMemory(small, { ...gemma, largestTensorBytes: 2 ** 28 }, work, { ...gpu, deviceMemory: 64 * GIB }).fits,
    ).toBe('together');
    expect(
      planMemory(small, gemma, work, {
        ...gpu,
        maxStorageBufferBindingSize: 2 * GIB,
        maxBufferSize: 2 * GIB,
        deviceMemory: 64 * GIB,
      }).fits,
    ).toBe('together');
  });

  test('WASM is bounded by its heap, which holds what the runtime has, and by the machine, which holds all', () => {
    const wasm: MemoryLimits = {
      ...gpu,
      backend: 'wasm',
      maxBufferSize: 0,
      maxStorageBufferBindingSize: 0,
      deviceMemory: null,
    };
    const heap = planMemory(small, large, work, wasm);
    expect(heap).toMatchObject({ fits: 'together', budget: WASM_HEAP - 256 * 2 ** 20, hard: true });
    expect(heap.together).toBe(
      4 * 500e6 + heap.lines.reduce((sum, item) => sum + (item.use === 'reading' ? item.target : 0), 0),
    );
    const whole = planMemory(small, large, work, { ...wasm, deviceMemory: 4 * GIB });
    expect(whole).toMatchObject({
      fits: 'together',
      budget: 3 * GIB,
      hard: false,
      reason: wording('of this machine'),
    });
    expect(whole.together).toBeGreaterThan(heap.together + 500e6);
    // In turn neither limit may be passed.
    expect(planMemory({ ...small, weightBytes: 800e6 }, { ...large, weightBytes: 800e6 }, work, wasm)).toMatchObject({
      fits: 'sequential',
      hard: true,
      reason: wording('WASM runtime'),
    });
    expect(
      planMemory(small, large, { ...work, fitBytes: 5.8 * GIB }, { ...wasm, deviceMemory: 8 * GIB }),
    ).toMatchObject({
      fits: 'no',
      hard: false,
      reason: wording(/^large alone takes .*, with 6\.\d\d GB for the fit/),
    });
    expect(planMemory(small, { ...large, weightBytes: 1e9 }, work, { ...wasm, deviceMemory: 64 * GIB })).toMatchObject({
      fits: 'no',
      hard: true,
    });
  });

  test('an unknown amount of memory is said to be unknown', () => {
    expect(planMemory(small, large, work, { ...gpu, deviceMemory: null })).toMatchObject({
      budget: null,
      fits: 'together',
      reason: wording('does not say'),
    });
  });
});
