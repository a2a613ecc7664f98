/** A digest, short, with the whole of it a press away. */
import { useState } from 'react';
import { useWords } from '../state/text';

/** @param of what it is the digest of, for the button's name */
export function Digest({ value, of }: { value: string; of: string }) {
  const words = useWords();
  const [said, setSaid] = useState<{ about: string; text: string } | null>(null);
  async function copy(): Promise<void> {
    try {
      // Where the page is not served securely there is no clipboard.
      await navigator.clipboard.writeText(value);
      setSaid({ about: value, text: words.text('ui.digest.copied') });
    } catch {
      setSaid({ about: value, text: value });
    }
  }
  return (
    <span className="digest">
      <code title={value}>{value.slice(0, 12)}</code>{' '}
      <button
        type="button"
        className="quiet"
        aria-label={words.text('ui.digest.copy', { what: of })}
        onClick={() => void copy()}
      >
        {words.text('ui.copy')}
      </button>
      <span role="status">{said?.about === value && ` ${said.text}`}</span>
    </span>
  );
}
