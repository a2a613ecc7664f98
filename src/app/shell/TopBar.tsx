/** What is being run and where its numbers come from; undo, settings, and the one Run button. */
import { useEffect } from 'react';
import { cancelRun, runStages } from '../state/engine';
import { STAGE_TITLES } from '../state/stages';
import { useAnyStale, useHistory, useLab } from '../state/store';
import { progressText } from '../ui/ProgressLine';
import { EngineStatus } from './EngineStatus';
import { ThemeSwitch } from './ThemeSwitch';

export function TopBar() {
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
        {!hidden.includes('share') && (
          <button type="button" data-testid="share-button" disabled={!hasRun} title={hasRun ? undefined : 'There is no run to share yet'} onClick={() => useLab.setState({ shareOpen: true })}>Share</button>
        )}
        {!hidden.includes('settings') && <button type="button" data-testid="settings-button" onClick={() => useLab.setState({ settingsOpen: true })}>Settings</button>}
        {running ? (
          <button type="button" className="strong run" data-testid="cancel-button" disabled={cancelling} onClick={cancelRun}>
            {cancelling ? 'Stopping' : 'Cancel'}
          </button>
        ) : (
          <button type="button" className="strong run" data-testid="run-button" onClick={() => void runStages('evidence')}>
            Run
          </button>
        )}
      </div>
      <TopProgress />
    </header>
  );
}

/** Where the numbers on screen come from. Never in doubt: recorded is not live. */
function Provenance() {
  const origin = useLab((s) => s.stages.evidence.origin ?? s.stages.steer.origin);
  const device = useLab((s) => (s.run && s.stages.evidence.origin === 'recorded' ? s.run.device : (s.engine.device ?? s.run?.device ?? null)));
  const loading = useLab((s) => s.recorded === 'loading');
  const mixed = useLab((s) => s.stages.evidence.origin === 'recorded' && s.stages.models.origin === 'live');
  const running = useLab((s) => s.running);
  const stale = useAnyStale();
  if (running) {
    const { progress } = running;
    return (
      <p className="provenance" role="status">
        {progress ? `${STAGE_TITLES[progress.stage]}: ${progress.note}, ${progressText(progress)}` : 'Starting the engine'}
      </p>
    );
  }
  if (!origin || !device) return <p className="provenance">{loading ? 'Opening the recorded run' : 'Nothing has been run yet'}</p>;
  const where = device.backend === 'webgpu' ? `WebGPU, ${device.adapter}` : 'WASM';
  if (origin === 'recorded') {
    return (
      <p className="provenance">
        <b className="tag-recorded">Recorded</b>{' '}
        {mixed ? 'evidence beside stages computed here' : `on ${where}; ${stale ? 'the settings have changed since' : 'nothing has been computed on this device yet'}`}
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
  return <i className={running ? 'topbar-progress on' : 'topbar-progress'} style={{ transform: `scaleX(${share})` }} aria-hidden="true" />;
}

/** True where Ctrl+Z belongs to the text being typed. */
const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.tagName === 'TEXTAREA' || (target instanceof HTMLInputElement && /^(text|search|number)?$/.test(target.type)));

function UndoRedo() {
  const { canUndo, canRedo, undo, redo } = useHistory();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z' || typing(event.target)) return;
      event.preventDefault();
      if (event.shiftKey) redo();
      else undo();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [undo, redo]);
  return (
    <span className="undo-redo">
      <button type="button" className="icon" aria-label="Undo the last change of settings" title="Undo (Ctrl+Z)" data-testid="undo" disabled={!canUndo} onClick={undo}>
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M3 6.5h7a3.5 3.5 0 0 1 0 7H6M3 6.5 6 3.4M3 6.5l3 3.1" /></svg>
      </button>
      <button type="button" className="icon" aria-label="Redo" title="Redo (Ctrl+Shift+Z)" data-testid="redo" disabled={!canRedo} onClick={redo}>
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M13 6.5H6a3.5 3.5 0 0 0 0 7h4M13 6.5 10 3.4M13 6.5l-3 3.1" /></svg>
      </button>
    </span>
  );
}
