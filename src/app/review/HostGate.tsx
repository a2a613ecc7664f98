/** Asks before anything is done with a link that names hosts which the lab does not know. */
import { useEffect, useRef } from 'react';

interface Props {
  hosts: readonly string[];
  /** What would be done, after “to”. */
  purpose: string;
  onAgree: () => void;
  onClose: () => void;
}

export function HostGate({ hosts, purpose, onAgree, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="hosts-title" onClose={onClose} data-testid="host-gate">
      <h2 id="hosts-title">This link names {hosts.length === 1 ? 'a host' : 'hosts'} that the lab does not know</h2>
      <ul className="hosts">
        {hosts.map((host) => (
          <li key={host}>
            <code>{host}</code>
          </li>
        ))}
      </ul>
      <p>
        Nothing has been asked of {hosts.length === 1 ? 'it' : 'them'} yet. Go on to {purpose} only if you trust whoever
        sent the link. Model files are downloaded only after a further question that shows their size.
      </p>
      <div className="dialog-foot">
        <button type="button" onClick={() => dialog.current?.close()}>
          Stop here
        </button>
        <button
          type="button"
          className="strong"
          onClick={() => {
            onAgree();
            dialog.current?.close();
          }}
        >
          Go on with {hosts.join(', ')}
        </button>
      </div>
    </dialog>
  );
}
