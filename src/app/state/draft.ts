/**
 * Settings that are in work outlive a reload of the page: they are written to the tab's own storage as they change, and put
 * back as one step of the history. What was measured of a run that a reload broke off is not kept; that is said.
 */
import { parseExperiment, type Experiment } from '../../experiment/schema';
import { openExperiment, useLab, type LabState } from './store';

const KEY = 'lrt-lab.draft';

interface Draft {
  experiment: Experiment;
  parent: string | null;
  /** Whether a run was at work. */
  running: boolean;
}

/** What is to be kept of a state: nothing where the settings are those of the run on screen. */
export function draftOf({
  experiment,
  parent,
  running,
  run,
}: Pick<LabState, 'experiment' | 'parent' | 'running' | 'run'>): Draft | null {
  const same = run !== null && JSON.stringify(run.experiment) === JSON.stringify(experiment);
  return same && !running ? null : { experiment, parent, running: running !== null };
}

/** A draft from its text; null for what is none, as after an update of the lab. */
export function readDraft(text: string | null): Draft | null {
  if (text === null) return null;
  try {
    const { experiment, parent, running } = JSON.parse(text) as Draft;
    return {
      experiment: parseExperiment(experiment),
      parent: typeof parent === 'string' ? parent : null,
      running: running === true,
    };
  } catch {
    return null;
  }
}

const wasReloaded = (): boolean =>
  (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined)?.type === 'reload';

/** Does something with the tab's storage, which a browser may refuse or have no room in: then there is no draft. */
function stored<T>(work: (storage: Storage) => T): T | null {
  try {
    return work(sessionStorage);
  } catch {
    return null;
  }
}

/** Puts back what a reload interrupted, then keeps what changes from now on. Called once what the page begins with is there. */
export function keepDraft(): void {
  const draft = wasReloaded() ? readDraft(stored((storage) => storage.getItem(KEY))) : null;
  if (draft && !useLab.getState().running) {
    openExperiment(draft.experiment, draft.parent);
    useLab.setState({ interrupted: draft.running });
  }
  const write = (state: LabState): void => {
    const kept = draftOf(state);
    stored((storage) => (kept ? storage.setItem(KEY, JSON.stringify(kept)) : storage.removeItem(KEY)));
  };
  write(useLab.getState());
  useLab.subscribe((state, past) => {
    if (
      state.experiment !== past.experiment ||
      state.run !== past.run ||
      (state.running === null) !== (past.running === null)
    )
      write(state);
    if (state.running && state.interrupted) useLab.setState({ interrupted: false });
  });
}
