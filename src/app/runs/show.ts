/** A kept run on the stages of the page. */
import { LabError } from '../../experiment/errors';
import type { Run } from '../../experiment/run';
import { askRuns } from '../../runs/client';
import type { RunRecord } from '../../runs/record';
import { clearPrompt, runStages } from '../state/engine';
import { useRuns } from '../state/runs';
import { stagesOf } from '../state/stages';
import { useLab } from '../state/store';

/** Opens a kept run: its results on the stages, its settings as one step of the history. @returns whether it could be read */
export async function showRun(id: string): Promise<boolean> {
  useRuns.setState({ problem: null });
  let opened: { record: RunRecord; run: Run };
  try {
    opened = await askRuns('open', id);
  } catch (thrown) {
    useRuns.setState({ problem: LabError.from(thrown).toJSON() });
    return false;
  }
  const { run, record } = opened;
  // A run may have been started while this one was unpacked: it is worth more.
  if (useLab.getState().running) return false;
  clearPrompt();
  useLab.setState({
    run,
    runParent: record.parent,
    stages: stagesOf(run, 'stored'),
    recorded: 'found',
    recordedError: null,
    experiment: run.experiment,
    // The record's: of a run of an older version the settings have another digest by now.
    parent: record.experimentDigest,
    dose: run.evidence.verdict.chosenDose.r,
  });
  useRuns.setState({ shown: { run, record }, open: false });
  return true;
}

/** Opens a kept run and computes it once more on this device. */
export async function runAgain(id: string): Promise<void> {
  if (await showRun(id)) await runStages('evidence');
}
