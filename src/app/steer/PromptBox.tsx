/** A prompt of the visitor's own: next-token bars and continuations for it, at every stop of the axis. */
import { useState, type SyntheticEvent } from 'react';
import type { DoseAxis } from '../../experiment/run';
import { clearPrompt, tryPrompt } from '../state/engine';
import { useLab } from '../state/store';
import { ErrorNote } from '../ui/ErrorNote';
import { Help } from '../ui/Help';
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
  const live = useLab((s) => s.stages.steer.origin === 'live');
  const value = text ?? prompt;
  const changed = value.trim() !== '' && value !== prompt;

  function submit(event: SyntheticEvent): void {
    event.preventDefault();
    if (changed) void tryPrompt(value.trim());
  }

  return (
    <>
      <form className="prompt-box" onSubmit={submit}>
        <label htmlFor="own-prompt">{words.text('steer.prompt')}</label>
        <Help about={words.text('steer.prompt.about')}>{words.text('steer.prompt.help')}</Help>
        <textarea
          id="own-prompt"
          className="serif"
          rows={1}
          value={value}
          spellCheck={false}
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
    </>
  );
}
