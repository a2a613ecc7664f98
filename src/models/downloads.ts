/**
 * Downloads in two steps: a plan, which the user sees and agrees to, and its execution,
 * which fetches the files of the plan and nothing else. A file counts as stored only
 * after its length and digest have been checked; what came before a cut is kept.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { cancelled, LabError, throwIfAborted } from '../experiment/errors';
import { isPage, request, statedLength, statedRange } from '../net/http';
import { message, type Message } from '../experiment/message';
import { externalFiles, listedExternal, READABLE_GRAPH } from './external';
import { fetchSmallFile, fileUrl, refusal, type Repository } from './hub';
import {
  dataFiles,
  GRAPH_FOLDER,
  OPTIONAL_FILES,
  REQUIRED_FILES,
  variantsOf,
  type Dtype,
  type RepositoryFile,
  type Variant,
} from './layout';
import type { HubLocation } from './location';
import { ModelStore, readBlob, storageFull, type PartialFile, type StoredFile } from './storage';

export interface PlannedFile extends RepositoryFile {
  /** Bytes already stored. */
  cached: number;
}

/** What a download will fetch: the content of the consent card. Sizes in bytes. */
export interface DownloadPlan {
  /** False where the graph is too large to be read beforehand, and other files beside it may belong to it too. */
  readonly complete: boolean;
  readonly repository: Omit<Repository, 'files'>;
  readonly dtype: Dtype;
  readonly files: readonly PlannedFile[];
  /** Of all files. */
  readonly bytes: number;
  readonly cached: number;
  /** Still to be fetched. */
  readonly missing: number;
  /** Room in the storage as the browser says it; null where it does not. A hint only. */
  readonly freeBytes: number | null;
}

export interface DownloadOptions {
  signal?: AbortSignal;
  /** Bytes stored so far, cached ones included, of the plan's; the file in work. */
  onProgress?: (done: number, total: number, path: string) => void;
  /** Pause before the first automatic resumption, doubled at each; default 1000. */
  retryMilliseconds?: number;
}

/** How often a file is asked for before the download gives up on its connection. */
const ATTEMPTS = 3;
/** A graph of this size may still have weights elsewhere. */
const LARGE_GRAPH = 256 * 2 ** 20;

/**
 * Lists what must be fetched for a model at one precision. Which files belong to its graph, the graph says: where data lies
 * beside it, it is read first (and not kept). Else nothing is fetched.
 * @throws LabError `unknown-model` naming the precisions that the repository has; `model-incomplete.external` naming what
 *   the graph needs and the repository lacks, and those of `fetchSmallFile`
 */
export async function planDownload(
  repository: Repository,
  dtype: Dtype,
  store: ModelStore,
  signal?: AbortSignal,
): Promise<DownloadPlan> {
  const variants = variantsOf(repository.files);
  const variant = variants.find((candidate) => candidate.dtype === dtype);
  if (!variant) {
    throw new LabError('unknown-model.precision', {
      id: repository.id,
      precision: dtype,
      precisions: variants.map((candidate) => candidate.dtype).join(', '),
    });
  }
  const small = [...REQUIRED_FILES, ...OPTIONAL_FILES].flatMap((path) =>
    repository.files.filter((file) => file.path === path),
  );
  const location = locationOf(repository);
  const { files: own, complete } = await graphFiles(repository, variant, store, signal);
  // Small files first: a wrong repository fails before its weights.
  const files = await Promise.all(
    [...small, ...own].map(async (file) =>
      Object.freeze({ ...file, cached: Math.min(file.bytes, await store.storedBytes(location, file.path)) }),
    ),
  );
  const { files: _, ...rest } = repository;
  const bytes = sum(files, (file) => file.bytes);
  const cached = sum(files, (file) => file.cached);
  const room = await store.room();
  return Object.freeze({
    complete,
    repository: Object.freeze(rest),
    dtype,
    files: Object.freeze(files),
    bytes,
    cached,
    missing: bytes - cached,
    freeBytes: room?.free ?? null,
  });
}

