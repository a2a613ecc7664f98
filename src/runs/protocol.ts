/** What the page may ask of the worker that keeps the runs. */
import type { Run } from '../experiment/run';
import type { ImportReport } from './import';
import type { RunList, RunRecord } from './record';
import type { NewRun, RemovedRun } from './store';

export interface RunRequests {
  list: { in: null; out: RunList };
  keep: { in: NewRun; out: { record: RunRecord; added: boolean } };
  open: { in: string; out: { record: RunRecord; run: Run } };
  rename: { in: { id: string; name: string }; out: RunRecord };
  remove: { in: string; out: RemovedRun };
  restore: { in: RemovedRun; out: null };
  /** A bundle of these runs, as a file. */
  bundle: { in: readonly string[]; out: Blob };
  import: { in: { file: Blob; name: string }; out: ImportReport };
}

/** On which tabs tell one another that the list has changed. */
export const RUNS_CHANNEL = 'lrt-lab-runs';
