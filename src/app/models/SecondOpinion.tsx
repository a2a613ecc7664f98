/** The second opinion on demand: what transformers.js writes with the same files, beside the lab's runtime. */
import { useEffect, useRef, useState } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import {
  opinionMessage,
  SECOND_OPINION_TOKENS,
  type ModelOpinion,
  type SecondOpinion as Opinion,
  type Written,
} from '../../experiment/second-opinion';
import type { Progress } from '../../worker/protocol';
import { askSecondOpinion } from '../state/engine';
import { useLab } from '../state/store';
import { useWords } from '../state/text';
import { ErrorNote } from '../ui/ErrorNote';
import { ProgressLine } from '../ui/ProgressLine';
import './second-opinion.css';

type State =
  | { phase: 'idle' }
  | { phase: 'working'; progress: Progress | null }
  | { phase: 'done'; key: string; opinion: Opinion }
  | { phase: 'failed'; error: LabErrorJson };

export function SecondOpinion() {
  const words = useWords();
  const { models, concept, prompting } = useLab((s) => s.experiment);
  const busy = useLab((s) => s.running !== null);
  const [state, setState] = useState<State>({ phase: 'idle' });
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  // Of other settings the answer is no answer.
  const key = JSON.stringify([models, concept, prompting]);

  async function ask(): Promise<void> {
    const controller = new AbortController();
    abort.current = controller;
    setState({ phase: 'working', progress: null });
    try {
      const opinion = await askSecondOpinion(useLab.getState().experiment, {
        signal: controller.signal,
        onProgress: (progress) => !controller.signal.aborted && setState({ phase: 'working', progress }),
      });
      setState({ phase: 'done', key, opinion });
    } catch (thrown) {
      const error = LabError.from(thrown);
      setState(error.code === 'cancelled' ? { phase: 'idle' } : { phase: 'failed', error: error.toJSON() });
    }
  }

  const opinion = state.phase === 'done' && state.key === key ? state.opinion : null;
  return (
    <section className="second-opinion" aria-labelledby="second-opinion-title" data-testid="second-opinion">
      <h2 id="second-opinion-title">{words.text('second-opinion.title')}</h2>
      <p className="muted">{words.text('second-opinion.about', { n: SECOND_OPINION_TOKENS })}</p>
      {state.phase === 'working' ? (
        <div className="second-opinion-work" role="status">
          {state.progress ? (
            <ProgressLine progress={state.progress} />
          ) : (
            <span>{words.text('second-opinion.working')}</span>
          )}
          <button type="button" data-testid="second-opinion-cancel" onClick={() => abort.current?.abort()}>
            {words.text('second-opinion.cancel')}
          </button>
        </div>
      ) : (
        <button type="button" data-testid="second-opinion-ask" disabled={busy} onClick={() => void ask()}>
          {words.text(opinion ? 'second-opinion.again' : 'second-opinion.ask')}
        </button>
      )}
      {state.phase === 'failed' && <ErrorNote error={state.error} />}
      {opinion && (
        <>
          <p>{words.text('second-opinion.prompt', { prompt: opinion.prompt, version: opinion.version })}</p>
          <OneModel opinion={opinion.models.source} />
          <OneModel opinion={opinion.models.target} />
        </>
      )}
    </section>
  );
}

function OneModel({ opinion }: { opinion: ModelOpinion }) {
  const words = useWords();
  const { title, dtype, outcome, lab, other, partsAt } = opinion;
  return (
    <div className="second-opinion-model" data-outcome={outcome}>
      <h3>{words.text('second-opinion.model', { title, dtype })}</h3>
      <p>{words.say(opinionMessage(opinion))}</p>
      {lab && other && (
        <dl>
          <dt>{words.text('second-opinion.lab')}</dt>
          <Tokens written={lab} partsAt={partsAt} />
          <dt>{words.text('second-opinion.other')}</dt>
          <Tokens written={other} partsAt={partsAt} />
        </dl>
      )}
    </div>
  );
}

/** Token by token, from where the two part marked as such. */
function Tokens({ written: { ids, pieces, ended }, partsAt }: { written: Written; partsAt: number | null }) {
  const words = useWords();
  const parted = (at: number): string | undefined => (partsAt !== null && at >= partsAt ? 'parted' : undefined);
  return (
    <dd className="second-opinion-tokens">
      {pieces.map((piece, at) => (
        <span key={at} className={parted(at)} title={String(ids[at])}>
          {piece.replace(/\n/g, '↵')}
        </span>
      ))}
      {ended && <em className={parted(ids.length)}>{words.text('second-opinion.ended')}</em>}
    </dd>
  );
}
