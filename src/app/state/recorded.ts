/** The recorded run of a preset: a file of the site, shown before the engine has done anything. */
import { LabError } from '../../experiment/errors';
import { isOffline, siteUnreachable } from '../../net/site';
import type { Run } from '../../experiment/run';
import { parseRun } from '../../experiment/run-schema';
import { stagesOf } from './stages';
import { useLab } from './store';

/**
 * Fetches `recorded/<preset>.json` and puts it on screen. A site without the file is an
 * ordinary empty state; a file that cannot be read is shown as an error.
 */
export async function loadRecorded(preset: string): Promise<void> {
  let written: unknown;
  try {
    const response = await fetch(new URL(`recorded/${encodeURIComponent(preset)}.json`, document.baseURI));
    // Development servers and some hosts answer a missing file with the page itself.
    if (!response.ok || !response.headers.get('content-type')?.includes('json')) {
      useLab.setState({ recorded: 'absent' });
      return;
    }
    written = await response.json();
  } catch (error) {
    const failure = isOffline()
      ? siteUnreachable(`recorded/${preset}.json`, error)
      : new LabError('model-fetch.recorded', { reason: (error as Error).message }, error);
    useLab.setState({ recorded: 'absent', recordedError: failure.toJSON() });
    return;
  }
  let shown: Run;
  try {
    shown = parseRun(written);
  } catch (thrown) {
    useLab.setState({ recorded: 'absent', recordedError: LabError.from(thrown).toJSON() });
    return;
  }
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
    dose: shown.evidence.verdict.chosenDose.r,
  });
  useLab.temporal.getState().clear();
}
