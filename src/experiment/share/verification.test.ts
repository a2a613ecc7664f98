import { wordsOf } from '../../i18n/text';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Run } from '../run';
import { claimsOf, type Claim } from './claims';
import {
  closeVerification,
  compareClaims,
  countVerdicts,
  isWholeVerification,
  verdictOf,
  type Step,
} from './verification';

const run = JSON.parse(readFileSync(new URL('../../../public/recorded/mood.json', import.meta.url), 'utf8')) as Run;
const claims = claimsOf(run);
const altered = (id: Claim['id'], change: (claim: Claim) => Partial<Claim>): Claim[] =>
  claims.map((claim) => (claim.id === id ? { ...claim, ...change(claim) } : claim));
const verdictAt = (checks: ReturnType<typeof compareClaims>, id: string): string =>
  checks.find((check) => check.id === id)!.verdict;

test('a run confirms its own claims', () => {
  const checks = compareClaims(claims, run);
  expect(checks.every(({ verdict }) => verdict === 'reproduced')).toBe(true);
  expect(countVerdicts(checks).map(wordsOf('en').say)).toEqual([`${claims.length} reproduced`]);
});

test('a claim that was altered differs, alone; a little off is within tolerance', () => {
  const raised = compareClaims(
    altered('map.r2', ({ value }) => ({ value: Number(value) + 0.05 })),
    run,
  );
  expect(raised.filter(({ verdict }) => verdict !== 'reproduced').map(({ id, verdict }) => [id, verdict])).toEqual([
    ['map.r2', 'differs'],
  ]);
  expect(raised.find(({ id }) => id === 'map.r2')!.difference).toBeCloseTo(-0.05, 6);
  expect(
    verdictAt(
      compareClaims(
        altered('map.r2', ({ value }) => ({ value: Number(value) + 0.0015 })),
        run,
      ),
      'map.r2',
    ),
  ).toBe('within tolerance');
  expect(
    verdictAt(
      compareClaims(
        altered('outcome', () => ({ value: 'fails' })),
        run,
      ),
      'outcome',
    ),
  ).toBe('differs');
  expect(
    verdictAt(
      compareClaims(
        altered('layer.target', ({ value }) => ({ value: Number(value) + 1 })),
        run,
      ),
      'layer.target',
    ),
  ).toBe('differs');
  expect(
    verdictAt(
      compareClaims(
        altered('rate.mapped.positive', () => ({ n: 6400 })),
        run,
      ),
      'rate.mapped.positive',
    ),
  ).toBe('differs');
});

test('a link cannot widen a tolerance', () => {
  const check = compareClaims(
    altered('map.r2', ({ value }) => ({ value: Number(value) + 0.3, tolerance: { basis: 'arithmetic', value: 1 } })),
    run,
  ).find(({ id }) => id === 'map.r2')!;
  expect(check.verdict).toBe('differs');
  expect(check.tolerance).toBeLessThan(0.01);
  expect(check.notes).toEqual([{ key: 'verify.note.wide', params: { allowed: 1 } }]);
});

test('at another dose the figures of the dose are not compared', () => {
  const { verdict } = run.evidence;
  const other = {
    ...run,
    evidence: { ...run.evidence, verdict: { ...verdict, chosenDose: { ...verdict.chosenDose, r: 1 } } },
  };
  const checks = compareClaims(claims, other);
  expect(verdictAt(checks, 'dose.r')).toBe('differs');
  expect(verdictAt(checks, 'rate.mapped.positive')).toBe('not run');
  expect(verdictAt(checks, 'rate.large.none')).toBe('reproduced');
  expect(verdictAt(checks, 'map.r2')).toBe('reproduced');
});

test('what was not computed is not run', () => {
  const checks = compareClaims(claims, { map: run.map, steer: run.steer });
  expect(verdictAt(checks, 'map.r2')).toBe('reproduced');
  expect(verdictAt(checks, 'outcome')).toBe('not run');
  expect(compareClaims(claims, null).every(({ verdict, here }) => verdict === 'not run' && here === null)).toBe(true);
});

const step = (id: Step['id'], verdict: Step['verdict'], error: Step['error'] = null): Step => ({
  id,
  verdict,
  summary: null,
  checks: [],
  error,
  milliseconds: 0,
});
const close = (steps: Step[]): ReturnType<typeof closeVerification> =>
  closeVerification({
    document: 'd',
    experiment: 'e',
    title: 't',
    depth: 'quick',
    when: '2026-01-01T00:00:00.000Z',
    app: { name: 'lrt-lab', version: '0' },
    device: null,
    steps,
    claims: [],
  });

test('a verification confirms nothing where a step failed or no claim was compared', () => {
  expect(close([step('integrity', 'reproduced'), step('claims', 'within tolerance')]).verdict).toBe('within tolerance');
  expect(
    close([step('integrity', 'reproduced'), step('replay', 'not run'), step('claims', 'reproduced')]).verdict,
  ).toBe('reproduced');
  expect(close([step('integrity', 'reproduced'), step('claims', 'not run')]).verdict).toBe('not run');
  expect(
    close([
      step('integrity', 'reproduced'),
      step('replay', 'not run', { code: 'internal', key: 'internal', params: {} }),
      step('claims', 'reproduced'),
    ]).verdict,
  ).toBe('not run');
  expect(close([step('artifacts', 'differs'), step('claims', 'not run')]).verdict).toBe('differs');
  expect(verdictOf([])).toBe('not run');
});

test('a verification has a digest of its own', () => {
  const verification = close([step('claims', 'reproduced')]);
  expect(isWholeVerification(JSON.parse(JSON.stringify(verification)))).toBe(true);
  expect(isWholeVerification({ ...verification, verdict: 'differs' })).toBe(false);
  expect(isWholeVerification({})).toBe(false);
});
