/** The five stages, in order: where each stands, and one number of what it found. */
import { STAGES, type Stage, type StageResults } from '../../experiment/run';
import { OUTCOME_NAMES } from '../evidence/VerdictLine';
import { STAGE_TITLES, type StageMark } from '../state/stages';
import { useLab, useMark } from '../state/store';
import { count, fixed, seconds } from '../ui/format';

const MARK_WORDS: Record<StageMark, string> = {
  empty: 'not run',
  waiting: 'waiting',
  running: 'running',
  done: 'done',
  recorded: 'recorded',
  stored: 'kept',
  stale: 'stale',
  failed: 'failed',
};

const SUMMARY: { [K in Stage]: (result: StageResults[K]) => string } = {
  models: (r) => `${r.source.title} → ${r.target.title}`,
  activations: (r) => `${count(r.tokens.kept)} tokens`,
  map: (r) => `R² ${fixed(r.heldOutR2)}, block ${r.layers.source} → ${r.layers.target}`,
  steer: (r) => `cos ${fixed(r.vector.cosineMappedNative)} with native`,
  evidence: (r) => OUTCOME_NAMES[r.verdict.outcome],
};

export function Rail() {
  return (
    <nav className="rail" aria-label="Stages">
      <ol>
        {STAGES.map((stage) => (
          <RailItem key={stage} stage={stage} />
        ))}
      </ol>
    </nav>
  );
}

function RailItem({ stage }: { stage: Stage }) {
  const mark = useMark(stage);
  const selected = useLab((s) => s.selected === stage);
  const summary = useLab((s) => {
    const { result } = s.stages[stage];
    return result ? (SUMMARY[stage] as (value: typeof result) => string)(result) : '';
  });
  const time = useLab((s) => {
    const { origin, milliseconds, fromMemory } = s.stages[stage];
    if (origin !== 'live') return '';
    return fromMemory ? 'from memory' : milliseconds === null ? '' : seconds(milliseconds);
  });
  const share = useLab((s) => {
    const progress = s.running?.progress;
    return progress?.stage === stage && progress.total > 0 ? Math.floor((progress.done / progress.total) * 100) : null;
  });
  const detail = mark === 'running' ? (share === null ? '' : `${share} %`) : mark === 'done' ? time : '';
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
        <span className="rail-name">{STAGE_TITLES[stage]}</span>
        <span className="rail-state">
          {MARK_WORDS[mark]}
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
