/** A “?” that says in one sentence what a control or a number is. */
import { useId } from 'react';
import { useWords } from '../state/text';

export function Help({ about, children }: { about: string; children: string }) {
  const words = useWords();
  const id = useId();
  return (
    <span className="help">
      <button
        type="button"
        className="help-button"
        popoverTarget={id}
        aria-label={words.text('ui.what-is', { what: about })}
        title={children}
      >
        ?
      </button>
      <span id={id} popover="auto" className="help-text" role="note">
        {children}
      </span>
    </span>
  );
}
