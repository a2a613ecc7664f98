import { describe, expect, test } from 'vitest';
import { makeScorer, wordsOf } from './score';
import { measureSides } from './measure';
import { saying } from '../i18n/testing';

describe('lexicon scorer', () => {
  const score = makeScorer({ type: 'lexicon', positive: ['glad', 'alegría'], negative: ['sad', 'niño'] });

  test('counts whole words of any script and ignores the prompt', () => {
    expect(score('so sad, sad, sad', ' She was GLAD.')).toBe(1);
    expect(score('', 'The niño wept; sadness is not a hit.')).toBe(-1);
    expect(score('', 'glad and sad')).toBe(0);
    expect(score('', 'nothing here')).toBe(0);
  });

  test('words keep their accents', () => {
    expect(wordsOf('¡Qué Alegría, niño!')).toEqual(['qué', 'alegría', 'niño']);
  });

  test('rates are over all continuations, the undecided ones included', () => {
    const sides = measureSides(score, ['', '', '', ''], ['glad', 'sad', 'glad', 'x']);
    expect(sides.positive.rate).toBe(0.5);
    expect(sides.negative.rate).toBe(0.25);
    expect(sides.undecided).toBe(1);
    expect(sides.positive.interval[0]).toBeLessThan(0.5);
    expect(sides.positive.interval[1]).toBeGreaterThan(0.5);
  });
});

describe('relation scorer', () => {
  const score = makeScorer({
    type: 'relation',
    olderPatterns: [
      { regex: '(\\p{Lu}\\p{L}+) was older than (\\p{Lu}\\p{L}+)', older: 1, younger: 2 },
      { regex: '(\\p{Lu}\\p{L}+) was younger than (\\p{Lu}\\p{L}+)', older: 2, younger: 1 },
    ],
    givePatterns: [{ regex: '(\\p{Lu}\\p{L}+) gave (\\p{Lu}\\p{L}+)', giver: 1, receiver: 2 }],
  });

  test('reads who is older from the prompt and who gives from the continuation', () => {
    expect(score('Leo was older than Vera.', ' Leo gave Vera a shell.')).toBe(1);
    expect(score('Leo was younger than Vera.', ' Leo gave Vera a shell.')).toBe(-1);
    expect(score('Leo was older than Vera.', ' They slept.')).toBe(0);
  });

  test('a pattern that is no regular expression is a named error', () => {
    expect(() =>
      makeScorer({
        type: 'relation',
        olderPatterns: [{ regex: '(', older: 1, younger: 2 }],
        givePatterns: [{ regex: 'x', giver: 1, receiver: 2 }],
      }),
    ).toThrow(saying(/not a regular expression/));
  });
});
