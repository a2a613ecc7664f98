/** The list of kept runs as the page has it, and what can be done with it. */
import { create } from 'zustand';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import type { Run } from '../../experiment/run';
import { askRuns, onRunsChanged } from '../../runs/client';
import type { ImportReport } from '../../runs/import';
import type { RunList, RunRecord } from '../../runs/record';
import type { NewRun, RemovedRun } from '../../runs/store';
import { useLab } from './store';

interface RunsState {
  /** Whether the list is on screen. */
  open: boolean;
  list: RunList | null;
  /** Why there is no list. */
  listError: LabErrorJson | null;
  /** The first two that are to be compared, in the order of choice. */
  chosen: string[];
  comparing: boolean;
  /** What the last action came to, where it failed. */
  problem: LabErrorJson | null;
  imported: ImportReport | null;
  /** Deleted in this visit, the last one last: each can be put back. */
  removed: RemovedRun[];
  /** A finished run that could not be kept, and why. */
  unkept: { what: NewRun; error: LabErrorJson } | null;
  /** The record of a run, where that run is on screen. */
  shown: { run: Run; record: RunRecord } | null;
}

export const useRuns = create<RunsState>()(() => ({
  open: false,
  list: null,
  listError: null,
  chosen: [],
  comparing: false,
  problem: null,
  imported: null,
  removed: [],
  unkept: null,
  shown: null,
}));

let listening = false;

/** Reads the list, and again after every change of it in any tab. */
export async function loadRuns(): Promise<void> {
  if (!listening) {
    listening = true;
    onRunsChanged(() => void loadRuns());
  }
  try {
    const list = await askRuns('list', null);
    const there = new Set(list.records.map(({ id }) => id));
    useRuns.setState((s) => {
      const chosen = s.chosen.filter((id) => there.has(id));
      const record = s.shown && list.records.find(({ id }) => id === s.shown?.record.id);
      return {
        list,
        listError: null,
        chosen,
        comparing: s.comparing && chosen.length === 2,
        shown: s.shown && record ? { ...s.shown, record } : null,
      };
    });
  } catch (thrown) {
    useRuns.setState({ listError: LabError.from(thrown).toJSON() });
  }
}

/** Does something with the store; a failure is shown in the list. @returns null where it failed */
async function act<T>(work: Promise<T>): Promise<T | null> {
  useRuns.setState({ problem: null });
  try {
    const result = await work;
    await loadRuns();
    return result;
  } catch (thrown) {
    useRuns.setState({ problem: LabError.from(thrown).toJSON() });
    // The reason may be that another tab was quicker.
    await loadRuns();
    return null;
  }
}

async function keep(what: NewRun): Promise<void> {
  try {
    const { record } = await askRuns('keep', what);
    useRuns.setState((s) => ({
      unkept: s.unkept?.what.run === what.run ? null : s.unkept,
      shown: useLab.getState().run === what.run ? { run: what.run as Run, record } : s.shown,
    }));
    if (useRuns.getState().list) await loadRuns();
  } catch (thrown) {
    useRuns.setState({ unkept: { what, error: LabError.from(thrown).toJSON() } });
  }
}

/** Keeps a run that has just been finished. Never rejects: what went wrong is in `unkept`. @param parent digest of the experiment that its settings were made from */
export function keepFinished(run: Run, parent: string | null): Promise<void> {
  return keep({ run, name: run.experiment.title, created: Date.now(), parent, from: 'here' });
}

/** Keeps a copy of the run on screen, which the site or a link has brought. */
export async function keepShown(): Promise<void> {
  const { run } = useLab.getState();
  if (run) await keep({ run, name: run.experiment.title, created: Date.now(), parent: null, from: 'copy' });
}

/** Tries again to keep what could not be kept. */
export async function keepAgain(): Promise<void> {
  const { unkept } = useRuns.getState();
  if (unkept) await keep(unkept.what);
}

export const renameRun = (id: string, name: string): Promise<unknown> => act(askRuns('rename', { id, name }));

export async function removeRun(id: string): Promise<void> {
  // What can be put back is known before the list is without it: a quick Ctrl+Z must not find nothing.
  await act(askRuns('remove', id).then((removed) => useRuns.setState((s) => ({ removed: [...s.removed, removed] }))));
}

/** Puts the run back that was deleted last. */
export async function undoRemove(): Promise<void> {
  const last = useRuns.getState().removed.at(-1);
  if (last && (await act(askRuns('restore', last).then(() => true))))
    useRuns.setState((s) => ({ removed: s.removed.filter((each) => each !== last) }));
}

export const bundleOf = (ids: readonly string[]): Promise<Blob | null> => act(askRuns('bundle', ids));

export async function importFile(file: File): Promise<ImportReport | null> {
  useRuns.setState({ imported: null });
  const report = await act(askRuns('import', { file, name: file.name }));
  if (report) useRuns.setState({ imported: report });
  return report;
}

/** Chooses a run for the comparison, or takes it out of it. */
export function chooseRun(id: string): void {
  useRuns.setState(({ chosen }) => ({
    chosen: chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen, id].slice(0, 2),
  }));
}
