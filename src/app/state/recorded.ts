/** The recorded runs of the presets: files of the site, shown before the engine has done anything. */
import { LabError } from '../../experiment/errors';
import { parseRecordedIndex, recordedPath, RECORDED_INDEX, type RecordedEntry } from '../../experiment/recorded';
import { isOffline, siteUnreachable } from '../../net/site';
import type { Run } from '../../experiment/run';
import { parseRun } from '../../experiment/run-schema';
import { firstDifference } from '../../experiment/stage-inputs';
import { useSiteFile, type Loaded } from './catalog';
import { withConcept } from './concept';
import { clearPrompt } from './engine';
import { useRuns } from './runs';
import { shapeOf, stagesOf } from './stages';
import { useLab } from './store';

/**
 * The recorded run of a preset; null where the site has none, which is an ordinary empty state.
 * @throws LabError `model-fetch.recorded`; `run-*` for a file that is no run of this lab
 */
async function fetchRecorded(preset: string): Promise<Run | null> {
  let written: unknown;
  try {
    const response = await fetch(new URL(recordedPath(preset), document.baseURI));
    // Development servers and some hosts answer a missing file with the page itself.
    if (!response.ok || !response.headers.get('content-type')?.includes('json')) return null;
    written = await response.json();
  } catch (error) {
    throw isOffline()
      ? siteUnreachable(recordedPath(preset), error)
      : new LabError('model-fetch.recorded', { reason: (error as Error).message }, error);
  }
  return parseRun(written);
}

/** A run on all stages, marked as recorded, with its settings unless others are given under which it holds as well. */
function show(run: Run, experiment = run.experiment): void {
  useLab.setState({
    run,
    runParent: null,
    stages: stagesOf(run, 'recorded'),
    recorded: 'found',
    recordedError: null,
    experiment,
    parent: run.experimentDigest,
    dose: run.evidence.verdict.chosenDose.r,
  });
}

/** Fetches the recorded run of a preset, as the page is opened, and puts it on screen. A file that cannot be read is shown as an error. */
export async function loadRecorded(preset: string): Promise<void> {
  try {
    const run = await fetchRecorded(preset);
    if (!run) return useLab.setState({ recorded: 'absent' });
    // A run that the visitor has started meanwhile is worth more than the recording.
    if (useLab.getState().running || useLab.getState().run) return useLab.setState({ recorded: 'found' });
    show(run);
    useLab.temporal.getState().clear();
  } catch (thrown) {
    useLab.setState({ recorded: 'absent', recordedError: LabError.from(thrown).toJSON() });
  }
}

/** The choice of a preset that was made last: a slower answer to an earlier one is not shown. */
let chosen = 0;

/**
 * Takes a preset into the settings, and shows its recorded run at once where it holds under them. One step of the history.
 * @param settings `keep`: the other settings stay as they are; `recorded`: they become those of the recorded run
 */
export async function choosePreset(id: string, settings: 'keep' | 'recorded' = 'keep'): Promise<void> {
  const turn = ++chosen;
  const take = (): void => useLab.setState((s) => ({ experiment: withConcept(s.experiment, { kind: 'preset', id }) }));
  let run: Run | null = null;
  try {
    run = await fetchRecorded(id);
  } catch (thrown) {
    if (turn === chosen) useLab.setState({ recordedError: LabError.from(thrown).toJSON() });
  }
  if (turn !== chosen) return;
  const { experiment, running } = useLab.getState();
  const wanted = withConcept(experiment, { kind: 'preset', id });
  const holds = run !== null && firstDifference(run.experiment, wanted, shapeOf(run.models)) === null;
  // What is being run will be shown when it ends.
  if (!run || running || (settings === 'keep' && !holds)) return take();
  clearPrompt();
  show(run, settings === 'keep' ? wanted : run.experiment);
  useRuns.setState({ shown: null });
}

const readIndex = (value: unknown): ReadonlyMap<string, RecordedEntry> =>
  new Map(parseRecordedIndex(value).runs.map((entry) => [entry.id, entry]));

/** Which presets have a recorded run, and what came out of it. */
export const useRecordedIndex = (): Loaded<ReadonlyMap<string, RecordedEntry>> =>
  useSiteFile(RECORDED_INDEX, readIndex);
