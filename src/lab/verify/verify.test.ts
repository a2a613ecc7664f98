/** The parts of a verification that judge: digests, token by token, and what is forced through a model. */
import { wordsOf } from '../../i18n/text';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Run } from '../../experiment/run';
import { listingDigest, type EvidenceRow, type Pins } from '../../experiment/share/document';
import { documentOf } from '../../experiment/share/make';
import type { LanguageModel, SteeredBatch } from '../../runtime/types';
import { packHalf, unpackHalf } from '../../experiment/half';
import { forceTokens, type Forced } from '../replay';
import { modelChecks } from './artifacts';
import { compareRow, replayTolerance } from './replay';

const run = JSON.parse(readFileSync(new URL('../../../public/recorded/mood.json', import.meta.url), 'utf8')) as Run;

test('digests of a model: each file in a long link, all in one in a short link', () => {
  const here = run.models.source;
  const pinned = documentOf(run).spec.pins.source;
  const verdicts = (pins: Pins['source'], digests = here.digests): string[] =>
    modelChecks('source', pins, { id: here.id, digests }).map(
      ({ name, verdict }) => `${wordsOf('en').say(name)} ${verdict}`,
    );
  expect(verdicts(pinned).every((line) => line.endsWith('reproduced'))).toBe(true);
  expect(verdicts({ ...pinned, files: null })).toEqual([`Small model, all files of ${here.id} reproduced`]);
  const [first, ...rest] = here.digests;
  const other = [{ ...first, sha256: 'f'.repeat(64) }, ...rest];
  expect(verdicts(pinned, other).filter((line) => line.endsWith('differs'))).toEqual([
    `Small model, ${first.path} differs`,
  ]);
  expect(verdicts({ ...pinned, files: null }, other)).toEqual([`Small model, all files of ${here.id} differs`]);
  // A file that only one of the two has; and a list that is not what the link says it is.
  expect(verdicts(pinned, rest)).toContain(`Small model, ${first.path} differs`);
  expect(verdicts({ ...pinned, files: rest })).toEqual(
    expect.arrayContaining([
      `Small model, ${first.path} differs`,
      'Small model, digest of the link’s own list of files differs',
    ]),
  );
  expect(listingDigest(here.digests.toReversed())).toBe(pinned.digest);
});

const row: EvidenceRow = {
  arm: 'mapped',
  direction: 'positive',
  alpha: 1,
  text: 'ab',
  ids: [4, 5],
  millinats: [500, 1200],
  argmax: [[1, 9]],
};
const forced = (change: Partial<Forced> = {}): Forced => ({
  logProbs: [-0.5, -1.2],
  argmax: [4, 9],
  lead: [1, 1],
  ...change,
});

test('a replayed row: the same, within tolerance, or different', () => {
  const verdict = (found: Forced): string => compareRow(row, found, 0.02).check.verdict;
  expect(verdict(forced())).toBe('reproduced');
  expect(verdict(forced({ logProbs: [-0.51, -1.2] }))).toBe('within tolerance');
  expect(verdict(forced({ logProbs: [-0.53, -1.2] }))).toBe('differs');
  expect(verdict(forced({ logProbs: [NaN, -1.2] }))).toBe('differs');
  // Two likeliest tokens that are close may change places; one that leads clearly may not.
  expect(verdict(forced({ argmax: [4, 8], lead: [1, 0.001] }))).toBe('within tolerance');
  expect(verdict(forced({ argmax: [4, 8], lead: [1, 1] }))).toBe('differs');
  expect(replayTolerance({ id: 'a', dtype: 'fp32' })).toBeLessThan(replayTolerance({ id: 'a', dtype: 'q4f16' }));
});

test('each token is asked of the position before it', async () => {
  const vocabSize = 8;
  // The logit of token t at position i is highest for t = id at i + 1 modulo the vocabulary, by 3.
  const model = {
    info: { vocabSize },
    logits: (batch: SteeredBatch) =>
      Promise.resolve(
        batch.rows.map(({ ids }) =>
          Float32Array.from({ length: ids.length * vocabSize }, (_, k) =>
            k % vocabSize === (ids[Math.floor(k / vocabSize)] + 1) % vocabSize ? 3 : 0,
          ),
        ),
      ),
  } as unknown as LanguageModel;
  const [counting, other] = await forceTokens(
    model,
    [],
    [1, 2],
    [
      { ids: [3, 4, 5], steer: null },
      { ids: [7], steer: null },
    ],
  );
  const top = 3 - Math.log(Math.exp(3) + vocabSize - 1);
  for (const logProb of counting.logProbs) expect(logProb).toBeCloseTo(top, 6);
  expect(counting.argmax).toEqual([3, 4, 5]);
  expect(counting.lead[0]).toBeCloseTo(3, 6);
  expect(other.logProbs[0]).toBeCloseTo(top - 3, 6);
  expect(other.argmax).toEqual([3]);
});

test('a direction in half precision comes back rounded, of its width and finite, or not at all', () => {
  const direction = Float32Array.from({ length: 33 }, (_, i) => Math.sin(i) / 6);
  const back = unpackHalf(packHalf(direction), 33);
  for (const [i, value] of back.entries())
    expect(Math.abs(value - direction[i])).toBeLessThanOrEqual(Math.abs(direction[i]) * 2 ** -11 + 2 ** -25);
  expect(() => unpackHalf(packHalf(direction), 32)).toThrow(/33 values/);
  expect(() => unpackHalf(packHalf(Float32Array.of(Infinity)), 1)).toThrow(/not finite/);
});
