import { expect, test } from 'vitest';
import { message } from '../../experiment/message';
import { READ_POSITIONS, type ReadPosition } from '../../experiment/schema';
import type { LanguageModel } from '../../runtime/types';
import type { LabContext } from '../context';
import { fixtureModel, fixtureTokenizer } from '../model-fixture';
import { readText } from '../prompting';
import { collectPairStates, extractVector } from './index';

const tokenizer = fixtureTokenizer();
const plain = { template: 'plain', system: '' } as const;
/** A state is the token's id and its position. */
const model: LanguageModel = {
  ...fixtureModel('states', { layers: 1, hiddenSize: 2, seed: 1 }, tokenizer),
  statesAt: async (_, { rows }) =>
    rows.map(({ ids }) => Float32Array.from(ids.flatMap((id, position) => [id, position]))),
};
const pairs = [
  { positive: 'The fox was glad and slept.', negative: 'The fox was sad.' },
  { positive: 'A mouse sang in the sun.', negative: 'A mouse cried in the rain.' },
];

const collect = (position: ReadPosition): ReturnType<typeof collectPairStates> => {
  const context = { progress: () => {}, signal: new AbortController().signal } as unknown as LabContext;
  return collectPairStates(context, model, 0, pairs, position, plain, message('verbatim', { text: 'Reading' }));
};

test.each(READ_POSITIONS)('%s: a row is the mean state of the tokens that are shown as read', async (position) => {
  const { positive, negative, width } = await collect(position);
  expect(width).toBe(2);
  pairs.forEach((pair, i) => {
    for (const [rows, text, twin] of [
      [positive, pair.positive, pair.negative],
      [negative, pair.negative, pair.positive],
    ] as const) {
      const { ids, read } = readText(text, twin, tokenizer, plain, position);
      const mean = (of: (at: number) => number): number => read.reduce((sum, at) => sum + of(at), 0) / read.length;
      expect(rows[2 * i]).toBeCloseTo(
        mean((at) => ids[at]),
        2,
      );
      expect(rows[2 * i + 1]).toBeCloseTo(
        mean((at) => at),
        4,
      );
    }
  });
});

test('the three positions read different states, and each gives a vector', async () => {
  const vectors = await Promise.all(
    READ_POSITIONS.map(async (position) =>
      extractVector(await collect(position), 'difference-of-means', 1, 'small').join(' '),
    ),
  );
  expect(new Set(vectors).size).toBe(READ_POSITIONS.length);
});
