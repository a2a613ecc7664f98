import { describe, expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { checkRows, chunkRows, groupByLength, padRows, stepMask } from './batch';

const numbers = (values: BigInt64Array): number[] => Array.from(values, Number);

describe('padRows', () => {
  test('right padding leaves tokens and positions where they are', () => {
    const batch = padRows([[5, 6, 7], [8]], 'right');
    expect(batch).toMatchObject({ rows: 2, length: 3, lengths: [3, 1] });
    expect(numbers(batch.ids)).toEqual([5, 6, 7, 8, 0, 0]);
    expect(numbers(batch.mask)).toEqual([1, 1, 1, 1, 0, 0]);
    expect(numbers(batch.positions)).toEqual([0, 1, 2, 0, 1, 2]);
  });

  test('left padding counts positions from the first token', () => {
    const batch = padRows([[5, 6, 7], [8]], 'left');
    expect(numbers(batch.ids)).toEqual([5, 6, 7, 0, 0, 8]);
    expect(numbers(batch.mask)).toEqual([1, 1, 1, 0, 0, 1]);
    expect(numbers(batch.positions)).toEqual([0, 1, 2, 0, 0, 0]);
  });
});

test('a step’s mask covers each row’s own tokens', () => {
  expect(numbers(stepMask([4, 2], 4, 'right'))).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
  expect(numbers(stepMask([4, 2], 4, 'left'))).toEqual([1, 1, 1, 1, 0, 0, 1, 1]);
});

test('groups hold rows of one length, in order', () => {
  expect(groupByLength([[1, 2], [1], [3, 4], [5]])).toEqual([
    [1, 3],
    [0, 2],
  ]);
});

test('chunks keep padded sizes within the limit and lose no row', () => {
  expect(chunkRows([3, 3, 3], 6)).toEqual([[0, 1], [2]]);
  expect(chunkRows([1, 1, 5, 1], 4)).toEqual([[0, 1], [2], [3]]);
  expect(chunkRows([], 4)).toEqual([]);
});

describe('checkRows', () => {
  const limits = { modelId: 'm', vocabSize: 10, maxPositions: 4 };
  const code = (rows: number[][], more: number): string => {
    try {
      checkRows(rows, more, limits);
    } catch (error) {
      return (error as LabError).code;
    }
    return 'fine';
  };

  test('accepts what fits', () => {
    expect(code([[0, 9, 1], [2]], 1)).toBe('fine');
  });
  test.each([
    ['no rows', [], 0, 'settings-invalid'],
    ['an empty row', [[1], []], 0, 'settings-invalid'],
    ['an id at the vocabulary’s end', [[10]], 0, 'tokenizer-mismatch'],
    ['a negative id', [[-1]], 0, 'tokenizer-mismatch'],
    ['a fraction', [[1.5]], 0, 'tokenizer-mismatch'],
    ['more positions than there are', [[1, 2, 3]], 2, 'settings-invalid'],
  ])('refuses %s', (_, rows, more, expected) => {
    expect(code(rows, more)).toBe(expected);
  });
});