/** A graph and the listed files that it names. */
async function graphFiles(
  repository: Repository,
  variant: Variant,
  store: ModelStore,
  signal?: AbortSignal,
): Promise<{ files: RepositoryFile[]; complete: boolean }> {
  const { id, files } = repository;
  const graph = files.find((file) => file.path === variant.graph)!;
  if (dataFiles(files).length === 0) return { files: [graph], complete: true };
  const there = await store.file(locationOf(repository), graph.path);
  const stored = there && there.stored.bytes === graph.bytes ? there.file : null;
  if (!stored && graph.bytes > READABLE_GRAPH) return { files: variant.files, complete: false };
  const bytes = stored
    ? await readBlob(stored, signal)
    : await fetchSmallFile(repository, graph.path, graph.bytes, signal);
  const named = listedExternal(externalFiles(bytes, id), files, { id, graph: graph.path });
  return { files: [graph, ...named], complete: true };
}

/**
 * Once the graph is there: whether the plan has all that it names.
 * @throws LabError `model-incomplete.external` where it names a file that was not listed beside it, `.unplanned` where the plan was not complete
 */
async function checkPlanned(plan: DownloadPlan, file: RepositoryFile, store: ModelStore): Promise<void> {
  // A larger one has its weights inside; opening it says what it lacks.
  if (!file.path.endsWith('.onnx') || file.bytes > LARGE_GRAPH) return;
  const { id } = plan.repository;
  const there = await store.file(locationOf(plan.repository), file.path);
  const named = externalFiles(await readBlob(there!.file), id);
  const unplanned = named
    .map(({ path }) => `${GRAPH_FOLDER}${path}`)
    .filter((path) => !plan.files.some((each) => each.path === path));
  if (unplanned.length === 0) return;
  throw new LabError(plan.complete ? 'model-incomplete.external' : 'model-incomplete.unplanned', {
    id,
    graph: file.path,
    missing: unplanned.join(', '),
    count: unplanned.length,
  });
}

/** The place of a repository's files once they are stored. */
export function locationOf({ host, id, commit }: Pick<Repository, 'host' | 'id' | 'commit'>): HubLocation {
  return { kind: 'hub', host, id, commit };
}

/**
 * Fetches what the plan lists and is not yet stored. May be called again after a failure or a reload.
 * @throws LabError `model-incomplete` once the graph is there and names files that the plan lacks; `storage-full` (details.missing), before anything is fetched where the browser knows; `model-length` and `model-digest` for a file
 *         that is not the one agreed to; `model-page`, `model-gated`, `model-not-found`, `model-fetch`, `model-truncated`,
 *         `model-unreachable`, `storage-busy` or `cancelled`
 */
export async function executeDownload(
  plan: DownloadPlan,
  store: ModelStore,
  options: DownloadOptions = {},
): Promise<{ location: HubLocation; files: StoredFile[] }> {
  throwIfAborted(options.signal);
  const room = await store.room();
  if (room && room.free < plan.missing) throw storageFull(plan.repository.id, plan.missing - room.free);
  const location = locationOf(plan.repository);
  const files: StoredFile[] = [];
  let before = 0;
  for (const file of plan.files) {
    const report = (done: number): void => options.onProgress?.(before + done, plan.bytes, file.path);
    const there = await store.file(location, file.path);
    // A file stored under an earlier plan is kept only if it is the one that this plan names.
    const same =
      there && there.stored.bytes === file.bytes && (file.sha256 === null || there.stored.sha256 === file.sha256);
    files.push(
      same
        ? there.stored
        : await fetchInto(plan, file, store, report, options).catch(async (error: unknown) => {
            throw await withMissing(error, plan, store);
          }),
    );
    before += file.bytes;
    report(0);
    await checkPlanned(plan, file, store);
  }
  return { location, files };
}

/** Storage that fills up on the way, whatever the browser said of its room: all that is not yet stored is missing. */
async function withMissing(error: unknown, plan: DownloadPlan, store: ModelStore): Promise<unknown> {
  if (!(error instanceof LabError) || error.code !== 'storage-full') return error;
  const stored = await Promise.all(
    plan.files.map(async (file) =>
      Math.min(file.bytes, await store.storedBytes(locationOf(plan.repository), file.path)),
    ),
  );
  return storageFull(plan.repository.id, plan.bytes - sum(stored, (bytes) => bytes));
}

