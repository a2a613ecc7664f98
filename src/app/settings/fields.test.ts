import { expect, test } from 'vitest';
import { defaultExperiment } from '../../experiment/defaults';
import { experimentProblems } from '../../experiment/schema';
import { GROUPS, valueAt, withValue } from './fields';

const optional = GROUPS.flatMap(({ fields }) => fields).filter(({ kind }) => kind === 'optional-number');

test('a setting that may be absent is left out when it is emptied, and can be given again', () => {
  const experiment = defaultExperiment('mood');
  expect(optional.length).toBeGreaterThan(0);
  for (const { path } of optional) {
    const without = withValue(experiment, path, undefined);
    expect(experimentProblems(without)).toEqual([]);
    expect(path.split('.').at(-1)! in without.dose).toBe(false);
    expect(valueAt(without, path)).toBeUndefined();
    expect(withValue(without, path, valueAt(experiment, path))).toEqual(experiment);
  }
});

test('the bounds of the form are those of the schema', () => {
  for (const field of optional) {
    if (field.kind !== 'optional-number') continue;
    const refused = (value: number): boolean =>
      experimentProblems(withValue(defaultExperiment('mood'), field.path, value)).length > 0;
    expect([refused(field.min), refused(field.max)]).toEqual([false, false]);
    expect([refused(field.min - 0.5), refused(field.max + 0.5)]).toEqual([true, true]);
  }
});
