/**
 * Where downloaded models are kept: the origin private file system (OPFS), one folder a
 * model. Not the Cache API, which takes whole responses only: a download could not go on
 * where it was cut, nor a digest be checked before the file counts as there. Writing needs
 * a synchronous handle, so downloads run in a worker; reading works anywhere.
 *
 *     models/<name>/model.json          whose files these are
 *     models/<name>/<path, escaped>     the bytes so far
 *     models/<name>/<path, escaped>.ok  size and digest of a file that is whole and checked
 */
import { z } from 'zod';
import { digestOf } from '../experiment/digest';
import { LabError, throwIfAborted } from '../experiment/errors';
import type { FetchedFile } from './types';
import type { HubLocation } from './location';
import { isLocked, named, openSync, storageRoom, writesWhole, type StorageRoom } from './sync-file';

/** What identifies a stored model, and what the storage screen says of it. */
export interface StoredIdentity extends Omit<HubLocation, 'kind'> {
  license: string | null;
  /** Whether the commit is one of a hub or the digest of a plain folder's listing. */
  layout: 'hub' | 'folder';
}

/** A whole file. `checked` says against what: the digest that the host stated, or only its length. */
export interface StoredFile extends FetchedFile {
  checked: 'digest' | 'length';
}

export interface StoredModel extends StoredIdentity {
  /** Whole files. */
  files: StoredFile[];
  /** Bytes on disk, of unfinished files too. */
  bytes: number;
  /** Paths of files that a download has begun and not finished. */
  unfinished: string[];
}

const identitySchema = z.object({
  host: z.string(),
  id: z.string(),
  commit: z.string(),
  license: z.string().nullable(),
  layout: z.enum(['hub', 'folder']),
});
const okSchema = z.object({ bytes: z.int().min(0), sha256: z.string(), checked: z.enum(['digest', 'length']) });

const IDENTITY = 'model.json';
const DONE = '.ok';
/** Blobs are read in slices of this size, straight into place. */
const READ_BYTES = 64 * 2 ** 20;
/** Distinct models have distinct names; the readable part is for whoever looks into the file system. */
function folderName({ host, id, commit }: Omit<HubLocation, 'kind'>): string {
  return `${id.replace(/[^\w-]+/g, '-').slice(0, 60)}-${digestOf({ host, id, commit }).slice(0, 16)}`;
}

/** Escapes all that a file name may not have, so that no path of a repository meets our own files. */
function fileName(path: string): string {
  return `f-${encodeURIComponent(path)}`;
}

export class ModelStore {
  #models: FileSystemDirectoryHandle;

  private constructor(models: FileSystemDirectoryHandle) {
    this.#models = models;
  }

  /**
   * @param root the folder to keep models in; by default this site's private file system
   * @throws LabError `storage-unavailable` where the browser gives none (private windows of some browsers, or no HTTPS)
   */
  static async open(root?: FileSystemDirectoryHandle): Promise<ModelStore> {
    try {
      const top = root ?? (await navigator.storage.getDirectory());
      return new ModelStore(await top.getDirectoryHandle('models', { create: true }));
    } catch (error) {
      throw new LabError('storage-unavailable.models', { reason: (error as Error).message }, error);
    }
  }

  /** All models, of which any file is there, by id. */
  async list(): Promise<StoredModel[]> {
    const models: StoredModel[] = [];
    for await (const [, handle] of this.#models.entries()) {
      const model = handle.kind === 'directory' ? await read(handle as FileSystemDirectoryHandle) : null;
      if (model) models.push(model);
    }
    return models.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.commit < b.commit ? -1 : 1));
  }

  /** What is stored of one model; null where nothing is. */
  async find(location: Omit<HubLocation, 'kind'>): Promise<StoredModel | null> {
    const folder = await this.#folder(location);
    return folder && read(folder);
  }

  /** Removes a model, unfinished files included. Removing what is not there is no error. */
  async delete(location: Omit<HubLocation, 'kind'>): Promise<void> {
    try {
      await this.#models.removeEntry(folderName(location), { recursive: true });
    } catch (error) {
      if (!named(error, 'NotFoundError')) throw isLocked(error) ? busy(location.id)(error) : error;
    }
  }

  /** A whole file, on disk: nothing is read yet. Null where it is missing or unfinished. */
  async file(location: Omit<HubLocation, 'kind'>, path: string): Promise<{ file: File; stored: StoredFile } | null> {
    const folder = await this.#folder(location);
    const stored = folder && (await done(folder, path));
    if (!stored) return null;
    return { file: await (await folder.getFileHandle(fileName(path))).getFile(), stored };
  }

  /** Bytes there are of a file, whole or not. */
  async storedBytes(location: Omit<HubLocation, 'kind'>, path: string): Promise<number> {
    const folder = await this.#folder(location);
    return folder ? sizeOf(folder, fileName(path)) : 0;
  }

  /** Opens a file to go on writing at its end. Close it. @throws LabError `storage-unavailable`, `storage-busy` */
  async write(identity: StoredIdentity, path: string): Promise<PartialFile> {
    const folder = await this.#models.getDirectoryHandle(folderName(identity), { create: true });
    if ((await sizeOf(folder, IDENTITY)) === 0) {
      const { host, id, commit, license, layout } = identity;
      await writeText(folder, IDENTITY, JSON.stringify({ host, id, commit, license, layout }), identity.id);
    }
    return new PartialFile(folder, path, await openSync(folder, fileName(path), busy(identity.id)), identity.id);
  }

  /** As `storageRoom`. */
  room(): Promise<StorageRoom | null> {
    return storageRoom();
  }

  async #folder(location: Omit<HubLocation, 'kind'>): Promise<FileSystemDirectoryHandle | null> {
    return orNull(this.#models.getDirectoryHandle(folderName(location)));
  }
}

