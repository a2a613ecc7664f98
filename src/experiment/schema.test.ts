import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultExperiment, quickVariant } from './defaults';
import { canonicalJson, digestOf } from './digest';
import { LabError } from './errors';
import { message } from './message';
import { experimentProblems, parseExperiment, parseExperimentJson } from './schema';
import { saying } from '../i18n/testing';

describe('experiments', () => {
  test('the default and its quick variant are valid', () => {
    expect(experimentProblems(defaultExperiment('mood'))).toEqual([]);
    expect(experimentProblems(quickVariant(defaultExperiment('language')))).toEqual([]);
  });

  test('a wrong field is named', () => {
    const wrong = { ...defaultExperiment('mood'), dose: { ...defaultExperiment('mood').dose, maxRep3: 'high' } };
    expect(experimentProblems(wrong)).toEqual([
      { field: 'dose.maxRep3', problem: message('problem.type', { expected: 'number' }) },
    ]);
    expect(() => parseExperiment(wrong)).toThrow(saying(/dose\.maxRep3/));
  });

  test('an unknown field is an error, not ignored', () => {
    expect(() => parseExperiment({ ...defaultExperiment('mood'), colour: 'red' })).toThrow(saying(/colour/));
  });

  test('a missing field is an error, not defaulted', () => {
    const { map: _, ...rest } = defaultExperiment('mood');
    expect(() => parseExperiment(rest)).toThrow(saying(/map/));
  });

  test('stops out of order are named', () => {
    const experiment = defaultExperiment('mood');
    experiment.dose.stops = [1, 0.5];
    expect(experimentProblems(experiment)[0].field).toBe('dose.stops');
  });

  test('a concept may be a vector; its bytes must be base64', () => {
    const concept = {
      kind: 'vector',
      title: 'v',
      positive: 'up',
      negative: 'down',
      values: 'AACAPw==',
      block: 2,
      promptsFrom: 'mood',
    };
    expect(experimentProblems({ ...defaultExperiment('mood'), concept })).toEqual([]);
    expect(
      experimentProblems({ ...defaultExperiment('mood'), concept: { ...concept, values: 'not base64!' } })[0].field,
    ).toBe('concept.values');
  });

  test('any JSON text either parses to an experiment or gives settings-invalid', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        try {
          parseExperimentJson(text);
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
          expect((error as LabError).code).toBe('settings-invalid');
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('digests', () => {
  test('do not depend on the order of fields', () => {
    const experiment = defaultExperiment('mood');
    const shuffled = Object.fromEntries(Object.entries(experiment).toReversed());
    expect(digestOf(shuffled)).toBe(digestOf(experiment));
    expect(canonicalJson(shuffled)).toBe(canonicalJson(experiment));
  });

  test('change with any value', () => {
    expect(digestOf(defaultExperiment('mood'))).not.toBe(digestOf(defaultExperiment('tense')));
  });
});
