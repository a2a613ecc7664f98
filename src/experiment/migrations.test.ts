import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { defaultExperiment } from './defaults';
import { digestOf } from './digest';
import { LabError } from './errors';
import { EXPERIMENT_SCHEMA } from './migrations';
import { experimentProblems, parseExperiment, type Experiment } from './schema';
import { saying } from '../i18n/testing';

type Json = Record<string, unknown>;

/** An experiment as version 1 of the lab wrote it. */
const first = (): Json & { models: Json; transfer: Json } =>
  JSON.parse(readFileSync(new URL('../../fixtures/experiments/v1.json', import.meta.url), 'utf8'));

const codeOf = (document: unknown): string => {
  try {
    parseExperiment(document);
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(LabError);
    return (error as LabError).code;
  }
};

/** The default experiment without the limits of the steered text and the thresholds of the verdict, which older labs did not have and older settings do not say. */
function asOlder(): Experiment {
  const {
    wantedRate: _a,
    maxPerplexityRatio: _b,
    maxUnknownWords: _c,
    edgeDoses: _d,
    ...dose
  } = defaultExperiment('mood').dose;
  const { verdict: _thresholds, ...experiment } = defaultExperiment('mood');
  return { ...experiment, dose };
}

test('an experiment of version 1 becomes the same experiment of this version, written out', () => {
  expect(parseExperiment(first())).toEqual(asOlder());
  expect(digestOf(parseExperiment(first()))).toBe(digestOf(asOlder()));
});

test('an experiment of version 2 becomes the same experiment of this version, written out', () => {
  const second = JSON.parse(readFileSync(new URL('../../fixtures/experiments/v2.json', import.meta.url), 'utf8'));
  expect(second.schema).toBe(2);
  expect(parseExperiment(second)).toEqual(asOlder());
});

test('the document that is read is not changed', () => {
  const document = first();
  parseExperiment(document);
  expect(document).toEqual(first());
});

test('an older experiment is read as strictly as one of this version', () => {
  expect(experimentProblems(first()).map(({ field }) => field)).toContain('schema');
  expect(() => parseExperiment({ ...first(), models: { ...first().models, alignment: 'characters' } })).toThrow(
    saying(/version, 1.*models/),
  );
  expect(() => parseExperiment({ ...first(), prompting: { template: 'chat', system: '' } })).toThrow(
    saying(/prompting/),
  );
  expect(() => parseExperiment({ ...first(), title: 1 })).toThrow(saying(/title/));
  const { corpus: _, ...without } = first();
  expect(() => parseExperiment(without)).toThrow(saying(/corpus/));
});

test('a later version is named, and so is what is no version', () => {
  expect(() => parseExperiment({ ...defaultExperiment('mood'), schema: EXPERIMENT_SCHEMA + 1 })).toThrow(
    saying(new RegExp(`version ${EXPERIMENT_SCHEMA + 1}.*up to ${EXPERIMENT_SCHEMA}`)),
  );
  expect(codeOf({ schema: EXPERIMENT_SCHEMA + 1 })).toBe('settings-newer');
  for (const schema of [0, -1, 1.5, '1', null, undefined])
    expect(codeOf({ ...first(), schema })).toBe('settings-invalid');
});
