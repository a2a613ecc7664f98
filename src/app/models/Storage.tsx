/** What this browser keeps of other models: sizes, unfinished downloads, and the button that deletes. */
import { useState } from 'react';
import type { StoredOffer } from '../../worker/protocol';
import { clearStates, deleteStored, loadStored, resume, useModels } from '../state/models';
import { ErrorNote } from '../ui/ErrorNote';
import { bytes, hostName } from '../ui/format';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';

export function Storage() {
  const words = useWords();
  const stored = useModels((s) => s.stored);
  const models = stored.value?.models ?? [];
  const total = models.reduce((sum, model) => sum + model.bytes, 0);
  const room = stored.value?.room ?? null;
  const states = stored.value?.states ?? 0;
  return (
    <section className="storage" aria-labelledby="storage-title" data-testid="storage">
      <h3 id="storage-title">{words.text('models.storage.title')}</h3>
      {stored.error && (
        <ErrorNote
          error={stored.error}
          actions={
            <button type="button" onClick={() => void loadStored()}>
              {words.text('ui.try-again')}
            </button>
          }
        />
      )}
      {stored.value && models.length === 0 && <p className="muted">{words.text('models.storage.none')}</p>}
      {models.length > 0 && (
        <>
          <ul>
            {models.map((model) => (
              <Stored key={`${model.host} ${model.id} ${model.commit}`} model={model} />
            ))}
          </ul>
          <p className="muted" data-testid="storage-total">
            {room
              ? words.text('models.storage.total-of', {
                  total: bytes(total),
                  usage: bytes(room.usage),
                  quota: bytes(room.quota),
                })
              : words.text('models.storage.total', { total: bytes(total) })}
          </p>
        </>
      )}
      {states > 0 && (
        <div className="field-row" data-testid="stored-states">
          <span>
            <Rich
              text="models.storage.states"
              params={{ size: bytes(states) }}
              tags={{ b: (parts) => <b>{parts}</b>, note: (parts) => <span className="muted">{parts}</span> }}
            />
          </span>
          <button type="button" className="quiet" onClick={() => void clearStates()}>
            {words.text('models.storage.clear')}
          </button>
        </div>
      )}
    </section>
  );
}

function Stored({ model }: { model: StoredOffer }) {
  const words = useWords();
  const [asked, setAsked] = useState(false);
  const downloading = useModels((s) => s.download.status === 'running');
  const unfinished = model.unfinished.length > 0;
  const whole = model.variants.map(({ dtype }) => dtype).join(', ');
  return (
    <li data-testid={`stored-${model.id}`}>
      <div>
        <b>{model.id}</b>
        <span className="muted">
          {words.text('models.storage.model', {
            size: bytes(model.bytes),
            whole: whole || 'none',
            unfinished: model.unfinished.join(', ') || 'none',
            host: hostName(model.host),
            commit: model.commit.slice(0, 7),
            license: model.license ?? 'unknown',
          })}
        </span>
      </div>
      <div className="field-row">
        {unfinished && (
          <button
            type="button"
            data-testid="resume"
            disabled={downloading}
            aria-label={words.text('models.storage.resume-name', { model: model.id, host: hostName(model.host) })}
            onClick={() => void resume(model)}
          >
            {words.text('models.storage.resume')}
          </button>
        )}
        {asked ? (
          <>
            <button type="button" data-testid="delete-confirm" onClick={() => void deleteStored(model)}>
              {words.text('models.storage.delete-size', { size: bytes(model.bytes) })}
            </button>
            <button type="button" className="quiet" onClick={() => setAsked(false)}>
              {words.text('models.storage.keep')}
            </button>
          </>
        ) : (
          <button
            type="button"
            className="quiet"
            disabled={downloading}
            aria-label={words.text('models.storage.delete-name', { model: model.id })}
            onClick={() => setAsked(true)}
          >
            {words.text('models.storage.delete')}
          </button>
        )}
      </div>
    </li>
  );
}
