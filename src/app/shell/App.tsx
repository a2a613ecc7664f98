/** The one screen: rail, top bar, and the workspace of the chosen stage. */
import { lazy, Suspense, useEffect, type ComponentType } from 'react';
import type { LabErrorJson } from '../../experiment/errors';
import { STAGES, type Stage } from '../../experiment/run';
import { whenIdle } from '../figures/idle';
import SteerStage from '../steer/SteerStage';
import { UnsavedRun } from '../runs/UnsavedRun';
import { useRuns } from '../state/runs';
import type { Origin } from '../state/stages';
import { useLab } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { Rail } from './Rail';
import { Remedies } from '../ui/StageFrame';
import { TopBar } from './TopBar';
import { useWords } from '../state/text';

const loaders = {
  models: () => import('../models/ModelsStage'),
  activations: () => import('../activations/ActivationsStage'),
  map: () => import('../map/MapStage'),
  evidence: () => import('../evidence/EvidenceStage'),
  settings: () => import('../settings/SettingsSheet'),
  share: () => import('../share/ShareDialog'),
  runs: () => import('../runs/RunsSheet'),
  plot: () => import('../figures/PlotView'),
};

const WORKSPACES: Record<Stage, ComponentType> = {
  models: lazy(loaders.models),
  activations: lazy(loaders.activations),
  map: lazy(loaders.map),
  steer: SteerStage,
  evidence: lazy(loaders.evidence),
};

const SettingsSheet = lazy(loaders.settings);
const ShareDialog = lazy(loaders.share);
const RunsSheet = lazy(loaders.runs);

type RunState = 'empty' | 'running' | 'failed' | Origin;

function useRunState(): RunState {
  return useLab((s) => {
    if (s.running) return 'running';
    if (Object.values(s.stages).some((stage) => stage.phase === 'failed')) return 'failed';
    return s.stages.evidence.origin ?? s.stages.models.origin ?? 'empty';
  });
}

export function App() {
  const words = useWords();
  const selected = useLab((s) => s.selected);
  const settingsOpen = useLab((s) => s.settingsOpen);
  const shareOpen = useLab((s) => s.shareOpen);
  const runsOpen = useRuns((s) => s.open);
  const recorded = useLab((s) => s.recorded);
  const run = useRunState();
  const Workspace = WORKSPACES[selected];

  useEffect(() => {
    if (recorded === 'loading') return;
    // Marked in the frame after the one that paints it; controls answer from the same moment.
    const frame = requestAnimationFrame(() => {
      performance.mark('lrt:content');
      performance.mark('lrt:interactive');
    });
    // Fetched while nothing waits for them, so that a later click finds them.
    const cancels = Object.values(loaders).map((load) => whenIdle(() => void load().catch(() => undefined)));
    return () => {
      cancelAnimationFrame(frame);
      cancels.forEach((cancel) => cancel());
    };
  }, [recorded]);

  useEffect(() => {
    window.scrollTo(0, 0);
  }, [selected]);

  useEffect(() => {
    document.title = words.text('shell.name');
  }, [words]);

  return (
    <>
      <a className="skip" href="#workspace">
        {words.text('shell.skip')}
      </a>
      <TopBar />
      <div className="layout">
        <Rail />
        <main id="workspace" className="workspace" data-run={run} tabIndex={-1}>
          <Notices />
          <Suspense fallback={<p className="empty" />}>
            <Workspace />
          </Suspense>
        </main>
      </div>
      {settingsOpen && (
        <Suspense fallback={null}>
          <SettingsSheet />
        </Suspense>
      )}
      {shareOpen && (
        <Suspense fallback={null}>
          <ShareDialog />
        </Suspense>
      )}
      {runsOpen && (
        <Suspense fallback={null}>
          <RunsSheet />
        </Suspense>
      )}
    </>
  );
}

const sameError = (a: LabErrorJson | null, b: LabErrorJson | null): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Errors that belong to no stage or to another one: the engine's, the recorded run's, and that of a stage out of sight. */
function Notices() {
  const words = useWords();
  const failedAt = useLab(
    (s) => STAGES.find((stage) => stage !== s.selected && s.stages[stage].phase === 'failed') ?? null,
  );
  const failure = useLab((s) => (failedAt ? s.stages[failedAt].error : null));
  // A crash during a run is shown once, at the stage that it stopped.
  const engine = useLab((s) =>
    STAGES.some((stage) => s.stages[stage].phase === 'failed' && sameError(s.stages[stage].error, s.engine.error))
      ? null
      : s.engine.error,
  );
  const recorded = useLab((s) => s.recordedError);
  const interrupted = useLab((s) => s.interrupted);
  const reading = useLab((s) => s.stages.steer.origin);
  return (
    <>
      {engine && (
        <ErrorNote
          error={engine}
          more={reading === 'recorded' || reading === 'stored' ? words.text(`shell.readable.${reading}`) : undefined}
          actions={<Remedies error={engine} />}
        />
      )}
      {recorded && <ErrorNote error={recorded} />}
      <UnsavedRun inList={false} />
      {interrupted && (
        <p className="notice" role="status" data-testid="interrupted">
          {words.text('shell.interrupted')}{' '}
          <button type="button" onClick={() => useLab.setState({ interrupted: false })}>
            {words.text('shell.interrupted.close')}
          </button>
        </p>
      )}
      {failedAt && failure && (
        <ErrorNote
          error={failure}
          actions={
            <button type="button" onClick={() => useLab.setState({ selected: failedAt })}>
              {words.text('shell.go-to', { stage: words.text(`stage.${failedAt}`) })}
            </button>
          }
        />
      )}
    </>
  );
}