/** A file being written. Its bytes outlive the page: a later download goes on at its end. */
export class PartialFile {
  #folder: FileSystemDirectoryHandle;
  #path: string;
  #handle: FileSystemSyncAccessHandle;
  #modelId: string;
  #size: number;

  constructor(folder: FileSystemDirectoryHandle, path: string, handle: FileSystemSyncAccessHandle, modelId: string) {
    this.#folder = folder;
    this.#path = path;
    this.#handle = handle;
    this.#modelId = modelId;
    this.#size = handle.getSize();
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** Forgets the bytes from `length` on. */
  truncate(length: number): void {
    this.#handle.truncate(length);
    this.#size = length;
  }

  /** @throws LabError `storage-full` */
  append(chunk: Uint8Array): void {
    if (!writesWhole(this.#handle, chunk, this.#size)) {
      this.#size = this.#handle.getSize();
      throw storageFull(this.#modelId, null);
    }
    this.#size += chunk.length;
  }

  /** The bytes so far, in pieces; a piece is valid until the next. */
  *read(): Generator<Uint8Array> {
    const piece = new Uint8Array(4 * 2 ** 20);
    for (let at = 0; at < this.size;) {
      const got = this.#handle.read(piece, { at });
      if (got === 0) return;
      at += got;
      yield piece.subarray(0, got);
    }
  }

  /** Records that the file is whole and checked. */
  async finish(sha256: string, checked: StoredFile['checked']): Promise<void> {
    const bytes = this.size;
    this.#handle.flush();
    await writeText(
      this.#folder,
      fileName(this.#path) + DONE,
      JSON.stringify({ bytes, sha256, checked }),
      this.#modelId,
    );
  }

  close(): void {
    this.#handle.close();
  }
}

/** @param missing bytes that do not fit; null where that is not known here */
export function storageFull(modelId: string, missing: number | null): LabError {
  if (missing === null) return new LabError('storage-full.model', { id: modelId });
  return new LabError('storage-full.model-missing', {
    id: modelId,
    missing,
    megabytes: Math.ceil(missing / 2 ** 20),
  });
}

/**
 * Asks the browser to keep the models when disk space runs short. For the page: workers may not ask.
 * @returns whether it will; Chromium decides by how much the site is used, Firefox asks the user
 */
export async function requestPersistence(): Promise<boolean> {
  const { storage } = navigator;
  return (await storage.persisted()) || storage.persist();
}

/** Reads a blob of any size into one array, without a second copy of it: browsers refuse to read more than 2 GB at once. */
export async function readBlob(
  blob: Blob,
  signal?: AbortSignal,
  onBytes?: (done: number) => void,
): Promise<Uint8Array> {
  const whole = new Uint8Array(blob.size);
  for (let at = 0; at < whole.length; at += READ_BYTES) {
    throwIfAborted(signal);
    const piece = new Uint8Array(await blob.slice(at, at + READ_BYTES).arrayBuffer());
    whole.set(piece, at);
    onBytes?.(at + piece.length);
  }
  return whole;
}

async function read(folder: FileSystemDirectoryHandle): Promise<StoredModel | null> {
  const identity = identitySchema.safeParse(await readJson(folder, IDENTITY));
  // Without its identity a folder is the rest of a download that ended before its first byte.
  if (!identity.success) return null;
  const model: StoredModel = { ...identity.data, files: [], bytes: 0, unfinished: [] };
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind !== 'file' || !name.startsWith('f-') || name.endsWith(DONE)) continue;
    const path = decodeURIComponent(name.slice(2));
    model.bytes += (await (handle as FileSystemFileHandle).getFile()).size;
    const stored = await done(folder, path);
    if (stored) model.files.push(stored);
    else model.unfinished.push(path);
  }
  model.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  model.unfinished.sort();
  return model;
}

/** The record of a whole file; null where there is none, or where the file is not as it was recorded. */
async function done(folder: FileSystemDirectoryHandle, path: string): Promise<StoredFile | null> {
  const record = okSchema.safeParse(await readJson(folder, fileName(path) + DONE));
  if (!record.success || (await sizeOf(folder, fileName(path))) !== record.data.bytes) return null;
  return { path, ...record.data };
}

async function readJson(folder: FileSystemDirectoryHandle, name: string): Promise<unknown> {
  const handle = await orNull(folder.getFileHandle(name));
  if (!handle) return null;
  try {
    return JSON.parse(await (await handle.getFile()).text());
  } catch {
    // Cut while being written: what it would have said is not known.
    return null;
  }
}

async function sizeOf(folder: FileSystemDirectoryHandle, name: string): Promise<number> {
  const handle = await orNull(folder.getFileHandle(name));
  return handle ? (await handle.getFile()).size : 0;
}

async function writeText(
  folder: FileSystemDirectoryHandle,
  name: string,
  text: string,
  modelId: string,
): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const handle = await openSync(folder, name, busy(modelId));
  try {
    handle.truncate(0);
    if (!writesWhole(handle, bytes, 0)) throw storageFull(modelId, null);
    handle.flush();
  } finally {
    handle.close();
  }
}

/** The error where another download holds a model's file. */
const busy =
  (modelId: string) =>
  (cause: unknown): LabError =>
    new LabError('storage-busy.model', { id: modelId }, cause);

async function orNull<T>(handle: Promise<T>): Promise<T | null> {
  try {
    return await handle;
  } catch (error) {
    if (named(error, 'NotFoundError')) return null;
    throw error;
  }
}
