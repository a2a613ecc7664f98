/** The device, its memory count, compile errors, the audit, PCA and the self-test, in a real browser. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { dot } from '../math/stats';
import { pca } from '../math/pca';
import { activationLike } from '../math/testing/activations';
import { auditFit } from '../fit/audit';
import { onGpu } from './audit';
import { createDevice, type LabDevice, probe } from './device';
import { compileKernels, defineKernel } from './kernel';
import { gpuPca } from './pca';
import { Recorder } from './recorder';
import { GpuRows } from './rows';
import { GpuScope, liveMemory } from './scope';
import type { GpuMatrix } from './types';
import { requireSelfTest, runSelfTest } from './selftest';
import { saying } from '../i18n/testing';

let lab: LabDevice;
beforeAll(async () => {
  lab = await createDevice();
});
afterAll(() => lab.destroy());

test('the adapter is described', async () => {
  const report = await probe();
  expect(report.available).toBe(true);
  expect(report.limits.maxBufferSize).toBeGreaterThan(1e8);
  expect(lab.device.limits.maxStorageBufferBindingSize).toBe(report.limits.maxStorageBufferBindingSize);
  if (/swiftshader/i.test(JSON.stringify(report.info))) expect(report.software).toBe(true);
});

describe('memory', () => {
  test('is counted, given back, and refused beyond what a buffer may hold', async () => {
    const before = liveMemory(lab.device);
    const scope = new GpuScope(lab.device);
    const matrix = scope.matrix(10, 10, 'a');
    scope.upload(new Float32Array(5), 'b');
    expect(liveMemory(lab.device)).toEqual({ buffers: before.buffers + 2, bytes: before.bytes + 400 + 32 });
    scope.release(matrix.buffer);
    scope.release(matrix.buffer);
    expect(liveMemory(lab.device).buffers).toBe(before.buffers + 1);
    expect(() => scope.buffer(1e15, 'too much')).toThrowError(LabError);
    await scope.settled();
    scope.dispose();
    scope.dispose();
    expect(liveMemory(lab.device)).toEqual(before);
    expect(() => scope.buffer(4, 'late')).toThrowError(saying('late'));
  });
});

test('a kernel that does not compile names itself and the line', async () => {
  const broken = defineKernel(
    'broken',
    'struct Params { n: u32 }\n@group(0) @binding(0) var<uniform> p: Params;\n@compute @workgroup_size(1) fn main() { let x: f32 = p.n; }',
  );
  await expect(compileKernels(lab.device, [broken])).rejects.toMatchObject({
    code: 'shader-compile',
    params: { kernel: 'broken', line: 3 },
  });
});

test('a lost device is told with its code', async () => {
  const other = await createDevice();
  const scope = new GpuScope(other.device);
  scope.buffer(16, 'x');
  other.destroy(); // destroying on purpose is not a loss
  const outcome = await Promise.race([other.lost, new Promise((resolve) => setTimeout(resolve, 100, 'no loss'))]);
  expect(outcome).toBe('no loss');
});

test('reading from a device that has gone says so', async () => {
  const other = await createDevice();
  const rec = await Recorder.create(other.device, []);
  const scope = new GpuScope(other.device);
  const buffer = scope.buffer(16, 'x');
  other.destroy();
  await expect(rec.readFloats(buffer, 4)).rejects.toMatchObject({ code: 'webgpu-device-lost' });
});

test('rows are gathered', async () => {
  const before = liveMemory(lab.device);
  const rows = await GpuRows.create(lab.device);
  const scope = new GpuScope(lab.device);
  const tensor = (cols: number): GpuMatrix =>
    scope.uploadMatrix(
      Float32Array.from({ length: 6 * cols }, (_, i) => i),
      6,
      cols,
      'tensor',
    );
  const [narrow, wide] = rows.gather([tensor(3), tensor(70)], Uint32Array.of(5, 0, 5), scope);
  expect(narrow).toMatchObject({ rows: 3, cols: 3 });
  const rec = await Recorder.create(lab.device, []);
  expect([...(await rec.readFloats(narrow.buffer, 9))]).toEqual([15, 16, 17, 0, 1, 2, 15, 16, 17]);
  const expected = [5, 0, 5].flatMap((row) => Array.from({ length: 70 }, (_, i) => row * 70 + i));
  expect([...(await rec.readFloats(wide.buffer, 210))]).toEqual(expected);
  rec.dispose();
  expect(() => rows.gather([narrow], Uint32Array.of(3), scope)).toThrowError(RangeError);
  scope.dispose();
  rows.dispose();
  expect(liveMemory(lab.device)).toEqual(before);
});

test('audit: the device agrees with float64', async () => {
  const before = liveMemory(lab.device);
  const data = activationLike({ sourceWidth: 40, targetWidth: 24, rows: 2500, kappa: 1e6, seed: 20 });
  const audit = await auditFit(onGpu(lab.device), data, 1e-4);
  expect(audit.errorVsFloat64).toBeLessThan(1e-4);
  expect(audit.errorVsFloat64).toBeGreaterThan(0);
  expect(audit.deltaR2).toBeLessThan(1e-6);
  expect(liveMemory(lab.device)).toEqual(before);
});

test('PCA agrees with float64: directions and variances', async () => {
  const data = activationLike({ sourceWidth: 70, targetWidth: 4, rows: 1500, kappa: 1e3, seed: 21 });
  const before = liveMemory(lab.device);
  const scope = new GpuScope(lab.device);
  const got = await gpuPca(lab.device, scope.uploadMatrix(data.X, data.rows, 70, 'rows'), 5);
  const expected = pca({ rows: data.rows, cols: 70, data: data.X }, 5);
  expect(got.residual).toBeLessThan(1e-5);
  expect(got.total / expected.total).toBeCloseTo(1, 5);
  for (let c = 0; c < 5; c++) {
    const cut = (m: { data: Float64Array }): Float64Array => m.data.subarray(c * 70, (c + 1) * 70);
    expect(got.variances[c] / expected.variances[c]).toBeCloseTo(1, 3);
    expect(dot(cut(got.components), cut(expected.components))).toBeGreaterThan(0.999);
  }
  scope.dispose();
  expect(liveMemory(lab.device)).toEqual(before);
});

test('the self-test passes, and fast once compiled', async () => {
  await runSelfTest(lab.device);
  const before = liveMemory(lab.device);
  const report = await runSelfTest(lab.device);
  console.log(
    `self-test: ${report.milliseconds.toFixed(0)} ms, ${report.cases.map((item) => `${item.kernel} ${item.maxRelativeError.toExponential(1)}`).join(', ')}`,
  );
  expect(report.cases.filter((item) => !item.passed)).toEqual([]);
  expect(report.passed).toBe(true);
  requireSelfTest(report);
  expect(() =>
    requireSelfTest({
      ...report,
      passed: false,
      cases: [{ kernel: 'atb', name: 'one', maxRelativeError: 1, tolerance: 1e-6, passed: false }],
    }),
  ).toThrowError(/atb/);
  expect(liveMemory(lab.device)).toEqual(before);
});

test('no validation error went unnoticed', () => {
  expect(lab.uncaptured()).toEqual([]);
});
