/** In Node: what the store needs of a page is put in place before it is loaded. */
import { beforeAll, expect, test, vi } from 'vitest';
import { defaultExperiment } from '../../experiment/defaults';
import type { Run } from '../../experiment/run';

let draftOf: typeof import('./draft').draftOf;
let readDraft: typeof import('./draft').readDraft;

beforeAll(async () => {
  vi.stubGlobal('location', { search: '' });
  vi.stubGlobal('document', { documentElement: { dataset: {} } });
  vi.stubGlobal('matchMedia', () => ({ matches: true }));
  ({ draftOf, readDraft } = await import('./draft'));
});

const experiment = defaultExperiment('mood');
const run = { experiment } as Run;
const running = { until: 'evidence' as const, progress: null, cancelling: false };

test('settings of the run on screen are no draft; changed ones, and those of a run at work, are', () => {
  expect(draftOf({ experiment: structuredClone(experiment), parent: 'a', running: null, run })).toBeNull();
  expect(draftOf({ experiment, parent: 'a', running, run })).toEqual({ experiment, parent: 'a', running: true });
  expect(draftOf({ experiment, parent: null, running: null, run: null })).toMatchObject({ running: false });
  const changed = { ...experiment, title: 'Other' };
  expect(draftOf({ experiment: changed, parent: null, running: null, run })!.experiment.title).toBe('Other');
});

test('a draft is read back as it was; what is none is none', () => {
  const text = JSON.stringify(draftOf({ experiment, parent: 'a', running, run }));
  expect(readDraft(text)).toEqual({ experiment, parent: 'a', running: true });
  for (const other of [null, '', '{', 'null', '{"experiment":{}}']) expect(readDraft(other)).toBeNull();
});
