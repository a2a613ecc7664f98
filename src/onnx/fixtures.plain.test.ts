/** Every graph of fixtures/exporters in the plain style, on ONNX Runtime's WASM: see fixture-checks.ts. */
import { expect, it } from 'vitest';
import { checkFixture } from './fixture-checks';
import { FIXTURES } from './testing';

it.each(FIXTURES.filter(({ style }) => style === 'plain'))('$name', async (fixture) => {
  const checks = await checkFixture(fixture);
  expect(checks.filter((check) => !check.passed)).toEqual([]);
});
