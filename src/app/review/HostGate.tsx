/** Asks before anything is done with a link that names hosts which the lab does not know. */
import { useEffect, useRef } from 'react';
import { useWords } from '../state/text';

export type Purpose = 'fetch' | 'lab' | 'verify';

interface Props {
  hosts: readonly string[];
  /** What would be done. */
  purpose: Purpose;
  onAgree: () => void;
  onClose: () => void;
}

export function HostGate({ hosts, purpose, onAgree, onClose }: Props) {
  const words = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="hosts-title" onClose={onClose} data-testid="host-gate">
      <h2 id="hosts-title">{words.text('review.hosts.title', { count: hosts.length })}</h2>
      <ul className="hosts">
        {hosts.map((host) => (
          <li key={host}>
            <code>{host}</code>
          </li>
        ))}
      </ul>
      <p>{words.text(`review.hosts.ask.${purpose}`, { count: hosts.length })}</p>
      <div className="dialog-foot">
        <button type="button" onClick={() => dialog.current?.close()}>
          {words.text('review.hosts.stop')}
        </button>
        <button
          type="button"
          className="strong"
          onClick={() => {
            onAgree();
            dialog.current?.close();
          }}
        >
          {words.text('review.hosts.go-on', { hosts: hosts.join(', ') })}
        </button>
      </div>
    </dialog>
  );
}
