/** What is being run and where its numbers come from; undo, settings, and the one Run button. */
import { cancelRun, runStages } from '../state/engine';
import { STAGE_TITLES } from '../state/stages';
import { useAnyStale, useLab } from '../state/store';
import { progressText } from '../ui/ProgressLine';
import { useRuns } from '../state/runs';
import { dateTime } from '../ui/format';
import { EngineStatus } from './EngineStatus';
import { ThemeSwitch } from './ThemeSwitch';
import { UndoRedo, useUndoKeys } from './UndoRedo';

export function TopBar() {
  useUndoKeys();
  const running = useLab((s) => s.running !== null);
  const cancelling = useLab((s) => s.running?.cancelling ?? false);
  const title = useLab((s) => s.experiment.title);
  const hidden = useLab((s) => s.hidden);
  const hasRun = useLab((s) => s.run !== null);
  return (
    <header className="topbar">
      <p className="wordmark">LRT Lab</p>
      <div className="topbar-what">
        <p className="topbar-title">{title}</p>
        <Provenance />
      </div>
      <div className="topbar-tools">
        {!hidden.includes('backend') && <EngineStatus />}
        <ThemeSwitch />
        <UndoRedo />
        <RunsButton />
        {!hidden.includes('share') && (
          <button
            type="button"
            data-testid="share-button"
            disabled={!hasRun}
            title={hasRun ? undefined : 'There is no run to share yet'}
            onClick={() => useLab.setState({ shareOpen: true })}
          >
            Share
          </button>
        )}
        {!hidden.includes('settings') && (
          <button type="button" data-testid="settings-button" onClick={() => useLab.setState({ settingsOpen: true })}>
            Settings
          </button>
        )}
        {running ? (
          <button
            type="button"
            className="strong run"
            data-testid="cancel-button"
            disabled={cancelling}
            onClick={cancelRun}
          >
            {cancelling ? 'Stopping' : 'Cancel'}
          </button>
        ) : (
          <button
            type="button"
            className="strong run"
            data-testid="run-button"
            onClick={() => void runStages('evidence')}
          >
            Run
          </button>
        )}
      </div>
      <TopProgress />
    </header>
  );
}

function RunsButton() {
  const unkept = useRuns((s) => s.unkept !== null);
  return (
    <button
      type="button"
      data-testid="runs-button"
      title={unkept ? 'The last run is not kept' : 'Runs kept in this browser'}
      onClick={() => useRuns.setState({ open: true })}
    >
      Runs
    </button>
  );
}

/** Where the numbers on screen come from. Never in doubt: recorded is not live. */
function Provenance() {
  const origin = useLab((s) => s.stages.evidence.origin ?? s.stages.steer.origin);
  const device = useLab((s) =>
    s.run && (s.stages.evidence.origin === 'recorded' || s.stages.evidence.origin === 'stored')
      ? s.run.device
      : (s.engine.device ?? s.run?.device ?? null),
  );
  const loading = useLab((s) => s.recorded === 'loading');
  const mixed = useLab((s) => s.stages.evidence.origin !== 'live' && s.stages.models.origin === 'live');
  const shown = useRuns((s) => s.shown?.record ?? null);
  const running = useLab((s) => s.running);
  const stale = useAnyStale();
  const title = useLab((s) => s.experiment.title);
  if (running) {
    const { progress } = running;
    return (
      <p className="provenance" role="status">
        {progress
          ? `${STAGE_TITLES[progress.stage]}: ${progress.note}, ${progressText(progress)}`
          : 'Starting the engine'}
      </p>
    );
  }
  if (!origin || !device)
    return <p className="provenance">{loading ? 'Opening the recorded run' : 'Nothing has been run yet'}</p>;
  const where = device.backend === 'webgpu' ? `WebGPU, ${device.adapter}` : 'WASM';
  if (origin === 'recorded') {
    return (
      <p className="provenance">
        <b className="tag-recorded">Recorded</b>{' '}
        {mixed
          ? 'evidence beside stages computed here'
          : `on ${where}; ${stale ? 'the settings have changed since' : 'nothing has been computed on this device yet'}`}
      </p>
    );
  }
  if (origin === 'stored') {
    return (
      <p className="provenance" data-testid="provenance">
        <b className="tag-stored">Kept run</b>{' '}
        {mixed
          ? 'evidence beside stages computed here'
          : `${shown ? `${shown.name === title ? '' : `“${shown.name}”, `}${dateTime(shown.created)}, ` : ''}on ${where}${stale ? '; the settings have changed since' : ''}`}
      </p>
    );
  }
  return (
    <p className="provenance">
      <b className="tag-live">Computed here</b> on {where}
      {stale && '; the settings have changed since'}
    </p>
  );
}

function TopProgress() {
  const progress = useLab((s) => s.running?.progress ?? null);
  const running = useLab((s) => s.running !== null);
  const share = progress && progress.total > 0 ? progress.done / progress.total : 0;
  return (
    <i
      className={running ? 'topbar-progress on' : 'topbar-progress'}
      style={{ transform: `scaleX(${share})` }}
      aria-hidden="true"
    />
  );
}
