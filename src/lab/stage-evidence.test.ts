/** The evidence stage in the pipeline, on models without a graph: fluency, the edge, side effects, progress, cancelling. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { DOSED_ARMS } from '../experiment/arms';
import type { EvidenceResult, Progress } from '../experiment/run';
import { parseRun } from '../experiment/run-schema';
import type { Experiment } from '../experiment/schema';
import { METRICS } from '../metrics';
import { logSoftmax } from '../math/information';
import { sampleHomology } from './homology-sample';
import { Pipeline } from './pipeline';
import { ALIKE, loadFixture, runStages, serveSite, tinyExperiment } from './pipeline-fixture';

vi.mock('./homology-sample', async (original) => ({
  ...(await original<{ sampleHomology: typeof sampleHomology }>()),
  sampleHomology: vi.fn(),
}));

beforeAll(() => {
  serveSite();
  vi.mocked(sampleHomology).mockImplementation(async () => ALIKE);
});
afterAll(() => vi.unstubAllGlobals());

let pipeline: Pipeline;
beforeEach(() => (pipeline = new Pipeline()));
afterEach(() => pipeline.dispose());

const withDose = (dose: Partial<Experiment['dose']>): Experiment =>
  tinyExperiment((e) => ({ ...e, dose: { ...e.dose, ...dose } }));

async function evidenceOf(experiment: Experiment, seen: Progress[] = []): Promise<EvidenceResult> {
  const { run, error } = await runStages(pipeline, experiment, 'evidence', {
    progress: (progress) => seen.push(progress),
  });
  expect(error).toBeNull();
  return parseRun(JSON.parse(JSON.stringify(run))).evidence;
}

describe('the text itself', () => {
  test('is measured for every arm at every dose, beside the unsteered text of both halves', async () => {
    const evidence = await evidenceOf(withDose({ stops: [0.5, 1] }));
    for (const { metrics } of [...evidence.doseResponse, ...evidence.arms])
      expect(Object.keys(metrics).sort()).toEqual(METRICS.map(({ id }) => id).sort());
    for (const cell of evidence.doseResponse) expect(cell.metrics.perplexityRatio).toBeGreaterThan(0);
    for (const { direction, metrics } of evidence.arms)
      if (direction === 'none') expect(metrics.perplexityRatio).toBe(1);
    expect(evidence.baselines!.map(({ arm, half, n }) => [arm, half, n])).toEqual([
      ['small', 'choose', 4],
      ['large', 'choose', 12],
      ['small', 'report', 16],
      ['large', 'report', 16],
    ]);
    for (const { tokens, n, perplexity } of evidence.baselines!) {
      // No fixture ends its texts.
      expect(tokens).toBe(4 * n);
      expect(perplexity).toBeGreaterThan(1);
    }
  });

  test('has the perplexity that reading the tokens on show by hand gives', async () => {
    const evidence = await evidenceOf(withDose({ stops: [1] }));
    const { prompt, promptIds, rows } = evidence.replay!;
    const model = loadFixture('lrt-stories-m');
    expect(model.tokenizer.encode(prompt)).toEqual(promptIds.target);
    // What was written unsteered is as likely as the replay says, which forces its tokens through.
    const row = rows.find(({ arm }) => arm === 'large')!;
    let sum = 0;
    for (const [t, id] of row.ids.entries()) {
      const ids = [...promptIds.target, ...row.ids.slice(0, t)];
      sum += logSoftmax(await model.nextTokenLogits({ rows: [{ ids }], sites: [] }))[id];
    }
    expect(row.millinats.reduce((a, b) => a + b, 0)).toBeCloseTo(-1000 * sum, -1);
    const [decoded] = await model.decode(
      { rows: [{ ids: promptIds.target, stream: 0 }], sites: [] },
      { maxNewTokens: 4, sampling: { temperature: 0.8, topP: 0.95, seed: 7 }, likelihoods: true },
    );
    expect(decoded.ids).toEqual(row.ids);
    expect(decoded.logProb).toBeCloseTo(sum, 9);
  });
});

describe('the edge', () => {
  test('is sought between the last fluent stop and the first broken one, by the arm under test on the choose-half', async () => {
    // Strangers without a graph break at once: what is allowed is put between what two doses do.
    const open = await evidenceOf(
      withDose({ stops: [0.25, 4], maxPerplexityRatio: 1000, maxUnknownWords: 1, edgeDoses: 2 }),
    );
    expect(open.verdict.usableWindow).toMatchObject({ largestR: 4, firstBroken: null });
    expect(open.doseResponse.filter(({ half }) => half === 'choose')).toHaveLength(4 * DOSED_ARMS.length);
    const worst = (r: number): number =>
      Math.max(
        ...open.doseResponse
          .filter((cell) => cell.arm === 'mapped' && cell.half === 'choose' && Math.abs(cell.r) === r)
          .map(({ metrics }) => metrics.perplexityRatio),
      );
    expect(worst(0.25)).toBeLessThan(worst(4));
    const maxPerplexityRatio = Math.max(1, (worst(0.25) + worst(4)) / 2);
    const found = await evidenceOf(
      withDose({ stops: [0.25, 4], maxPerplexityRatio, maxUnknownWords: 1, edgeDoses: 2 }),
    );
    const { largestR, firstBroken } = found.verdict.usableWindow;
    expect(firstBroken! - largestR!).toBeCloseTo((4 - 0.25) / 4, 2);
    const between = found.doseResponse.filter(({ r, half }) => half === 'choose' && ![0.25, 4].includes(Math.abs(r)));
    expect(between).toHaveLength(4);
    expect(new Set(between.map(({ arm }) => arm))).toEqual(new Set(['mapped']));
    expect(found.verdict.chosenDose.r).toBeLessThanOrEqual(largestR!);
    // The texts of every dose that was tried are there to be read.
    expect(found.streams.map(({ stop }) => stop)).toEqual(
      [...new Set([0, ...found.doseResponse.map(({ r }) => r)])].sort((a, b) => a - b),
    );
  });

  test('settings that do not ask for it have none, and their limits are those they had', async () => {
    const {
      maxPerplexityRatio: _a,
      maxUnknownWords: _b,
      wantedRate: _c,
      edgeDoses: _d,
      ...earlier
    } = withDose({}).dose;
    const evidence = await evidenceOf(tinyExperiment((e) => ({ ...e, dose: earlier })));
    expect(Object.keys(evidence.verdict.usableWindow).sort()).toEqual([
      'firstBroken',
      'largestR',
      'maxP95Kl',
      'maxRep3',
    ]);
    expect(new Set(evidence.doseResponse.map(({ r }) => Math.abs(r)))).toEqual(new Set([1]));
  });
});

test('side effects of a dose set by hand are measured there, however far from the stops', async () => {
  const at = (evidence: EvidenceResult): Record<string, [number, number]> =>
    Object.fromEntries(
      evidence.arms
        .filter(({ direction }) => direction !== 'none')
        .map(({ name, direction, metrics }) => [`${name} ${direction}`, [metrics.meanKl, metrics.p95Kl]]),
    );
  const stop = at(await evidenceOf(withDose({ stops: [0.5, 3], chosen: 3 })));
  const far = at(await evidenceOf(withDose({ stops: [0.5], chosen: 3 })));
  const between = at(await evidenceOf(withDose({ stops: [0.5, 9], chosen: 3 })));
  for (const name of Object.keys(stop)) {
    expect(far[name][1]).toBeCloseTo(stop[name][1], 9);
    expect(between[name][0]).toBeCloseTo(stop[name][0], 9);
  }
});

test('progress counts what is written and what is read, to the end and not beyond, and a cancel stops it', async () => {
  const seen: Progress[] = [];
  await evidenceOf(withDose({ stops: [0.25, 1] }), seen);
  const own = seen.filter(({ stage }) => stage === 'evidence');
  for (const { done, total } of own) expect(done).toBeLessThanOrEqual(total);
  expect(own.at(-1)!.done).toBe(own.at(-1)!.total);
  const counts = own.map(({ done }) => done);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
  const abort = new AbortController();
  const { error } = await runStages(pipeline, withDose({ stops: [0.25, 2] }), 'evidence', {
    signal: abort.signal,
    progress: ({ stage, done }) => {
      if (stage === 'evidence' && done > 20) abort.abort();
    },
  });
  expect(error).toMatchObject({ code: 'cancelled' });
});
