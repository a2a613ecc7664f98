/** Models from a hub, from a mirror of one, and from disk: found, agreed to, downloaded, kept. */
import { useEffect, type FormEvent } from 'react';
import { filesOfDrop, filesOfList } from '../../models/picked';
import { editForm, HUB, loadFamilies, loadStored, lookUp, openFiles, stopLooking, useModels } from '../state/models';
import { useLab } from '../state/store';
import { DropZone } from '../ui/DropZone';
import { ErrorNote } from '../ui/ErrorNote';
import { hostName } from '../ui/format';
import { Segmented } from '../ui/Segmented';
import { ConsentCard } from './ConsentCard';
import { Families } from './Families';
import { Storage } from './Storage';
import { useWords } from '../state/text';
import './other-models.css';

export function OtherModels() {
  const words = useWords();
  const backend = useLab((s) => s.backend);
  // Which precisions run depends on the backend.
  useEffect(() => void loadStored(), [backend]);
  return (
    <section className="other-models" aria-labelledby="other-title">
      <h2 id="other-title">{words.text('models.other.title')}</h2>
      <p className="muted lead">{words.text('models.other.lead')}</p>
      <RepositoryForm />
      <Listing />
      <details className="families" onToggle={(event) => event.currentTarget.open && void loadFamilies()}>
        <summary>{words.text('models.other.families')}</summary>
        <Families />
      </details>
      <Folder />
      <Storage />
    </section>
  );
}

function RepositoryForm() {
  const words = useWords();
  const form = useModels((s) => s.form);
  const looking = useModels((s) => s.listing.status === 'working');
  const downloading = useModels((s) => s.download.status === 'running');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (form.id.trim() !== '') void lookUp();
  };
  return (
    <form className="repository-form" onSubmit={submit}>
      <label className="wide">
        <span>{words.text('models.form.repository')}</span>
        <input
          data-testid="hub-id"
          value={form.id}
          placeholder={words.text('models.form.repository-example')}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          disabled={downloading}
          onChange={(event) => editForm({ id: event.target.value })}
        />
      </label>
      <label>
        <span>{words.text('models.form.revision')}</span>
        <input
          data-testid="hub-revision"
          value={form.layout === 'hub' ? form.revision : ''}
          placeholder={words.text(form.layout === 'hub' ? 'models.form.main' : 'models.form.none')}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          disabled={downloading || form.layout === 'folder'}
          onChange={(event) => editForm({ revision: event.target.value })}
        />
      </label>
      <label className="wide">
        <span>{words.text('models.host')}</span>
        <input
          data-testid="hub-host"
          value={form.host}
          placeholder={HUB}
          inputMode="url"
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          disabled={downloading}
          onChange={(event) => editForm({ host: event.target.value })}
        />
      </label>
      <Segmented
        label={words.text('models.form.host-is')}
        showLabel
        value={form.layout}
        options={[
          {
            value: 'hub',
            label: words.text('models.form.hub'),
            title: words.text('models.form.hub-title'),
            disabled: downloading,
          },
          {
            value: 'folder',
            label: words.text('models.form.folder'),
            title: words.text('models.form.folder-title'),
            disabled: downloading,
          },
        ]}
        onChange={(layout) => editForm({ layout })}
      />
      <div className="field-row">
        <button type="submit" data-testid="hub-list" disabled={looking || downloading || form.id.trim() === ''}>
          {looking ? words.text('models.form.asking') : words.text('models.form.list', { host: hostName(form.host) })}
        </button>
        {looking && (
          <button type="button" className="quiet" onClick={stopLooking}>
            {words.text('models.form.stop')}
          </button>
        )}
      </div>
    </form>
  );
}

function Listing() {
  const words = useWords();
  const listing = useModels((s) => s.listing);
  const host = useModels((s) => s.form.host);
  if (listing.status === 'working')
    return (
      <p className="muted" role="status">
        {words.text('models.form.asking-host', { host: hostName(host) })}
      </p>
    );
  if (listing.error)
    return (
      <ErrorNote
        error={listing.error}
        actions={
          <button type="button" onClick={() => void lookUp()}>
            {words.text('ui.try-again')}
          </button>
        }
      />
    );
  return listing.value ? <ConsentCard offer={listing.value} /> : null;
}

function Folder() {
  const words = useWords();
  const opening = useModels((s) => s.opening);
  return (
    <section className="folder" aria-labelledby="folder-title">
      <h3 id="folder-title">{words.text('models.folder.title')}</h3>
      <DropZone testId="drop" onDrop={(dropped) => void openFiles(filesOfDrop(dropped.items))}>
        <p>{words.text('models.folder.drop')}</p>
        <label className="file-button">
          {words.text('models.folder.choose')}
          <input
            type="file"
            data-testid="folder-input"
            ref={(input) => input?.setAttribute('webkitdirectory', '')}
            onChange={(event) => {
              const { files } = event.target;
              if (files && files.length > 0) void openFiles(gather([...files]));
              event.target.value = '';
            }}
          />
        </label>
      </DropZone>
      {opening.status === 'working' && (
        <p className="muted" role="status">
          {words.text('models.folder.looking')}
        </p>
      )}
      {opening.error && <ErrorNote error={opening.error} />}
      {opening.value && (
        <p role="status" data-testid="folder-opened">
          {words.text('models.folder.opened', {
            id: opening.value.id,
            dtypes: opening.value.variants.map(({ dtype }) => dtype).join(', '),
          })}
        </p>
      )}
    </section>
  );
}

/** Far too many files are refused by a promise, like all else that goes wrong with them. */
async function gather(list: File[]): Promise<ReturnType<typeof filesOfList>> {
  return filesOfList(list);
}
