/** What this browser keeps of other models: sizes, unfinished downloads, and the button that deletes. */
import { useState } from 'react';
import type { StoredOffer } from '../../worker/protocol';
import { clearStates, deleteStored, loadStored, resume, useModels } from '../state/models';
import { ErrorNote } from '../ui/ErrorNote';
import { bytes, hostName } from '../ui/format';

export function Storage() {
  const stored = useModels((s) => s.stored);
  const models = stored.value?.models ?? [];
  const total = models.reduce((sum, model) => sum + model.bytes, 0);
  const room = stored.value?.room ?? null;
  const states = stored.value?.states ?? 0;
  return (
    <section className="storage" aria-labelledby="storage-title" data-testid="storage">
      <h3 id="storage-title">Kept in this browser</h3>
      {stored.error && (
        <ErrorNote
          error={stored.error}
          actions={
            <button type="button" onClick={() => void loadStored()}>
              Try again
            </button>
          }
        />
      )}
      {stored.value && models.length === 0 && <p className="muted">No downloaded model.</p>}
      {models.length > 0 && (
        <>
          <ul>
            {models.map((model) => (
              <Stored key={`${model.host} ${model.id} ${model.commit}`} model={model} />
            ))}
          </ul>
          <p className="muted" data-testid="storage-total">
            {bytes(total)} in all
            {room && `; this site uses ${bytes(room.usage)}, and the browser allows it ${bytes(room.quota)}`}.
          </p>
        </>
      )}
      {states > 0 && (
        <div className="field-row" data-testid="stored-states">
          <span>
            <b>States of a collection</b>{' '}
            <span className="muted">{bytes(states)}: of one at work, or left behind by one that broke off.</span>
          </span>
          <button type="button" className="quiet" onClick={() => void clearStates()}>
            Remove what was left behind
          </button>
        </div>
      )}
    </section>
  );
}

function Stored({ model }: { model: StoredOffer }) {
  const [asked, setAsked] = useState(false);
  const downloading = useModels((s) => s.download.status === 'running');
  const unfinished = model.unfinished.length > 0;
  const whole = model.variants.map(({ dtype }) => dtype).join(', ');
  return (
    <li data-testid={`stored-${model.id}`}>
      <div>
        <b>{model.id}</b>
        <span className="muted">
          {bytes(model.bytes)}
          {whole && `, ${whole}`}
          {unfinished && `, unfinished: ${model.unfinished.join(', ')}`} · {hostName(model.host)} ·{' '}
          {model.commit.slice(0, 7)} · {model.license ?? 'licence not stated'}
        </span>
      </div>
      <div className="field-row">
        {unfinished && (
          <button
            type="button"
            data-testid="resume"
            disabled={downloading}
            aria-label={`Go on with ${model.id}: list its files at ${hostName(model.host)}`}
            onClick={() => void resume(model)}
          >
            Go on
          </button>
        )}
        {asked ? (
          <>
            <button type="button" data-testid="delete-confirm" onClick={() => void deleteStored(model)}>
              Delete {bytes(model.bytes)}
            </button>
            <button type="button" className="quiet" onClick={() => setAsked(false)}>
              Keep it
            </button>
          </>
        ) : (
          <button
            type="button"
            className="quiet"
            disabled={downloading}
            aria-label={`Delete ${model.id}`}
            onClick={() => setAsked(true)}
          >
            Delete
          </button>
        )}
      </div>
    </li>
  );
}
