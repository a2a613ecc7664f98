/** What the page asks about models before it runs anything: repositories, downloads, what is stored, folders from disk, memory. Needs no engine. */
import type { Message } from '../experiment/message';
import { LabError } from '../experiment/errors';
import { siteUnreachable } from '../net/site';
import type { ModelRef } from '../experiment/model-ref';
import type { Backend } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { probe } from '../gpu/device';
import {
  checkSupported,
  dtypeSupport,
  estimateModelBytes,
  executeDownload,
  fetchCatalog,
  FAMILIES_PATH,
  inspectModel,
  locationOf,
  ModelStore,
  openLocalFiles,
  parseFamilies,
  planDownload,
  registerLocalFolder,
  resolveRepository,
  variantsOf,
  type CuratedFamily,
  type CuratedModel,
  type DownloadPlan,
  type Dtype,
  type DtypeFeatures,
  type HubLocation,
  type LocalFile,
  type LocalLocation,
  type MemoryPlan,
  type Repository,
  type RepositoryFile,
  type RepositoryRequest,
  type StorageRoom,
  type StoredModel,
} from '../models';
import { chooseBackend } from '../runtime';
import { knownModel } from './stage-models';
import { planPair } from './pair-memory';
import { StateStore, sweepStates } from './state-store';

/** A precision of a model, and whether this device runs it. */
export interface VariantOffer {
  dtype: Dtype;
  bytes: number;
  runs: boolean;
  /** Why it does not run, or at what price it does; null where there is nothing to say. */
  note: Message | null;
}

export interface RepositoryOffer {
  repository: Repository;
  variants: VariantOffer[];
}

/** Blocks, width and parameters, where the configuration is there to be read. */
export interface ModelShape {
  layers: number;
  hiddenSize: number;
  /** Null where the configuration does not determine it. */
  params: number | null;
}

export interface StoredOffer extends StoredModel {
  /** Precisions whose files are all whole, as far as their listing was begun. */
  variants: VariantOffer[];
  /** Precisions of which a file is unfinished. */
  begun: Dtype[];
  shape: ModelShape | null;
}

export interface LocalOffer {
  id: string;
  location: LocalLocation;
  variants: VariantOffer[];
  shape: ModelShape;
  bytes: number;
}

export interface FamilyOffer extends Omit<CuratedFamily, 'models'> {
  models: (Omit<CuratedModel, 'dtypes'> & { dtypes: { dtype: Dtype; bytes: number; estimated: boolean }[] })[];
}

/** @throws LabError `model-fetch` or `model-invalid` */
export async function curatedFamilies(baseUrl: string, signal?: AbortSignal): Promise<FamilyOffer[]> {
  const response = await fetch(new URL(FAMILIES_PATH, baseUrl), { signal }).catch((error: Error) => {
    throw siteUnreachable(FAMILIES_PATH, error);
  });
  if (!response.ok) throw new LabError('model-fetch.site-status', { path: FAMILIES_PATH, status: response.status });
  const value: unknown = await response.json().catch((error: Error) => {
    throw new LabError('model-invalid.site-json', { path: FAMILIES_PATH }, error);
  });
  return parseFamilies(value).families.map((family) => ({
    ...family,
    models: family.models.map((model) => ({
      ...model,
      dtypes: model.dtypes.map(({ dtype, bytes }) => ({
        dtype,
        bytes: bytes ?? estimateModelBytes(model, dtype),
        estimated: bytes === null,
      })),
    })),
  }));
}

/** Looks a repository up: its files, and which precisions run here. Fetches the listing and config.json only. @throws LabError as `resolveRepository`; `graph-unsupported` or `model-invalid` for a model that cannot run here */
export async function lookUp(
  request: RepositoryRequest,
  choice: 'auto' | Backend,
  signal?: AbortSignal,
): Promise<RepositoryOffer> {
  const repository = await resolveRepository(request, { signal });
  await checkSupported(repository, await storedConfig(repository), signal);
  return { repository, variants: offers(repository.files, await deviceFeatures(choice)) };
}

/** The configuration of a model that is here already: it is not asked for again. */
async function storedConfig(repository: Repository): Promise<Blob | null> {
  try {
    return (await (await ModelStore.open()).file(locationOf(repository), 'config.json'))?.file ?? null;
  } catch (error) {
    // Without storage nothing is here; the download will say so.
    if (LabError.from(error).code === 'storage-unavailable') return null;
    throw error;
  }
}

/** @throws LabError as `planDownload` */
export async function planOf(repository: Repository, dtype: Dtype): Promise<DownloadPlan> {
  return planDownload(repository, dtype, await ModelStore.open());
}

/** @throws LabError as `executeDownload` */
export async function download(
  plan: DownloadPlan,
  options: { signal: AbortSignal; onProgress: (done: number, total: number, path: string) => void },
): Promise<ModelRef> {
  const { location } = await executeDownload(plan, await ModelStore.open(), options);
  const { kind, host, id, commit } = location;
  return { id, dtype: plan.dtype, location: { kind, host, commit } };
}

