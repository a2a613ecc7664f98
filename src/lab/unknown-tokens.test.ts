import { expect, test } from 'vitest';
import { countUnknown, unknownWarning } from './unknown-tokens';

const tokenizer = { unknownId: 0, bosId: 1 };

test('unknown tokens are counted, the begin token is not', () => {
  expect(
    countUnknown(
      [
        [1, 5, 0, 7],
        [1, 0, 0],
      ],
      tokenizer,
    ),
  ).toEqual({ unknown: 3, tokens: 5 });
  expect(countUnknown([[1, 5, 6]], { unknownId: null, bosId: 1 })).toEqual({ unknown: 0, tokens: 2 });
  // Where one token is both, as in GPT-2, it counts.
  expect(countUnknown([[2, 5]], { unknownId: 2, bosId: 2 })).toEqual({ unknown: 1, tokens: 2 });
});

test('more than one in a hundred is warned of, with where and whose', () => {
  expect(unknownWarning('corpus', 'M', { unknown: 1, tokens: 100 })).toBeNull();
  expect(unknownWarning('corpus', 'M', { unknown: 0, tokens: 0 })).toBeNull();
  expect(unknownWarning('corpus', 'M', { unknown: 7, tokens: 100 })).toEqual({
    key: 'run.warn.unknown-corpus',
    params: { model: 'M', unknown: 7, tokens: 100, share: 7 },
  });
  expect(unknownWarning('pairs', 'M', { unknown: 2, tokens: 100 })?.key).toBe('run.warn.unknown-pairs');
});
