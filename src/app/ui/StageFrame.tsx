/** The frame of a stage: what it is, whether its numbers hold, what went wrong, and how far it has come. */
import type { ReactNode } from 'react';
import type { LabErrorJson } from '../../experiment/errors';
import type { Stage } from '../../experiment/run';
import { chooseBackend, restartEngine, runStages } from '../state/engine';

import { editExperiment, useLab, useMark } from '../state/store';
import { ErrorNote } from './ErrorNote';
import { ProgressLine } from './ProgressLine';
import { useWords } from '../state/text';

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
  const words = useWords();
  const state = useLab((s) => s.stages[stage]);
  const mark = useMark(stage);
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
              {words.text('ui.stage-frame.stale')}
              <button type="button" onClick={() => void runStages('evidence')}>
                {words.text('ui.stage-frame.again')}
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
  const words = useWords();
  switch (error.code) {
    case 'webgpu-missing':
    case 'webgpu-no-adapter':
    case 'webgpu-device-lost':
    case 'shader-compile':
    case 'self-test':
      return (
        <>
          <button type="button" onClick={() => void chooseBackend('wasm')}>
            {words.text('ui.remedy.wasm')}
          </button>
          <button type="button" onClick={() => void restartEngine()}>
            {words.text('ui.try-again')}
          </button>
        </>
      );
    case 'worker-crashed':
    case 'out-of-memory':
    case 'internal':
      return (
        <button type="button" onClick={() => void restartEngine()}>
          {words.text('ui.remedy.restart')}
        </button>
      );
    case 'not-homologous':
      return (
        <button type="button" onClick={pairByCharacters}>
          {words.text('ui.remedy.by-characters')}
        </button>
      );
    case 'chat-template':
      return (
        <button
          type="button"
          onClick={() => editExperiment((e) => ({ ...e, prompting: { ...e.prompting, template: 'plain' } }))}
        >
          {words.text('ui.remedy.plain')}
        </button>
      );
    case 'settings-invalid':
    case 'unknown-model':
      return (
        <button type="button" onClick={() => useLab.setState({ settingsOpen: true })}>
          {words.text('ui.remedy.settings')}
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
  const words = useWords();
  const recorded = useLab((s) => s.recorded);
  const phase = useLab((s) => s.stages[stage].phase);
  const forked = useLab((s) => s.parent !== null);
  if (recorded === 'loading' || phase === 'failed') return null;
  if (phase === 'running' || phase === 'waiting')
    return (
      <p className="empty">{words.text(phase === 'running' ? 'ui.stage-frame.working' : 'ui.stage-frame.waits')}</p>
    );
  return (
    <div className="empty">
      <p>
        {words.text(forked ? 'ui.stage-frame.empty-forked' : 'ui.stage-frame.empty', {
          stage: words.text(`stage.${stage}`),
        })}
      </p>
      <button type="button" className="strong" onClick={() => void runStages('evidence')}>
        {words.text('ui.stage-frame.run-all')}
      </button>
    </div>
  );
}
