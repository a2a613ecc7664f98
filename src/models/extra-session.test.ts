import { expect, test } from 'vitest';
import { planExtraSession } from './extra-session';
import { WASM_HEAP } from './memory-plan';

const MIB = 2 ** 20;
const small = { weightBytes: 100 * MIB, vocabSize: 32_000, promptTokens: 32 };

test('one more session fits where the machine has room beside what is held, and where nothing says', () => {
  expect(planExtraSession(small, 500 * MIB, 8 * 1024 * MIB)).toEqual({ fits: true });
  expect(planExtraSession(small, 500 * MIB, null)).toEqual({ fits: true });
});

test('a machine that is too small is told, with what is needed', () => {
  const plan = planExtraSession(small, 3000 * MIB, 4096 * MIB);
  expect(plan).toMatchObject({ fits: false, short: 'machine', budget: 0.75 * 4096 * MIB });
  expect((plan as { need: number }).need).toBeGreaterThan(3200 * MIB);
});

test('no machine lifts the limit of a heap', () => {
  expect(planExtraSession({ ...small, weightBytes: WASM_HEAP }, 0, null)).toMatchObject({ fits: false, short: 'heap' });
});
