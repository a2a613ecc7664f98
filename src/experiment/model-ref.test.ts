import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultExperiment } from './defaults';
import { digestOf } from './digest';
import { modelRefSchema, sameModel, type ModelRef } from './model-ref';
import type { Run } from './run';
import { experimentProblems, parseExperiment } from './schema';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const hub: ModelRef = {
  id: 'owner/name',
  dtype: 'q4',
  location: { kind: 'hub', host: 'https://hub.example', commit: COMMIT },
};
const local: ModelRef = { id: 'My model', dtype: 'fp32', location: { kind: 'local', handle: '0123456789abcdef' } };

describe('references to models', () => {
  test('a bundled one is an id and a precision, and the recorded run reads as it was written', () => {
    const recorded = JSON.parse(
      readFileSync(new URL('../../public/recorded/mood.json', import.meta.url), 'utf8'),
    ) as Run;
    expect(Object.keys(recorded.experiment.models.source)).toEqual(['id', 'dtype']);
    expect(digestOf(recorded.experiment)).toBe(recorded.experimentDigest);
    expect(Object.keys(parseExperiment(recorded.experiment).models.target)).toEqual(['id', 'dtype']);
  });

  test('one from a hub or a folder says where it is from', () => {
    expect(modelRefSchema.parse(hub)).toEqual(hub);
    expect(modelRefSchema.parse(local)).toEqual(local);
    const experiment = { ...defaultExperiment('mood'), models: { source: hub, target: local, alignment: 'tokens' } };
    expect(experimentProblems(experiment)).toEqual([]);
  });

  test.each([
    [
      'a revision that is no commit',
      { ...hub, location: { ...hub.location, commit: 'main' } },
      'models.source.location.commit',
    ],
    [
      'a host that is no web address',
      { ...hub, location: { ...hub.location, host: 'file:///models' } },
      'models.source.location.host',
    ],
    ['an id that leaves its place in a URL', { ...hub, id: '../name' }, 'models.source.id'],
    [
      'a handle that is none',
      { ...local, location: { kind: 'local', handle: '/home' } },
      'models.source.location.handle',
    ],
    ['a field too many', { ...hub, location: { ...hub.location, token: 'x' } }, 'models.source.location.token'],
  ])('%s is named', (_, source, field) => {
    const experiment = { ...defaultExperiment('mood'), models: { source, target: local, alignment: 'tokens' } };
    expect(experimentProblems(experiment).map((problem) => problem.field)).toContain(field);
  });

  test('are the same where they name the same files', () => {
    expect(sameModel(hub, structuredClone(hub))).toBe(true);
    expect(sameModel(hub, { ...hub, dtype: 'fp32' })).toBe(false);
    expect(sameModel(hub, { id: hub.id, dtype: hub.dtype })).toBe(false);
    expect(
      sameModel(hub, {
        ...hub,
        location: { kind: 'hub', host: 'https://hub.example', commit: COMMIT.replace('0', '1') },
      }),
    ).toBe(false);
  });
});
