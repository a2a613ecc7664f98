/** Models that are not bundled: looking them up, downloading, what is stored, folders from disk. */
import { create } from 'zustand';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import type { ModelRef } from '../../experiment/model-ref';
import type { LocalFile } from '../../models/picked';
import { EngineClient } from '../../worker/client';
import type {
  DownloadPlan,
  FamilyOffer,
  LocalOffer,
  Progress,
  RepositoryOffer,
  RepositoryRequest,
  StoredList,
  StoredOffer,
} from '../../worker/protocol';
import { baseUrl, openFolder } from './engine';
import { useLab } from './store';
import { message } from '../../experiment/message';

export const HUB = 'https://huggingface.co';

type Dtype = ModelRef['dtype'];

/** Something asked for: its last value stays while it is asked for again. */
interface Asked<T> {
  status: 'idle' | 'working' | 'failed' | 'ready';
  value: T | null;
  error: LabErrorJson | null;
}

export interface DownloadState {
  status: 'idle' | 'running' | 'stopped' | 'failed' | 'done';
  progress: Progress | null;
  error: LabErrorJson | null;
  /** What can be chosen when it is done. */
  ref: ModelRef | null;
}

interface ModelsState {
  families: Asked<FamilyOffer[]>;
  /** What the form asks for. */
  form: Required<Omit<RepositoryRequest, 'layout'>> & { layout: 'hub' | 'folder' };
  listing: Asked<RepositoryOffer>;
  /** The precision on the consent card. */
  dtype: Dtype | null;
  plan: Asked<DownloadPlan>;
  download: DownloadState;
  stored: Asked<StoredList>;
  folders: LocalOffer[];
  opening: Asked<LocalOffer>;
}

const idle = { status: 'idle', value: null, error: null } as const;
const noDownload: DownloadState = { status: 'idle', progress: null, error: null, ref: null };

export const useModels = create<ModelsState>()(() => ({
  families: idle,
  form: { host: HUB, id: '', revision: 'main', layout: 'hub' },
  listing: idle,
  dtype: null,
  plan: idle,
  download: noDownload,
  stored: idle,
  folders: [],
  opening: idle,
}));

/** A worker of its own: a download outlives the engine's restarts. */
const client = new EngineClient();
let lookAbort: AbortController | null = null;
let downloadAbort: AbortController | null = null;

const backend = (): ReturnType<typeof useLab.getState>['backend'] => useLab.getState().backend;
const jsonOf = (thrown: unknown): LabErrorJson => LabError.from(thrown).toJSON();

export function editForm(patch: Partial<ModelsState['form']>): void {
  useModels.setState((s) => {
    // A commit belongs to one repository.
    const foreign = patch.id !== undefined && patch.id !== s.form.id && /^[0-9a-f]{40}$/.test(s.form.revision);
    return { form: { ...s.form, ...(foreign ? { revision: 'main' } : {}), ...patch } };
  });
}

export async function loadFamilies(): Promise<void> {
  if (useModels.getState().families.status === 'ready') return;
  useModels.setState({ families: { ...idle, status: 'working' } });
  try {
    const value = await client.request('families', { baseUrl: baseUrl() });
    useModels.setState({ families: { status: 'ready', value, error: null } });
  } catch (thrown) {
    useModels.setState({ families: { status: 'failed', value: null, error: jsonOf(thrown) } });
  }
}

/** Asks the host for a repository's list of files. `wanted`: the precision to put on the card, where it is offered. */
export async function lookUp(wanted: Dtype | null = null): Promise<void> {
  if (useModels.getState().download.status === 'running') return;
  lookAbort?.abort();
  const abort = new AbortController();
  lookAbort = abort;
  const { form } = useModels.getState();
  const { revision, ...rest } = form;
  useModels.setState({ listing: { ...idle, status: 'working' }, plan: idle, dtype: null, download: noDownload });
  try {
    const request = {
      ...rest,
      id: form.id.trim(),
      host: form.host.trim(),
      ...(form.layout === 'hub' ? { revision: revision.trim() || 'main' } : {}),
    };
    const offer = await client.request('repository', { request, backend: backend() }, { signal: abort.signal });
    useModels.setState({ listing: { status: 'ready', value: offer, error: null } });
    const first =
      offer.variants.find((variant) => variant.dtype === wanted) ?? offer.variants.find((variant) => variant.runs);
    if (first) await choosePrecision(first.dtype);
  } catch (thrown) {
    if (lookAbort === abort) useModels.setState({ listing: { status: 'failed', value: null, error: jsonOf(thrown) } });
  }
}

export function stopLooking(): void {
  lookAbort?.abort();
}

