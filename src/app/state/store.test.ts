/** The store in Node: what it needs of a page is put in place before it is loaded. */
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { defaultExperiment } from '../../experiment/defaults';
import { STAGES, type DeviceReport } from '../../experiment/run';

type Store = typeof import('./store');
let store: Store;

beforeAll(async () => {
  vi.stubGlobal('location', { search: '?preset=tense&backend=wasm&memory=sequential' });
  vi.stubGlobal('document', { documentElement: { dataset: {} } });
  vi.stubGlobal('matchMedia', () => ({ matches: true }));
  store = await import('./store');
});

beforeEach(() => {
  store.useLab.setState(store.useLab.getInitialState(), true);
  store.useLab.temporal.getState().clear();
});

const state = () => store.useLab.getState();
const edited = (seed: number) => ({
  ...state().experiment,
  generation: { ...state().experiment.generation, seed },
});

test('the address chooses preset, backend and residence; the theme is the system’s', () => {
  expect(state().experiment).toEqual(defaultExperiment('tense'));
  expect([state().backend, state().residence, state().theme, state().dark]).toEqual([
    'wasm',
    'sequential',
    'system',
    true,
  ]);
});

test('settings and their parent are under undo; a dose and a parent alone are no step', () => {
  const past = () => store.useLab.temporal.getState().pastStates.length;
  store.setExperiment(edited(1));
  store.setDose(0.5);
  store.useLab.setState({ parent: 'a' });
  expect(past()).toBe(1);
  store.openExperiment(edited(2), 'b');
  expect([past(), state().parent]).toEqual([2, 'b']);
  store.useLab.temporal.getState().undo();
  expect([state().experiment.generation.seed, state().parent, state().dose]).toEqual([1, 'a', 0.5]);
  store.useLab.temporal.getState().undo();
  expect(state().experiment).toEqual(defaultExperiment('tense'));
  store.editExperiment((e) => ({ ...e, title: 'named' }));
  expect(state().experiment.title).toBe('named');
  expect(store.useLab.temporal.getState().futureStates).toHaveLength(0);
});

test('the engine answers only with its own results, for the present settings, and while it is idle', () => {
  const { experiment } = state();
  const stages = structuredClone(state().stages);
  for (const stage of STAGES) Object.assign(stages[stage], { result: {}, experiment, origin: 'live' });
  Object.assign(stages.models, { result: { source: { layers: 3 }, target: { layers: 3 } } });
  const ready = { status: 'ready' as const, device: {} as DeviceReport, error: null };
  store.useLab.setState({ stages, engine: ready });
  expect(store.engineCanAnswer(state())).toBe(true);
  const refused: Partial<ReturnType<typeof state>>[] = [
    { engine: { ...ready, status: 'starting' } },
    { running: { until: 'steer', progress: null, cancelling: false } },
    { experiment: edited(8) },
    { stages: { ...stages, steer: { ...stages.steer, origin: 'recorded' } } },
  ];
  for (const change of refused) expect(store.engineCanAnswer({ ...state(), ...change })).toBe(false);
  // A change of what comes later leaves the steering as it is.
  const later = { ...experiment, generation: { ...experiment.generation, temperature: 0.5 } };
  expect(store.engineCanAnswer({ ...state(), experiment: later })).toBe(true);
});
