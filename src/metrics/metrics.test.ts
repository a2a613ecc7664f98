import { describe, expect, test } from 'vitest';
import { wordsOf } from '../i18n/text';
import { breaksLimit, costliest, measure, metricOf, METRICS, SHOWN_METRICS, unknownShare } from '.';
import { wordsIn } from './words';

const input = {
  texts: ['one two three one two three', 'a b c d', 'glad'],
  sides: [1, 0, -1] as const,
  sideEffects: { mean: 0.25, p95: 0.75 },
  cut: [true, true, false],
  knownWords: new Set(['one', 'two', 'three', 'a', 'b', 'd']),
  perplexity: { steered: 6, unsteered: 4 },
};

test('words keep their accents', () => {
  expect(wordsIn('¡Qué Alegría, niño!')).toEqual(['qué', 'alegría', 'niño']);
});

test('ids and columns are names of one measure each, and every measure has its texts', () => {
  expect(new Set(METRICS.map(({ id }) => id)).size).toBe(METRICS.length);
  expect(new Set(METRICS.map(({ column }) => column)).size).toBe(METRICS.length);
  for (const { id } of METRICS) {
    expect(wordsOf('en').text(`metric.${id}.name`)).not.toBe('');
    expect(wordsOf('en').text(`metric.${id}.help`)).toMatch(/\.$/);
  }
});

test('every measure is taken', () => {
  const taken = measure(input);
  expect(Object.keys(taken)).toEqual(METRICS.map(({ id }) => id));
  expect(taken).toMatchObject({ undecided: 1, meanKl: 0.25, p95Kl: 0.75, perplexityRatio: 1.5 });
  // Of nine words, two of which may have been cut, “c” and “glad” are unknown.
  expect(taken.unknownWords).toBeCloseTo(2 / 9, 12);
  // Four trigrams, of which one repeats; two, of which none does; none.
  expect(taken.rep3).toBeCloseTo(0.25 / 3, 12);
  // Five pairs, of which three are new; three, all new; none.
  expect(taken.distinct2).toBeCloseTo((3 / 5 + 1 + 1) / 3, 12);
});

describe('limits', () => {
  const limits = { maxP95Kl: 1, maxRep3: 0.3 };
  test('KL may reach its limit, repetition must stay under it', () => {
    expect(breaksLimit({ p95Kl: 1, rep3: 0.29 }, limits)).toBe(false);
    expect(breaksLimit({ p95Kl: 1.001, rep3: 0 }, limits)).toBe(true);
    expect(breaksLimit({ p95Kl: 0, rep3: 0.3 }, limits)).toBe(true);
  });

  test('those of the text and those of side effects can be asked for by themselves', () => {
    const all = { ...limits, maxPerplexityRatio: 1.5, maxUnknownWords: 0.01 };
    expect(breaksLimit({ p95Kl: 2, rep3: 0, perplexityRatio: 1.5, unknownWords: 0.01 }, all, 'fluency')).toBe(false);
    expect(breaksLimit({ p95Kl: 0, rep3: 0, perplexityRatio: 1.51, unknownWords: 0 }, all, 'fluency')).toBe(true);
    expect(breaksLimit({ p95Kl: 0, rep3: 0, perplexityRatio: 1, unknownWords: 0.011 }, all, 'fluency')).toBe(true);
    expect(breaksLimit({ p95Kl: 0, rep3: 1, perplexityRatio: 9, unknownWords: 1 }, all, 'side-effects')).toBe(false);
  });

  test('a limit that is not set, and a measure that was not taken or could not be, break nothing', () => {
    expect(breaksLimit({ p95Kl: 0, rep3: 0, perplexityRatio: 9 }, limits)).toBe(false);
    expect(breaksLimit({ p95Kl: 0, rep3: 0 }, { ...limits, maxPerplexityRatio: 1.5 })).toBe(false);
    expect(breaksLimit({ perplexityRatio: NaN }, { maxPerplexityRatio: 1.5 })).toBe(false);
  });
});

test('what a run does not have is null, and so is what could not be computed', () => {
  expect(metricOf({ p95Kl: 0 }, 'p95Kl')).toBe(0);
  expect(metricOf({}, 'p95Kl')).toBeNull();
  expect(metricOf({ p95Kl: NaN }, 'p95Kl')).toBeNull();
  expect(costliest({ costly: 'higher' }, [1, null, 2])).toBe(2);
  expect(costliest({ costly: 'lower' }, [1, null, 2])).toBe(1);
  expect(costliest({ costly: 'lower' }, [null])).toBeNull();
  expect(SHOWN_METRICS.map(({ id }) => id)).toContain('p95Kl');
});

describe('unknown words', () => {
  const knownWords = new Set(['la', 'niña', 'ríe', 'she', 'sings']);
  const share = (texts: string[], cut: boolean[]): number => unknownShare({ texts, cut, knownWords });

  test('are counted over the words of all texts, whatever their case', () => {
    expect(share([' La NIÑA ríe.', ' She buelo sings, and'], [false, false])).toBe(2 / 7);
  });

  test('a last word is left out only where the text was cut within it', () => {
    expect(share([' She sings buel'], [true])).toBe(0);
    expect(share([' She sings buel'], [false])).toBe(1 / 3);
    expect(share([' She sings buel.'], [true])).toBe(1 / 3);
  });

  test('no words have no share', () => {
    expect(share(['...', ''], [true, false])).toBeNaN();
    expect(share(['buel'], [true])).toBeNaN();
  });
});