async function fetchInto(
  plan: DownloadPlan,
  file: RepositoryFile,
  store: ModelStore,
  report: (done: number) => void,
  options: DownloadOptions,
): Promise<StoredFile> {
  const partial = await store.write(plan.repository, file.path);
  try {
    if (partial.size > file.bytes) partial.truncate(0);
    let hash = sha256.create();
    for (const piece of partial.read()) {
      throwIfAborted(options.signal);
      hash.update(piece);
    }
    report(partial.size);
    const restart = (): void => {
      partial.truncate(0);
      hash = sha256.create();
    };
    const add = (chunk: Uint8Array): void => {
      partial.append(chunk);
      hash.update(chunk);
      report(partial.size);
    };
    for (let attempt = 1; partial.size < file.bytes; attempt++) {
      const cut = await fetchRest(plan, file, partial, { restart, add }, options.signal);
      if (!cut) break;
      if (attempt === ATTEMPTS) throw cut;
      await pause((options.retryMilliseconds ?? 1000) * 2 ** (attempt - 1), options.signal);
    }
    const digest = bytesToHex(hash.digest());
    if (file.sha256 !== null && digest !== file.sha256) {
      partial.truncate(0);
      throw new LabError('model-digest.host', {
        path: file.path,
        id: plan.repository.id,
        found: digest.slice(0, 12),
        stated: file.sha256.slice(0, 12),
      });
    }
    const checked = file.sha256 === null ? 'length' : 'digest';
    await partial.finish(digest, checked);
    return { path: file.path, bytes: file.bytes, sha256: digest, checked };
  } finally {
    partial.close();
  }
}

/** Where the bytes of a file go. */
interface Sink {
  restart: () => void;
  add: (chunk: Uint8Array) => void;
}

/** Fetches from the end of what is stored. Returns the error of a connection that broke; throws what another attempt cannot mend. */
async function fetchRest(
  plan: DownloadPlan,
  file: RepositoryFile,
  partial: PartialFile,
  sink: Sink,
  signal?: AbortSignal,
): Promise<LabError | null> {
  const what = message('model.file', { path: file.path, id: plan.repository.id });
  const response = await request(fileUrl(plan.repository, file.path), what, { signal, from: partial.size });
  const error = checkAnswer(plan, file, partial, response);
  if (error) {
    await response.body?.cancel().catch(() => undefined);
    if (error.code === 'model-length') sink.restart();
    throw error;
  }
  // A host without ranges sends the whole file again.
  if (response.status !== 206) sink.restart();
  const reader = response.body!.getReader();
  let broken: unknown;
  try {
    for (;;) {
      const chunk = await reader.read().catch((cause: unknown) => {
        broken = cause;
        return { done: true as const, value: undefined };
      });
      throwIfAborted(signal);
      if (chunk.done) break;
      if (partial.size + chunk.value.length > file.bytes) {
        sink.restart();
        throw otherLength(what, file, file.bytes, 'more');
      }
      sink.add(chunk.value);
      throwIfAborted(signal);
    }
  } catch (failure) {
    await reader.cancel().catch(() => undefined);
    throw failure;
  }
  if (partial.size === file.bytes) return null;
  return new LabError(
    'model-truncated.download',
    { what, path: file.path, got: partial.size, expected: file.bytes },
    broken,
  );
}

/** Why an answer, by its status and headers, is not the rest of the file that was agreed to; null if it may be. */
function checkAnswer(
  plan: DownloadPlan,
  file: RepositoryFile,
  partial: PartialFile,
  response: Response,
): LabError | null {
  const { id } = plan.repository;
  const what = message('model.file', { path: file.path, id });
  // There is nothing at the place where the rest should begin.
  if (response.status === 416) return otherLength(what, file, partial.size, 'most');
  if (!response.ok) return refusal(response, id, what);
  if (isPage(response, file.path)) return new LabError('model-page.file', { what, path: file.path });
  const partly = response.status === 206;
  const range = partly ? statedRange(response) : null;
  if (range && range.from !== partial.size) return new LabError('model-fetch.range', { what, path: file.path });
  if (range && range.total !== null) return range.total === file.bytes ? null : otherLength(what, file, range.total);
  const length = statedLength(response);
  if (length === null) return null;
  const total = length.bytes + (partly ? partial.size : 0);
  return total > file.bytes || (length.exact && total < file.bytes) ? otherLength(what, file, total) : null;
}

/** @param bound what `bytes` says of the length: that it is this, more, or no more */
function otherLength(
  what: Message,
  file: RepositoryFile,
  bytes: number,
  bound: 'exact' | 'more' | 'most' = 'exact',
): LabError {
  return new LabError('model-length', { what, path: file.path, bytes, expected: file.bytes, bound });
}

/** @throws LabError `cancelled` at once when the signal is aborted */
function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(cancelled());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
