/** What `npm run truth` has recorded is of the present thresholds, and says what the verdict may be wrong about. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CHAIN_OUTCOMES } from '../../experiment/run/chain';
import { DEFAULT_THRESHOLDS } from '../../experiment/thresholds';
import { NULL_KINDS } from './null-cases';
import { TRUTH_FILE, type Truth } from './truth-fixture';

const { thresholds, cases } = JSON.parse(readFileSync(TRUTH_FILE, 'utf8')) as Truth;

test('the null cases were judged by the thresholds of this version, every kind of them', () => {
  expect(thresholds).toEqual(DEFAULT_THRESHOLDS);
  expect(new Set(cases.map(({ kind }) => kind))).toEqual(new Set(NULL_KINDS));
  for (const { outcome } of cases) expect(CHAIN_OUTCOMES).toContain(outcome);
  expect(new Set(cases.map(({ kind, concept, seed }) => `${kind} ${concept} ${seed}`)).size).toBe(cases.length);
});

test('at most 2 % of all null cases, and 5 % of any kind, are said to transfer', () => {
  const share = (of: Truth['cases']): number => of.filter(({ outcome }) => outcome === 'transfers').length / of.length;
  expect(share(cases)).toBeLessThanOrEqual(0.02);
  for (const kind of NULL_KINDS)
    expect(share(cases.filter((one) => one.kind === kind)), kind).toBeLessThanOrEqual(0.05);
});
