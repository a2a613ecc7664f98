/**
 * The GPU fit over seeded cases of unpleasant data, as many as fit into a quarter of a minute;
 * VITE_FUZZ=all takes all 2,000.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeCase, fuzzCase, fuzzFit } from '../../fit/testing/fuzz';
import { createDevice, type LabDevice } from '../device';
import { liveMemory } from '../scope';
import { GpuFit } from './gpu-fit';
import { uploading } from './testing';

const ALL = 2000;
const everything = import.meta.env.VITE_FUZZ === 'all';
const BUDGET_MS = everything ? Infinity : 15_000;
/** A software adapter that does not get this far has another problem. */
const LEAST = 20;

let lab: LabDevice;
beforeAll(async () => {
  lab = await createDevice();
});
afterAll(() => lab.destroy());

test('never a NaN without an error that explains it', { timeout: everything ? 3_600_000 : 240_000 }, async () => {
  const before = liveMemory(lab.device);
  const failures: string[] = [];
  const start = performance.now();
  let seed = 0;
  while (seed < ALL && performance.now() - start < BUDGET_MS) {
    const item = fuzzCase(++seed);
    const { shape, folds, warmUpRows } = item;
    const fit = await GpuFit.create(lab.device, shape, { cka: false, folds, warmUpRows });
    const problems = await fuzzFit(item, uploading(lab.device, fit), (into, chunk) => into.add(chunk));
    for (const what of problems) failures.push(`${describeCase(item)}: ${what}`);
  }
  console.log(`${seed} cases in ${((performance.now() - start) / 1000).toFixed(0)} s, ${failures.length} failures`);
  expect(failures).toEqual([]);
  expect(seed).toBeGreaterThanOrEqual(Math.min(LEAST, ALL));
  expect(liveMemory(lab.device)).toEqual(before);
  expect(lab.uncaptured()).toEqual([]);
});
