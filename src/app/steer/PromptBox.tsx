/** A prompt of the visitor's own: next-token bars and continuations for it, at every stop of the axis. */
import { useState, type SyntheticEvent } from 'react';
import type { DoseAxis } from '../../experiment/run';
import { usePreset } from '../state/catalog';
import { presetOf } from '../state/concept';
import { clearPrompt, loadAhead, tryPrompt } from '../state/engine';
import { useUnknownWords } from '../state/known-words';
import { liveOf } from '../state/stages';
import { useLab } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { Help } from '../ui/Help';
import { ProgressLine } from '../ui/ProgressLine';
import { Rich } from '../ui/Rich';
import { PromptingChoice } from './Prompting';
import { WrittenForBoth } from './Written';
import { useWords } from '../state/text';

export function PromptBox({ axis }: { axis: DoseAxis }) {
  const words = useWords();
  const { prompt, written } = axis;
  const models = useLab((s) => s.stages.models.result);
  const [text, setText] = useState<string | null>(null);
  const own = useLab((s) => s.ownAxis !== null);
  const prompting = useLab((s) => s.prompting);
  const running = useLab((s) => s.running !== null);
  const live = useLab((s) => liveOf(s.stages, s.experiment) !== null);
  const origin = useLab((s) => s.ownOrigin);
  const value = text ?? prompt;
  const changed = value.trim() !== '' && value !== prompt;

  function submit(event: SyntheticEvent): void {
    event.preventDefault();
    if (changed) void tryPrompt(value.trim());
  }

  return (
    <div className="prompt-area">
      <form className="prompt-box" onSubmit={submit}>
        <label htmlFor="own-prompt">{words.text('steer.prompt')}</label>
        <Help about={words.text('steer.prompt.about')}>{words.text('steer.prompt.help')}</Help>
        <textarea
          id="own-prompt"
          className="serif"
          rows={1}
          value={value}
          spellCheck={false}
          onFocus={() => void loadAhead()}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
          }}
        />
        <button type="submit" disabled={!changed || running || prompting.status === 'working'}>
          {words.text(live ? 'steer.prompt.continue' : 'steer.prompt.run')}
        </button>
        {own && (
          <button
            type="button"
            className="quiet"
            onClick={() => {
              setText(null);
              clearPrompt();
            }}
          >
            {words.text('steer.prompt.back')}
          </button>
        )}
        {prompting.error && <ErrorNote error={prompting.error} />}
      </form>
      <PromptChips shown={prompt} onChoose={() => setText(null)} />
      <UnknownWords text={text ?? (own ? prompt : null)} />
      {prompting.status === 'working' && prompting.progress && (
        <div className="prompt-working">
          <ProgressLine progress={prompting.progress} />
        </div>
      )}
      {own && origin !== null && origin !== 'live' && (
        <p className="prompt-origin muted" data-testid="live-origin">
          <Rich text="steer.prompt.origin" params={{ origin }} tags={{ b: (parts) => <b>{parts}</b> }} />
        </p>
      )}
      <PromptingChoice />
      {written && (
        <details className="reads" data-testid="written-prompt" open>
          <summary>{words.text('steer.prompt.written')}</summary>
          <WrittenForBoth
            texts={[written]}
            titles={{
              source: models?.source.title ?? words.text('steer.small-model'),
              target: models?.target.title ?? words.text('steer.large-model'),
            }}
          />
        </details>
      )}
    </div>
  );
}

const onOneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, ' / ');

/** Prompts of the preset that can be chosen beside the run's. */
const CHIPS = 4;

/** A few prompts of the preset: those of the half that reports, of which the first is the run's own. */
function PromptChips({ shown, onChoose }: { shown: string; onChoose: () => void }) {
  const words = useWords();
  const preset = usePreset(useLab((s) => presetOf(s.experiment.concept))).value;
  const own = useLab((s) => s.stages.steer.result?.axis.prompt);
  const running = useLab((s) => s.running !== null);
  const prompts = (preset?.evaluationPrompts ?? []).filter((_, i) => i % 2 === 1);
  const chips = [...new Set([...(own === undefined ? [] : [own]), ...prompts])].slice(0, CHIPS + 1);
  if (chips.length < 2) return null;
  return (
    <div className="prompt-chips" role="group" aria-label={words.text('steer.prompt.chips')}>
      <span className="muted">{words.text('steer.prompt.chips')}</span>
      {chips.map((prompt) => (
        <button
          key={prompt}
          type="button"
          className="chip"
          data-testid="prompt-chip"
          title={prompt}
          aria-pressed={prompt === shown}
          disabled={running}
          onClick={() => {
            onChoose();
            if (prompt === own) clearPrompt();
            else void tryPrompt(prompt);
          }}
        >
          <span>{onOneLine(prompt)}</span>
        </button>
      ))}
    </div>
  );
}

/** Unknown words that are named; of more, only how many. */
const NAMED_WORDS = 8;

function UnknownWords({ text }: { text: string | null }) {
  const words = useWords();
  const unknown = useUnknownWords(
    text,
    useLab((s) => s.experiment),
  );
  if (unknown.length === 0) return null;
  const named = unknown.slice(0, NAMED_WORDS).map((word) => words.text('steer.prompt.quoted', { word }));
  return (
    <p className="prompt-hint" role="status" data-testid="unknown-words">
      {words.text('steer.prompt.unknown', {
        words: named.join(', '),
        count: unknown.length,
        more: Math.max(0, unknown.length - NAMED_WORDS),
      })}
    </p>
  );
}
