import { describe, expect, test } from 'vitest';
import { wordsOf } from '../i18n/text';
import { failure } from '../files/testing';
import { fixtureTokenizer } from './model-fixture';
import { tinyExperiment } from './pipeline-fixture';
import { requirePairLengths } from './pair-lengths';

const tokenizer = fixtureTokenizer();
const reader = (maxPositions: number | null) => ({ tokenizer, config: { maxPositions } });
const titles = { source: 'Small', target: 'Large' };
const long = 'The old fox walked to the tall house beside the river and said nothing to the little bird. '.repeat(40);
const pairs = [
  { positive: 'A happy day.', negative: 'A sad day.' },
  { positive: `${long}Happy.`, negative: `${long}Sad.` },
  { positive: 'Happy.', negative: `${long}Sad.` },
];

describe('pairs longer than a context', () => {
  test('are refused by their number, with the tokens of both sides and the positions that there are', () => {
    const error = failure(() =>
      requirePairLengths({ source: reader(null), target: reader(512) }, titles, pairs, tinyExperiment()),
    );
    const lengths = [pairs[1].positive, pairs[1].negative].map((text) => tokenizer.encode(text).length);
    expect(error).toMatchObject({
      key: 'pairs-format.too-long',
      params: { pair: 2, positive: lengths[0], negative: lengths[1], others: 1, model: 'Large', maxPositions: 512 },
    });
    expect(wordsOf('en').error(error.toJSON()).what).toMatch(
      /^Pair 2 is too long for “Large”: .* So is one other pair\.$/,
    );
  });

  test('exactly as long as the context is not too long; pairs that are not read are not looked at', () => {
    const most = Math.max(...pairs.flatMap((pair) => Object.values(pair)).map((text) => tokenizer.encode(text).length));
    const both = (maxPositions: number) => ({ source: reader(maxPositions), target: reader(maxPositions) });
    requirePairLengths(both(most), titles, pairs, tinyExperiment());
    expect(failure(() => requirePairLengths(both(most - 1), titles, pairs, tinyExperiment())).code).toBe(
      'pairs-format',
    );
    const few = tinyExperiment((e) => ({ ...e, vector: { ...e.vector, maxPairs: 2 } }));
    const many = [...Array.from({ length: 400 }, (_, i) => ({ positive: `a ${i}`, negative: `b ${i}` })), pairs[1]];
    requirePairLengths(both(512), titles, many, few);
  });
});
