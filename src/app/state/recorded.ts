/** The recorded run of a preset: a file of the site, shown before the engine has done anything. */
import { LabError } from '../../experiment/errors';
import { RUN_SCHEMA, type Run } from '../../experiment/run';
import { stagesOf } from './stages';
import { useLab } from './store';

function isRun(value: unknown): value is Run {
  if (typeof value !== 'object' || value === null) return false;
  const run = value as Partial<Run>;
  return (
    run.schema === RUN_SCHEMA &&
    !!run.experiment &&
    !!run.device &&
    !!run.steer &&
    !!run.verdict &&
    Array.isArray(run.streams)
  );
}

/**
 * Fetches `recorded/<preset>.json` and puts it on screen. A site without the file is an
 * ordinary empty state; a file that cannot be read is shown as an error.
 */
export async function loadRecorded(preset: string): Promise<void> {
  let run: unknown;
  try {
    const response = await fetch(new URL(`recorded/${encodeURIComponent(preset)}.json`, document.baseURI));
    // Development servers and some hosts answer a missing file with the page itself.
    if (!response.ok || !response.headers.get('content-type')?.includes('json')) {
      useLab.setState({ recorded: 'absent' });
      return;
    }
    run = await response.json();
  } catch (error) {
    const failure = new LabError('model-fetch.recorded', { reason: (error as Error).message }, error);
    useLab.setState({ recorded: 'absent', recordedError: failure.toJSON() });
    return;
  }
  if (!isRun(run)) {
    const failure = new LabError('settings-invalid.recorded');
    useLab.setState({ recorded: 'absent', recordedError: failure.toJSON() });
    return;
  }
  const shown = run;
  // A run that the visitor has started meanwhile is worth more than the recording.
  if (useLab.getState().running || useLab.getState().run) {
    useLab.setState({ recorded: 'found' });
    return;
  }
  useLab.setState({
    run: shown,
    runParent: null,
    stages: stagesOf(shown, 'recorded'),
    recorded: 'found',
    experiment: shown.experiment,
    parent: shown.experimentDigest,
    dose: shown.verdict.chosenDose.r,
  });
  useLab.temporal.getState().clear();
}
