import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { writeBundle } from '../../experiment/bundle';
import { defaultExperiment } from '../../experiment/defaults';
import { digestOf } from '../../experiment/digest';
import { experimentOfText } from './open-file';
import { saying } from '../../i18n/testing';

test('an experiment, an older one and a run give their settings; anything else is refused by name', () => {
  const mood = defaultExperiment('mood');
  expect(experimentOfText(JSON.stringify(mood), 'a.json')).toEqual({ experiment: mood, digest: digestOf(mood) });
  const older = JSON.parse(
    readFileSync(new URL('../../../fixtures/experiments/v1.json', import.meta.url), 'utf8'),
  ) as object;
  expect(experimentOfText(JSON.stringify(older), 'v1.json')).toMatchObject({
    experiment: { schema: mood.schema },
    digest: digestOf(older),
  });
  const run = JSON.parse(readFileSync(new URL('../../../public/recorded/mood.json', import.meta.url), 'utf8')) as {
    experiment: object;
    experimentDigest: string;
  };
  expect(experimentOfText(JSON.stringify(run), 'run.json')).toEqual({
    experiment: run.experiment,
    digest: run.experimentDigest,
  });
  const bundle = writeBundle(
    [{ name: 'x', created: new Date(0), parent: null, experiment: mood, run: null, share: null }],
    '0.1.0',
  ).text;
  expect(() => experimentOfText(bundle, 'b.lrt.json')).toThrow(saying(/bundle of runs/));
  for (const text of ['', '{', 'null', '[]', '{}', JSON.stringify({ ...mood, extra: 1 })])
    expect(() => experimentOfText(text, 'c.json')).toThrow(expect.objectContaining({ code: 'settings-invalid' }));
});
