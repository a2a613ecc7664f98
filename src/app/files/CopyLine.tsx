/** One line of code with a button that copies it. */
import { useState } from 'react';
import { useWords } from '../state/text';

export function CopyLine({ label, text }: { label: string; text: string }) {
  const words = useWords();
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setState('copied'),
      () => setState('failed'),
    );
  };
  return (
    <div className="copy-line">
      <pre tabIndex={0} role="region" aria-label={label}>
        <code>{text}</code>
      </pre>
      <button type="button" onClick={copy} aria-label={words.text('files.copy-line', { what: label })}>
        {words.text('ui.copy')}
      </button>
      <span role="status" className="muted">
        {state === 'copied'
          ? words.text('files.copy-line.copied')
          : state === 'failed'
            ? words.text('files.copy-line.refused')
            : ''}
      </span>
    </div>
  );
}
