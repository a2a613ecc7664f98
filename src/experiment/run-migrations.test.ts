import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { wordsOf } from '../i18n/text';
import { fromBase64 } from './base64';
import { digestOf } from './digest';
import { packHalf } from './half';
import { verbatim } from './message';
import { RUN_SCHEMA, type Run } from './run';
import { parseRun } from './run-schema';
import { documentOf } from './share/make';

// Runs as released versions of the lab wrote them. They stay, and open, for ever.
const golden = (name: string): ReturnType<typeof JSON.parse> =>
  JSON.parse(
    gunzipSync(readFileSync(new URL(`../../fixtures/experiments/${name}.json.gz`, import.meta.url))).toString(),
  );
const GOLDEN = ['run-v1', 'run-v2', 'run-v3-first', 'run-v3'];
const codeOf = (document: unknown): string => {
  try {
    parseRun(document);
    return 'none';
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const { say } = wordsOf('en');

describe.each(GOLDEN)('%s', (name) => {
  const old = golden(name);
  const run = parseRun(old);

  test('opens as a run of this version, and is not changed by it', () => {
    expect(run.schema).toBe(RUN_SCHEMA);
    expect(old).toEqual(golden(name));
    expect(run.experimentDigest).toBe(digestOf(run.experiment));
    expect(run.experiment.map).toMatchObject({ kind: 'ridge', lambdaRule: 'held-out' });
  });

  test('keeps every figure', () => {
    expect(run.map).toMatchObject({
      heldOutR2: old.map.heldOutR2,
      lambda: old.map.lambda,
      grid: old.map.grid,
      lambdaPath: old.map.lambdaPath,
      mappedPca: old.map.mappedPca,
    });
    expect(run.activations).toMatchObject({ pca: old.activations.pca, labels: old.activations.labels });
    expect(run.activations.tokens).toMatchObject(old.tokens);
    expect(run.steer.concept).toEqual(old.concept);
    expect(run.steer.vector.values).toEqual(old.vector.values);
    expect(run.steer.axis.arms).toEqual(old.steer.axis.arms);
    expect(run.evidence.streams).toEqual(old.streams);
    expect(run.timings).toEqual(old.timings);
    expect(run.evidence.arms).toHaveLength(old.arms.length);
    run.evidence.arms.forEach((arm, i) => {
      const { p95Kl, meanKl, rep3, conceptRate, positiveRate, negativeRate, samples } = old.arms[i];
      expect(arm).toMatchObject({ conceptRate, positiveRate, negativeRate, samples });
      expect(arm.metrics).toMatchObject({ p95Kl, meanKl, rep3 });
      expect(positiveRate + negativeRate + arm.metrics.undecided / conceptRate.n).toBeCloseTo(1, 12);
    });
    run.evidence.doseResponse.forEach((cell, i) => {
      const { klP95, klMean, rep3, undecided, ...rest } = old.doseResponse[i];
      expect(cell).toEqual({ ...rest, metrics: { p95Kl: klP95, meanKl: klMean, rep3, undecided } });
    });
    const { sentence: _, reasons: _reasons, ...numbers } = old.verdict;
    expect(run.evidence.verdict).toMatchObject(numbers);
  });

  test('says what it said, word for word', () => {
    expect(run.evidence.verdict.sentence).toEqual(verbatim(old.verdict.sentence));
    expect(run.evidence.verdict.reasons.map(say)).toEqual(old.verdict.reasons);
    expect(say(run.map.layerRule)).toBe(old.map.layerRule);
    expect(say(run.device.reason)).toBe(old.device.reason);
    expect(run.models.homology.checks.map(({ name: check, detail }) => [say(check), say(detail)])).toEqual(
      old.models.homology.checks.map((check: { name: string; detail: string }) => [check.name, check.detail]),
    );
  });

  test('is the same run when it is written and read once more', () => {
    expect(parseRun(JSON.parse(JSON.stringify(run)))).toEqual(run);
  });
});

test('what an old version did not take is null, not made up', () => {
  const [first, second, early, last] = GOLDEN.map((name) => parseRun(golden(name)));
  expect(first.device.selfTest).toBeNull();
  expect(first.map).toMatchObject({ statistics: null, family: [], solver: 'float64' });
  expect(first.activations.tokens.excluded).toBeNull();
  expect(second.device.selfTest?.passed).toBe(true);
  expect(second.map.statistics).not.toBeNull();
  for (const run of [first, second, early]) {
    expect(run.inputs).toBeNull();
    expect(run.evidence.replay).toBeNull();
    expect(run.activations.alignment).toBeNull();
    expect(run.steer.vector.readTokens).toBeNull();
    expect(run.models.source).toMatchObject({ modelType: null, chatTemplate: null });
    expect(run.models.homology).toMatchObject({ sameIds: true, sample: null, unsampled: null });
  }
  expect(last.inputs).not.toBeNull();
  expect(last.evidence.replay!.rows.length).toBeGreaterThan(0);
  expect(last.models.homology.sample).not.toBeNull();
});

test('the half-precision vectors of a link are, to the bit, those that version 3 kept a second time', () => {
  const old = golden('run-v3');
  const { values } = parseRun(old).steer.vector;
  for (const name of ['source', 'mapped', 'native'] as const)
    expect(packHalf(fromBase64(values[name]))).toBe(old.replay.vectors[name]);
  expect(documentOf(parseRun(old)).evidence!.vectors).toEqual(old.replay.vectors);
});

test('a run that does not say what it read cannot be shared, and that is said', () => {
  expect(() => documentOf(parseRun(golden('run-v2')))).toThrow(/run-invalid.pins/);
});

test('the warnings of version 1, which did not say their stage, are kept', () => {
  const old = { ...golden('run-v1'), warnings: ['Something was doubtful.'] };
  expect(parseRun(old).warnings).toEqual([{ stage: null, message: verbatim('Something was doubtful.') }]);
});

test('settings that were changed, a version that lies, and a later version are refused by name', () => {
  const old = golden('run-v3');
  expect(codeOf({ ...old, experiment: { ...old.experiment, title: 'Another' } })).toBe('run-invalid');
  expect(codeOf({ ...old, schema: 2 })).toBe('none'); // Version 3 began as what version 2 had.
  expect(codeOf({ ...old, schema: 1 })).toBe('run-invalid');
  expect(codeOf({ ...old, schema: RUN_SCHEMA })).toBe('run-invalid');
  expect(codeOf({ ...old, schema: RUN_SCHEMA + 1 })).toBe('run-version');
  expect(codeOf({ ...old, verdict: { ...old.verdict, sentence: 7 } })).toBe('run-invalid');
});

test('the recorded run of the site is a run of this version, with each thing once', () => {
  const recorded = JSON.parse(readFileSync(new URL('../../public/recorded/mood.json', import.meta.url), 'utf8'));
  expect(recorded.schema).toBe(RUN_SCHEMA);
  expect(parseRun(recorded)).toEqual(recorded as Run);
});
