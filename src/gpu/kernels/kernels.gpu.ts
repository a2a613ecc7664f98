/** Every kernel against the float64 mathematics, on a device with WebGPU's default limits and no optional feature: what every visitor has. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { liveMemory } from '../scope';
import { compileKernels } from '../kernel';
import { ALL_KERNELS } from './all';
import { KERNEL_CASES } from './cases';
import { runCase } from './testing';

let device: GPUDevice;
const errors: string[] = [];
beforeAll(async () => {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('no adapter');
  device = await adapter.requestDevice();
  device.addEventListener('uncapturederror', (event) => errors.push((event as GPUUncapturedErrorEvent).error.message));
  await compileKernels(device, ALL_KERNELS);
});
afterAll(() => device.destroy());

describe('kernels agree with float64', () => {
  for (const item of KERNEL_CASES) {
    test(`${item.kernel}: ${item.name}`, async () => {
      const before = liveMemory(device);
      const error = await runCase(device, item);
      expect(error).toBeLessThanOrEqual(item.tolerance);
      expect(liveMemory(device)).toEqual(before);
    });
  }

  test('no validation error went unnoticed', () => {
    expect(errors).toEqual([]);
  });
});
