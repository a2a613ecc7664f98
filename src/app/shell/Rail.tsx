/** The five stages, in order: where each stands, and one number of what it found. */
import { STAGES, type Stage, type StageResults } from '../../experiment/run';
import { outcomeName } from '../../experiment/verdict';
import type { StageMark } from '../state/stages';
import { useLab, useMark } from '../state/store';
import { count, fixed, percent, seconds } from '../ui/format';
import { useWords } from '../state/text';
import type { Words } from '../../i18n/text';

const SUMMARY: { [K in Stage]: (words: Words, result: StageResults[K]) => string } = {
  models: (words, r) => words.text('shell.rail.models', { source: r.source.title, target: r.target.title }),
  activations: (words, r) => words.text('shell.rail.activations', { tokens: count(r.tokens.kept) }),
  map: (words, r) =>
    words.text('shell.rail.map', { r2: fixed(r.heldOutR2), source: r.layers.source, target: r.layers.target }),
  steer: (words, r) => words.text('shell.rail.steer', { cosine: fixed(r.vector.cosineMappedNative) }),
  evidence: (words, r) => words.say(outcomeName(r.verdict)),
};

export function Rail() {
  const words = useWords();
  return (
    <nav className="rail" aria-label={words.text('shell.rail.stages')}>
      <ol>
        {STAGES.map((stage) => (
          <RailItem key={stage} stage={stage} />
        ))}
      </ol>
    </nav>
  );
}

function RailItem({ stage }: { stage: Stage }) {
  const words = useWords();
  const mark = useMark(stage);
  const selected = useLab((s) => s.selected === stage);
  const summary = useLab((s) => {
    const { result } = s.stages[stage];
    return result ? (SUMMARY[stage] as (words: Words, value: typeof result) => string)(words, result) : '';
  });
  const time = useLab((s) => {
    const { origin, milliseconds, fromMemory } = s.stages[stage];
    if (origin !== 'live') return '';
    return fromMemory ? words.text('shell.rail.from-memory') : milliseconds === null ? '' : seconds(milliseconds);
  });
  const share = useLab((s) => {
    const progress = s.running?.progress;
    return progress?.stage === stage && progress.total > 0 ? Math.floor((progress.done / progress.total) * 100) : null;
  });
  const detail = mark === 'running' ? (share === null ? '' : percent(share / 100)) : mark === 'done' ? time : '';
  return (
    <li className={`rail-item mark-${mark}`}>
      <button
        type="button"
        data-testid={`stage-${stage}`}
        data-mark={mark}
        aria-current={selected ? 'step' : undefined}
        onClick={() => useLab.setState({ selected: stage })}
      >
        <RailMark mark={mark} />
        <span className="rail-name">{words.text(`stage.${stage}`)}</span>
        <span className="rail-state">
          {words.text(`shell.mark.${mark}`)}
          {detail && ` · ${detail}`}
        </span>
        <span className="rail-summary">{summary}</span>
      </button>
    </li>
  );
}

/** State by shape as well as by colour. */
function RailMark({ mark }: { mark: StageMark }) {
  return (
    <svg className="rail-mark" viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
      {(mark === 'empty' || mark === 'waiting') && <circle cx="9" cy="9" r="5.5" className="hollow" />}
      {mark === 'running' && <circle cx="9" cy="9" r="5.5" className="hollow" />}
      {mark === 'running' && <path d="M9 3.5a5.5 5.5 0 0 1 0 11z" className="solid" />}
      {mark === 'done' && <circle cx="9" cy="9" r="6" className="solid" />}
      {(mark === 'recorded' || mark === 'stored') && <circle cx="9" cy="9" r="5.5" className="hollow" />}
      {(mark === 'recorded' || mark === 'stored') && <circle cx="9" cy="9" r="2.6" className="solid" />}
      {mark === 'stale' && <circle cx="9" cy="9" r="5.5" className="dashed" />}
      {mark === 'failed' && <path d="m4.5 4.5 9 9m0-9-9 9" className="cross" />}
    </svg>
  );
}