/** Puts a precision on the card: which of its files are here, and what would be fetched. */
export async function choosePrecision(dtype: Dtype): Promise<void> {
  const { listing, download } = useModels.getState();
  if (!listing.value || download.status === 'running') return;
  useModels.setState({ dtype, plan: { ...idle, status: 'working' }, download: noDownload });
  await planAgain();
}

async function planAgain(): Promise<void> {
  const { listing, dtype } = useModels.getState();
  if (!listing.value || !dtype) return;
  const current = (): boolean =>
    useModels.getState().dtype === dtype && useModels.getState().listing.value === listing.value;
  try {
    const value = await client.request('plan', { repository: listing.value.repository, dtype });
    if (current()) useModels.setState({ plan: { status: 'ready', value, error: null } });
  } catch (thrown) {
    if (current()) useModels.setState({ plan: { status: 'failed', value: null, error: jsonOf(thrown) } });
  }
}

/** The press on the consent card: fetches what the card lists. */
export async function startDownload(): Promise<void> {
  const { plan, download } = useModels.getState();
  if (!plan.value || download.status === 'running') return;
  const abort = new AbortController();
  downloadAbort = abort;
  const { cached: done, bytes: total } = plan.value;
  useModels.setState({
    download: {
      status: 'running',
      progress: { stage: 'models', done, total, unit: 'bytes', note: message('progress.connecting') },
      error: null,
      ref: null,
    },
  });
  // Where the browser would ask or refuse, the download goes on all the same: the files may then be cleared when the disk is full.
  void navigator.storage?.persist?.();
  try {
    const ref = await client.request(
      'download',
      { plan: plan.value },
      {
        signal: abort.signal,
        onProgress: (progress) =>
          useModels.setState((s) => (s.download.status === 'running' ? { download: { ...s.download, progress } } : {})),
      },
    );
    useModels.setState({ download: { status: 'done', progress: null, error: null, ref } });
  } catch (thrown) {
    const error = jsonOf(thrown);
    useModels.setState({
      download: {
        status: error.code === 'cancelled' ? 'stopped' : 'failed',
        progress: null,
        error: error.code === 'cancelled' ? stopped() : error,
        ref: null,
      },
    });
  }
  await Promise.all([planAgain(), loadStored()]);
}

const stopped = (): LabErrorJson => new LabError('cancelled.download').toJSON();

export function stopDownload(): void {
  downloadAbort?.abort();
}

export async function loadStored(): Promise<void> {
  useModels.setState((s) => ({ stored: { ...s.stored, status: 'working' } }));
  try {
    const value = await client.request('stored', { backend: backend() });
    useModels.setState({ stored: { status: 'ready', value, error: null } });
  } catch (thrown) {
    useModels.setState((s) => ({ stored: { ...s.stored, status: 'failed', error: jsonOf(thrown) } }));
  }
}

/** Removes the states that sequential collections have left behind. */
export async function clearStates(): Promise<void> {
  try {
    await client.request('clear-states', {});
  } catch (thrown) {
    useModels.setState((s) => ({ stored: { ...s.stored, status: 'failed', error: jsonOf(thrown) } }));
    return;
  }
  await loadStored();
}

export async function deleteStored({ host, id, commit }: StoredOffer): Promise<void> {
  try {
    await client.request('delete-stored', { host, model: id, commit });
  } catch (thrown) {
    useModels.setState((s) => ({ stored: { ...s.stored, status: 'failed', error: jsonOf(thrown) } }));
    return;
  }
  await Promise.all([loadStored(), planAgain()]);
}

/** Looks an unfinished download up again, at the commit it was begun with; what it fetches is then agreed to on the card. */
export function resume({ host, id, commit, layout, begun }: StoredOffer): Promise<void> {
  editForm({ host, id, revision: commit, layout });
  return lookUp(begun[0] ?? null);
}

/** Looks up the repository and commit that an experiment names. */
export function lookUpRef({ id, dtype, location }: ModelRef): void {
  if (location?.kind !== 'hub' || useModels.getState().download.status === 'running') return;
  editForm({ host: location.host, id, revision: location.commit, layout: 'hub' });
  void lookUp(dtype);
}

/** Opens picked or dropped files as a model. */
export async function openFiles(files: Promise<LocalFile[]> | LocalFile[]): Promise<void> {
  useModels.setState({ opening: { ...idle, status: 'working' } });
  try {
    const offer = await openFolder(await files);
    useModels.setState((s) => ({
      opening: { status: 'ready', value: offer, error: null },
      folders: [...s.folders.filter(({ location }) => location.handle !== offer.location.handle), offer],
    }));
  } catch (thrown) {
    useModels.setState({ opening: { status: 'failed', value: null, error: jsonOf(thrown) } });
  }
}
