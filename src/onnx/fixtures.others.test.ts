/** Every graph of fixtures/exporters in the fused style, dynamo, merged exports and torch's own names, on ONNX Runtime's WASM: see fixture-checks.ts. */
import { expect, it } from 'vitest';
import { checkFixture } from './fixture-checks';
import { FIXTURES } from './testing';

it.each(FIXTURES.filter(({ style }) => style !== 'plain'))('$name', async (fixture) => {
  const checks = await checkFixture(fixture);
  expect(checks.filter((check) => !check.passed)).toEqual([]);
});
