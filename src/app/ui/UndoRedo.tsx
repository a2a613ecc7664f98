/** Undo and redo over the settings: two buttons, and the keys that people expect. */
import { useEffect } from 'react';
import { useHistory } from '../state/store';
import { useWords } from '../state/text';

/** True where Ctrl+Z belongs to the text being typed. A field of the settings that shows the setting as it is says so: there it belongs to the settings. */
const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.dataset.settled === undefined &&
  (target.isContentEditable ||
    target.tagName === 'TEXTAREA' ||
    (target instanceof HTMLInputElement && /^(text|search|number)?$/.test(target.type)));

/** Ctrl+Z or ⌘Z undoes the last change of settings wherever no text is being typed; with Shift, or Ctrl+Y, it is done again. Mounted once. */
export function useUndoKeys(): void {
  const { undo, redo } = useHistory();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const key = event.key.toLowerCase();
      const again = (key === 'z' && event.shiftKey) || (key === 'y' && event.ctrlKey && !event.shiftKey);
      if (!(event.ctrlKey || event.metaKey) || event.altKey || !(key === 'z' || again) || typing(event.target)) return;
      event.preventDefault();
      if (again) redo();
      else undo();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [undo, redo]);
}

export function UndoRedo() {
  const words = useWords();
  const { canUndo, canRedo, undo, redo } = useHistory();
  return (
    <span className="undo-redo">
      <button
        type="button"
        className="icon"
        aria-label={words.text('shell.undo')}
        title={words.text('shell.undo.keys')}
        data-testid="undo"
        disabled={!canUndo}
        onClick={undo}
      >
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path d="M3 6.5h7a3.5 3.5 0 0 1 0 7H6M3 6.5 6 3.4M3 6.5l3 3.1" />
        </svg>
      </button>
      <button
        type="button"
        className="icon"
        aria-label={words.text('shell.redo')}
        title={words.text('shell.redo.keys')}
        data-testid="redo"
        disabled={!canRedo}
        onClick={redo}
      >
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path d="M13 6.5H6a3.5 3.5 0 0 0 0 7h4M13 6.5 10 3.4M13 6.5l-3 3.1" />
        </svg>
      </button>
    </span>
  );
}
