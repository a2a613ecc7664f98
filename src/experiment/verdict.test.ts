import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { wordsOf } from '../i18n/text';
import { message } from './message';
import type { Chain, Verdict } from './run';
import { parseRun } from './run-schema';
import { DEFAULT_THRESHOLDS, thresholdsOf } from './thresholds';
import { transferRatioOf } from './transfer-ratio';
import { isTransfer, nativeShareOf, outcomeName, reasonsOf, sentenceOf } from './verdict';

const { say } = wordsOf('en');
const recorded = JSON.parse(readFileSync(new URL('../../public/recorded/mood.json', import.meta.url), 'utf8'));
const { evidence } = parseRun(recorded);
const { chain: _, ...earlier } = evidence.verdict satisfies Verdict as Verdict;
const judged = (verdict: Verdict) => ({ ...evidence, verdict });
const chain: Chain = {
  outcome: 'steers',
  provisional: false,
  sides: [],
  sentence: message('run.chain.unasked'),
  r: 1,
  prompts: 8,
  thresholds: DEFAULT_THRESHOLDS,
  steps: [],
  compared: [],
  share: null,
};

test('a run made before there was a chain says what it said', () => {
  expect(outcomeName(earlier)).toEqual(message(`evidence.outcome.${earlier.outcome}`));
  expect(isTransfer(earlier)).toBe(earlier.outcome === 'steers');
  expect(sentenceOf(earlier)).toEqual(earlier.sentence);
  expect(reasonsOf(judged(earlier))).toEqual(earlier.reasons);
  expect(nativeShareOf(judged(earlier))).toEqual(transferRatioOf(judged(earlier)));
});

test('with a chain the earlier rule is silent, and “steers” is no transfer', () => {
  const verdict = { ...earlier, chain };
  expect(say(outcomeName(verdict))).toBe('Steers, no evidence for transfer');
  expect(isTransfer(verdict)).toBe(false);
  expect(isTransfer({ ...verdict, chain: { ...chain, outcome: 'transfers' } })).toBe(true);
  expect(sentenceOf(verdict)).toEqual(chain.sentence);
  expect(nativeShareOf(judged(verdict))).toBeNull();
  const kept = reasonsOf(judged(verdict)).map(({ key }) => key);
  expect(kept.some((key) => key.startsWith('run.dose.'))).toBe(true);
  expect(kept).not.toContain('run.reason.random');
  expect(kept).not.toContain('run.reason.transfer');
});

test('thresholds that settings leave out are the defaults', () => {
  expect(thresholdsOf({})).toEqual(DEFAULT_THRESHOLDS);
  expect(thresholdsOf({ verdict: { minLift: 0.1 } })).toEqual({ ...DEFAULT_THRESHOLDS, minLift: 0.1 });
});
