import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LabError } from '../../experiment/errors';
import { lineOf, pairsOf } from './pairs-text';

test('examples of any lines and backslashes come back from the form', () => {
  const example = fc
    .string({ minLength: 1, unit: fc.constantFrom('a', '\\', 'n', '\n', ' ', 't', 'é') })
    .map((text) => `(${text})`);
  fc.assert(
    fc.property(fc.array(fc.tuple(example, example), { minLength: 2, maxLength: 6 }), (pairs) => {
      const side = (i: 0 | 1): string => pairs.map((pair) => lineOf(pair[i])).join('\n');
      expect(pairsOf(side(0), side(1))).toEqual(pairs.map(([positive, negative]) => ({ positive, negative })));
    }),
    { numRuns: 200 },
  );
});

test('sides of different length are named', () => {
  expect(() => pairsOf('a\nb\nc', 'd\ne')).toThrow(LabError);
  expect(pairsOf('C:\\temp\nb', 'd\ne')[0].positive).toBe('C:\\temp');
});