/** What is stored: models, room, and bytes of states of collections. @throws LabError `storage-unavailable` */
export async function storedModels(
  choice: 'auto' | Backend,
): Promise<{ models: StoredOffer[]; room: StorageRoom | null; states: number }> {
  const store = await ModelStore.open();
  const features = await deviceFeatures(choice);
  const models: StoredOffer[] = [];
  for (const model of await store.list()) {
    const all = [...model.files, ...model.unfinished.map((path) => ({ path, bytes: 0 }))].map(({ path, bytes }) => ({
      path,
      bytes,
      sha256: null,
    }));
    const begun = variantsOf(all)
      .filter((variant) => variant.files.some((file) => model.unfinished.includes(file.path)))
      .map(({ dtype }) => dtype);
    const { host, id, commit } = model;
    models.push({
      ...model,
      variants: offers(all, features).filter(({ dtype }) => !begun.includes(dtype)),
      begun,
      shape: await shapeOf({ kind: 'hub', host, id, commit }, model),
    });
  }
  return { models, room: await store.room(), states: await (await StateStore.open()).bytes() };
}

async function shapeOf(location: HubLocation, { id, files }: StoredModel): Promise<ModelShape | null> {
  if (!files.some((file) => file.path === 'config.json')) return null;
  try {
    const { config } = await inspectModel({ id, dtype: 'fp32', location });
    return { layers: config.layers, hiddenSize: config.hiddenSize, params: config.parameters?.total ?? null };
  } catch (error) {
    // A configuration that cannot be used is told when the model is run; it must not hide the others from the list.
    if (error instanceof LabError && (error.code === 'model-invalid' || error.code === 'graph-unsupported'))
      return null;
    throw error;
  }
}

/** Removes the states that collections have left behind; of one at work they stay. @returns bytes freed */
export async function clearStates(): Promise<number> {
  return sweepStates();
}

/** @throws LabError `storage-busy` while a download writes it */
export async function deleteStored(location: Omit<HubLocation, 'kind'>): Promise<void> {
  await (await ModelStore.open()).delete(location);
}

/**
 * Finds the model among opened files and makes it known to this worker.
 * @throws LabError `model-incomplete`, `model-layout`, `model-invalid`
 */
export async function openFolder(files: readonly LocalFile[], choice: 'auto' | Backend): Promise<LocalOffer> {
  const folder = openLocalFiles(files);
  const location = registerLocalFolder(folder);
  const { config } = await inspectModel({ id: folder.name, dtype: folder.variants[0].dtype, location });
  const listed: RepositoryFile[] = [...folder.files].map(([path, file]) => ({ path, bytes: file.size, sha256: null }));
  return {
    id: folder.name,
    location,
    variants: offers(listed, await deviceFeatures(choice)),
    shape: { layers: config.layers, hiddenSize: config.hiddenSize, params: config.parameters?.total ?? null },
    bytes: listed.reduce((sum, file) => sum + file.bytes, 0),
  };
}

/** The memory plan of an experiment's pair on this device. @throws LabError as `planPair` */
export async function memoryOf(
  experiment: Experiment,
  choice: 'auto' | Backend,
  baseUrl: string,
  signal?: AbortSignal,
): Promise<MemoryPlan> {
  const { source, target } = experiment.models;
  const catalog = await fetchCatalog(baseUrl, signal);
  const sources = {
    source: (await knownModel(source, catalog, baseUrl)).source,
    target: (await knownModel(target, catalog, baseUrl)).source,
  };
  const { backend, limits } = await deviceOf(choice);
  return planPair(experiment, sources, { backend, limits }, signal);
}

function offers(files: readonly RepositoryFile[], features: DtypeFeatures): VariantOffer[] {
  return variantsOf(files).map(({ dtype, bytes }) => ({ dtype, bytes, ...dtypeSupport(dtype, features) }));
}

async function deviceFeatures(choice: 'auto' | Backend): Promise<DtypeFeatures> {
  const { backend, shaderF16 } = await deviceOf(choice);
  return { backend, shaderF16 };
}

/** What the engine would run on; asks for an adapter and makes no device. */
async function deviceOf(
  choice: 'auto' | Backend,
): Promise<DtypeFeatures & { limits: { maxBufferSize: number; maxStorageBufferBindingSize: number } | null }> {
  const adapter = await probe();
  const { backend } = chooseBackend(choice, {
    available: adapter.available,
    software: adapter.software,
    name: adapter.info.description,
    reason: adapter.reason,
  });
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  return {
    backend,
    shaderF16: adapter.features.includes('shader-f16'),
    limits: backend === 'webgpu' ? { maxBufferSize, maxStorageBufferBindingSize } : null,
  };
}
