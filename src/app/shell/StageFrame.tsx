/** The frame of a stage: what it is, whether its numbers hold, what went wrong, and how far it has come. */
import { useWords } from '../state/text';
import type { ReactNode } from 'react';
import type { LabErrorJson } from '../../experiment/errors';
import type { Stage } from '../../experiment/run';
import { chooseBackend, restartEngine, runStages } from '../state/engine';
import { STAGE_TITLES } from '../state/stages';
import { editExperiment, useLab, useMark } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { ProgressLine } from '../ui/ProgressLine';

interface Props {
  stage: Stage;
  title: string;
  lead: string;
  /** Beside the title: the verdict. */
  aside?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function StageFrame({ stage, title, lead, aside, actions, children }: Props) {
  const state = useLab((s) => s.stages[stage]);
  const mark = useMark(stage);
  const words = useWords();
  const running = useLab((s) => s.running);
  return (
    <section className="stage" aria-labelledby={`title-${stage}`}>
      <header className="stage-head">
        <div className="stage-title">
          <h1 id={`title-${stage}`}>{title}</h1>
          <p>{lead}</p>
          {actions}
        </div>
        {/* Beside the title, where there is room already: nothing below moves when these come and go. */}
        <div className="stage-aside">
          {running?.progress?.stage === stage && <ProgressLine progress={running.progress} />}
          {mark === 'stale' && !running && (
            <p className="stale-note" role="status">
              These results belong to earlier settings.
              <button type="button" onClick={() => void runStages('evidence')}>
                Run again
              </button>
            </p>
          )}
          {aside}
        </div>
      </header>
      {state.error && state.phase === 'failed' && (
        <ErrorNote error={state.error} actions={<Remedies error={state.error} />} />
      )}
      {state.result && state.warnings.length > 0 && (
        <ul className="stage-warnings" data-testid="warnings">
          {state.warnings.map((message, i) => (
            <li key={i}>{words.say(message)}</li>
          ))}
        </ul>
      )}
      {!state.result && <EmptyStage stage={stage} />}
      {children}
    </section>
  );
}

/** What can be pressed after an error, next to the sentence that says so. */
export function Remedies({ error }: { error: LabErrorJson }) {
  switch (error.code) {
    case 'webgpu-missing':
    case 'webgpu-no-adapter':
    case 'webgpu-device-lost':
    case 'shader-compile':
    case 'self-test':
      return (
        <>
          <button type="button" onClick={() => void chooseBackend('wasm')}>
            Use WASM
          </button>
          <button type="button" onClick={() => void restartEngine()}>
            Try again
          </button>
        </>
      );
    case 'worker-crashed':
    case 'out-of-memory':
    case 'internal':
      return (
        <button type="button" onClick={() => void restartEngine()}>
          Start the engine again
        </button>
      );
    case 'not-homologous':
      return (
        <button type="button" onClick={pairByCharacters}>
          Pair by characters
        </button>
      );
    case 'chat-template':
      return (
        <button
          type="button"
          onClick={() => editExperiment((e) => ({ ...e, prompting: { ...e.prompting, template: 'plain' } }))}
        >
          Use plain prompts
        </button>
      );
    case 'settings-invalid':
    case 'unknown-model':
      return (
        <button type="button" onClick={() => useLab.setState({ settingsOpen: true })}>
          Open the settings
        </button>
      );
    default:
      return null;
  }
}

/** Forces a refused pair and goes on with the run that was refused. */
function pairByCharacters(): void {
  editExperiment((e) => ({ ...e, models: { ...e.models, alignment: 'characters' } }));
  void runStages('evidence');
}

function EmptyStage({ stage }: { stage: Stage }) {
  const recorded = useLab((s) => s.recorded);
  const phase = useLab((s) => s.stages[stage].phase);
  const forked = useLab((s) => s.parent !== null);
  if (recorded === 'loading' || phase === 'failed') return null;
  if (phase === 'running' || phase === 'waiting')
    return <p className="empty">{phase === 'running' ? 'Working on it.' : 'Waits for the stages before it.'}</p>;
  return (
    <div className="empty">
      <p>
        {STAGE_TITLES[stage]} has no result yet.{' '}
        {forked
          ? 'These settings have not been run here'
          : 'There is no recorded run of this preset, so the first one is made here'}
        : a press of Run goes through all five stages with the settings as they are.
      </p>
      <button type="button" className="strong" onClick={() => void runStages('evidence')}>
        Run all stages
      </button>
    </div>
  );
}
