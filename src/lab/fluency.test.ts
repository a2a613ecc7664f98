import { describe, expect, test } from 'vitest';
import { entropyFromLogits, logSoftmax, tokenLogProb } from '../math/information';
import { Random } from '../math/random';
import { likelihoods, perplexityOf, wordsOfCorpus } from './fluency';
import { fixtureModel, fixtureTokenizer } from './model-fixture';

const model = fixtureModel('one', { layers: 3, hiddenSize: 8, seed: 3, vocabSize: 64 }, fixtureTokenizer());
const random = new Random(5);
const tokens = (n: number): number[] => Array.from({ length: n }, () => Math.floor(64 * random.uniform()));
const texts = Array.from({ length: 60 }, (_, i) => ({ promptIds: tokens(1 + (i % 7)), ids: tokens((i * 5) % 23) }));

test('ln p of one token is that of the whole distribution, however large the logits', () => {
  const logits = Float32Array.from(random.normals(50), (x) => 300 * x);
  const all = logSoftmax(logits);
  for (const id of [0, 7, 49]) expect(tokenLogProb(logits, id)).toBeCloseTo(all[id], 9);
  expect(() => tokenLogProb(logits, 50)).toThrow(RangeError);
  expect(() => tokenLogProb(logits, -1)).toThrow(RangeError);
});

describe('likelihoods', () => {
  test('are those of a direct computation in float64, text by text, in the order given', async () => {
    const found = await likelihoods(model, texts);
    for (const [i, { promptIds, ids }] of texts.entries()) {
      let direct = 0;
      for (const [t, id] of ids.entries()) {
        const logits = await model.nextTokenLogits({ rows: [{ ids: [...promptIds, ...ids.slice(0, t)] }], sites: [] });
        const top = Math.max(...logits);
        const total = Array.from(logits, Number).reduce((sum, x) => sum + Math.exp(x - top), 0);
        direct += logits[id] - top - Math.log(total);
      }
      expect(found[i].tokens).toBe(ids.length);
      expect(found[i].logProb).toBeCloseTo(direct, 9);
    }
  });

  test('leave steering and the tokens of the prompt out', async () => {
    const asked: unknown[] = [];
    const spy = {
      ...model,
      logits: (batch: Parameters<typeof model.logits>[0]) => (asked.push(batch), model.logits(batch)),
    };
    await likelihoods(spy, [{ promptIds: [1, 2], ids: [3, 4] }]);
    // The last token is predicted, and predicts none.
    expect(asked).toEqual([{ rows: [{ ids: [1, 2, 3] }], sites: [] }]);
  });

  test('tell of every text as it is read, the empty ones too, and can be cancelled between passes', async () => {
    let done = 0;
    await likelihoods(model, texts, undefined, (n) => (done += n));
    expect(done).toBe(texts.length);
    const abort = new AbortController();
    let told = 0;
    const cancelled = likelihoods(model, texts, abort.signal, (n) => {
      told += n;
      abort.abort();
    });
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    expect(told).toBeLessThan(texts.length);
  });
});

test('perplexity pools the tokens of all texts', () => {
  expect(
    perplexityOf([
      { logProb: -3 * Math.log(8), tokens: 3 },
      { logProb: -Math.log(2), tokens: 1 },
    ]),
  ).toBeCloseTo(Math.exp((9 * Math.log(2) + Math.log(2)) / 4), 12);
  expect(perplexityOf([])).toBeNaN();
  expect(perplexityOf([{ logProb: 0, tokens: 0 }])).toBeNaN();
  // Of a uniform distribution it is the number of tokens.
  expect(perplexityOf([{ logProb: -entropyFromLogits(new Float32Array(64)), tokens: 1 }])).toBeCloseTo(64, 9);
});

test('the words of a corpus are those of its texts, lower-case, and are found once', () => {
  const corpus = { id: 'c', title: 'C', sha256: '', texts: ['La niña RÍE.', 'She ríe'] };
  expect([...wordsOfCorpus(corpus)]).toEqual(['la', 'niña', 'ríe', 'she']);
  expect(wordsOfCorpus(corpus)).toBe(wordsOfCorpus(corpus));
});
