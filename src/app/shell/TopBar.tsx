/** What is being run and where its numbers come from; undo, settings, and the one Run button. */
import type { ReactNode } from 'react';
import { cancelRun, runStages } from '../state/engine';

import { useAnyStale, useLab } from '../state/store';
import { progressText } from '../ui/ProgressLine';
import { useRuns } from '../state/runs';
import { dateTime } from '../ui/format';
import { EngineStatus } from './EngineStatus';
import { ThemeSwitch } from '../ui/ThemeSwitch';
import { UndoRedo, useUndoKeys } from '../ui/UndoRedo';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';

export function TopBar() {
  const words = useWords();
  useUndoKeys();
  const running = useLab((s) => s.running !== null);
  const cancelling = useLab((s) => s.running?.cancelling ?? false);
  const title = useLab((s) => s.experiment.title);
  const hidden = useLab((s) => s.hidden);
  const hasRun = useLab((s) => s.run !== null);
  return (
    <header className="topbar">
      <p className="wordmark">{words.text('shell.name')}</p>
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
            title={hasRun ? undefined : words.text('shell.no-run-to-share')}
            onClick={() => useLab.setState({ shareOpen: true })}
          >
            {words.text('shell.share')}
          </button>
        )}
        {!hidden.includes('settings') && (
          <button type="button" data-testid="settings-button" onClick={() => useLab.setState({ settingsOpen: true })}>
            {words.text('shell.settings')}
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
            {words.text(cancelling ? 'shell.stopping' : 'shell.cancel')}
          </button>
        ) : (
          <button
            type="button"
            className="strong run"
            data-testid="run-button"
            onClick={() => void runStages('evidence')}
          >
            {words.text('shell.run')}
          </button>
        )}
      </div>
      <TopProgress />
    </header>
  );
}

function RunsButton() {
  const words = useWords();
  const unkept = useRuns((s) => s.unkept !== null);
  return (
    <button
      type="button"
      data-testid="runs-button"
      title={words.text(unkept ? 'shell.runs.unkept' : 'shell.runs.kept')}
      onClick={() => useRuns.setState({ open: true })}
    >
      {words.text('shell.runs')}
    </button>
  );
}

/** Where the numbers on screen come from. Never in doubt: recorded is not live. */
function Provenance() {
  const words = useWords();
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
  const ownVectors = useLab((s) => s.ownOrigin !== null && s.ownOrigin !== 'live');
  const stale = useAnyStale();
  const title = useLab((s) => s.experiment.title);
  if (running) {
    const { progress } = running;
    return (
      <p className="provenance" role="status">
        {progress
          ? words.text('shell.progress', {
              stage: words.text(`stage.${progress.stage}`),
              note: progress.note,
              progress: progressText(words, progress),
            })
          : words.text('shell.starting')}
      </p>
    );
  }
  if (!origin || !device)
    return (
      <p className="provenance">{words.text(loading ? 'shell.provenance.opening' : 'shell.provenance.nothing')}</p>
    );
  const where = words.text(`shell.where.${device.backend}`, { adapter: device.adapter });
  const tags = { tag: (parts: ReactNode) => <b className={`tag-${origin}`}>{parts}</b> };
  if (ownVectors && origin !== 'live' && !stale) {
    return (
      <p className="provenance">
        <Rich text="shell.provenance.own-prompt" params={{ origin }} tags={tags} />
      </p>
    );
  }
  if (origin === 'recorded') {
    return (
      <p className="provenance">
        {mixed ? (
          <Rich text="shell.provenance.recorded-mixed" tags={tags} />
        ) : (
          <Rich text="shell.provenance.recorded" params={{ where, stale }} tags={tags} />
        )}
      </p>
    );
  }
  if (origin === 'stored') {
    return (
      <p className="provenance" data-testid="provenance">
        {mixed ? (
          <Rich text="shell.provenance.stored-mixed" tags={tags} />
        ) : (
          <Rich
            text="shell.provenance.stored"
            params={{
              where,
              stale,
              known: shown === null ? 'nothing' : shown.name === title ? 'date' : 'name',
              name: shown?.name ?? '',
              date: shown ? dateTime(shown.created) : '',
            }}
            tags={tags}
          />
        )}
      </p>
    );
  }
  return (
    <p className="provenance">
      <Rich text="shell.provenance.live" params={{ where, stale }} tags={tags} />
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
