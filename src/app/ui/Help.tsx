/** A “?” that says in one sentence what a control or a number is. */
import { useId } from 'react';

export function Help({ about, children }: { about: string; children: string }) {
  const id = useId();
  return (
    <span className="help">
      <button
        type="button"
        className="help-button"
        popoverTarget={id}
        aria-label={`What is ${about}?`}
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
