/** Every kernel against the float64 mathematics, on whatever adapter the browser offers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDevice, type LabDevice } from '../device';
import { liveMemory } from '../scope';
import { KERNEL_CASES } from './cases';
import { runCase } from './testing';

let lab: LabDevice;
beforeAll(async () => {
  lab = await createDevice();
});
afterAll(() => lab.destroy());

describe('kernels agree with float64', () => {
  for (const item of KERNEL_CASES) {
    test(`${item.kernel}: ${item.name}`, async () => {
      const before = liveMemory(lab.device);
      const error = await runCase(lab.device, item);
      expect(error).toBeLessThanOrEqual(item.tolerance);
      expect(liveMemory(lab.device)).toEqual(before);
    });
  }

  test('no validation error went unnoticed', () => {
    expect(lab.uncaptured()).toEqual([]);
  });
});
