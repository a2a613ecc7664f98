import { expect, test } from 'vitest';
import { wordsOf } from '../i18n/text';
import { LabError } from './errors';
import { message } from './message';
import { opinionMessage, partingOf, type ModelOpinion, type Written } from './second-opinion';

const written = (ids: number[], ended = false): Written => ({ ids, ended, pieces: ids.map(String) });

test('where two continuations part: at a token, at an end, or nowhere', () => {
  expect(partingOf(written([1, 2, 3]), written([1, 2, 3]))).toBeNull();
  expect(partingOf(written([1, 2, 3]), written([1, 9, 3]))).toBe(1);
  expect(partingOf(written([1, 2], true), written([1, 2, 3]))).toBe(2);
  expect(partingOf(written([1, 2, 3]), written([1, 2], true))).toBe(2);
  expect(partingOf(written([1], true), written([1]))).toBe(1);
  expect(partingOf(written([], true), written([], true))).toBeNull();
});

const opinion: ModelOpinion = {
  title: 'S',
  dtype: 'fp32',
  outcome: 'equal',
  reason: null,
  error: null,
  lab: written([1, 2]),
  other: written([1, 2]),
  partsAt: null,
  gap: null,
  tolerance: 0.04,
  milliseconds: 1,
};

test('each outcome has its sentence', () => {
  const words = wordsOf('en');
  const say = (change: Partial<ModelOpinion>): string => words.say(opinionMessage({ ...opinion, ...change }));
  expect(say({})).toBe('The same 2 tokens.');
  expect(say({ outcome: 'tie', partsAt: 1, gap: 0.01 })).toContain('after 1 token, at a tie');
  expect(say({ outcome: 'differs', partsAt: 1, gap: 0.5 })).toContain('likelier by 0.500 nat');
  expect(say({ outcome: 'differs', partsAt: 2, gap: null })).toContain('one ends there');
  expect(
    say({ outcome: 'not run', reason: message('second-opinion.memory.heap', { need: '5.00', budget: '4.29' }) }),
  ).toContain('needs 5.00 GB');
  expect(say({ outcome: 'not run', error: new LabError('internal', { message: 'refused' }).toJSON() })).toBe(
    'Not compared: transformers.js could not run this model. refused',
  );
});
