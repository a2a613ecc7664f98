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
import './other-models.css';

export function OtherModels() {
  const backend = useLab((s) => s.backend);
  // Which precisions run depends on the backend.
  useEffect(() => void loadStored(), [backend]);
  return (
    <section className="other-models" aria-labelledby="other-title">
      <h2 id="other-title">Other models</h2>
      <p className="muted lead">
        Any decoder language model in the layout of transformers.js. The lab asks a host for nothing until you press a
        button that names it, and downloads nothing that you have not seen listed.
      </p>
      <RepositoryForm />
      <Listing />
      <details className="families" onToggle={(event) => event.currentTarget.open && void loadFamilies()}>
        <summary>Families that are known to make pairs</summary>
        <Families />
      </details>
      <Folder />
      <Storage />
    </section>
  );
}

function RepositoryForm() {
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
        <span>Repository</span>
        <input
          data-testid="hub-id"
          value={form.id}
          placeholder="owner/name"
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          disabled={downloading}
          onChange={(event) => editForm({ id: event.target.value })}
        />
      </label>
      <label>
        <span>Revision</span>
        <input
          data-testid="hub-revision"
          value={form.layout === 'hub' ? form.revision : ''}
          placeholder={form.layout === 'hub' ? 'main' : 'none'}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          disabled={downloading || form.layout === 'folder'}
          onChange={(event) => editForm({ revision: event.target.value })}
        />
      </label>
      <label className="wide">
        <span>Host</span>
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
        label="The host is"
        showLabel
        value={form.layout}
        options={[
          { value: 'hub', label: 'a hub', title: 'The hub, or a mirror that speaks its API', disabled: downloading },
          {
            value: 'folder',
            label: 'a folder',
            title: 'Any web server with model folders below this address',
            disabled: downloading,
          },
        ]}
        onChange={(layout) => editForm({ layout })}
      />
      <div className="field-row">
        <button type="submit" data-testid="hub-list" disabled={looking || downloading || form.id.trim() === ''}>
          {looking ? 'Asking' : 'List files'} {looking ? '' : `at ${hostName(form.host)}`}
        </button>
        {looking && (
          <button type="button" className="quiet" onClick={stopLooking}>
            Stop
          </button>
        )}
      </div>
    </form>
  );
}

function Listing() {
  const listing = useModels((s) => s.listing);
  const host = useModels((s) => s.form.host);
  if (listing.status === 'working')
    return (
      <p className="muted" role="status">
        Asking {hostName(host)} for the list of files.
      </p>
    );
  if (listing.error)
    return (
      <ErrorNote
        error={listing.error}
        actions={
          <button type="button" onClick={() => void lookUp()}>
            Try again
          </button>
        }
      />
    );
  return listing.value ? <ConsentCard offer={listing.value} /> : null;
}

function Folder() {
  const opening = useModels((s) => s.opening);
  return (
    <section className="folder" aria-labelledby="folder-title">
      <h3 id="folder-title">From your disk</h3>
      <DropZone testId="drop" onDrop={(dropped) => void openFiles(filesOfDrop(dropped.items))}>
        <p>Drop the folder of a model here, or choose it: the folder with config.json and, inside it, onnx.</p>
        <label className="file-button">
          Choose a folder
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
          Looking for the model in what was opened.
        </p>
      )}
      {opening.error && <ErrorNote error={opening.error} />}
      {opening.value && (
        <p role="status" data-testid="folder-opened">
          {opening.value.id} is open, in {opening.value.variants.map(({ dtype }) => dtype).join(', ')}: choose it in the
          table above. It is read from your disk and stays open until you leave the page.
        </p>
      )}
    </section>
  );
}

/** Far too many files are refused by a promise, like all else that goes wrong with them. */
async function gather(list: File[]): Promise<ReturnType<typeof filesOfList>> {
  return filesOfList(list);
}
