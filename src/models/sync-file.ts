/** Files of the origin private file system, written through synchronous handles: these exist in dedicated workers only. */
import { LabError } from '../experiment/errors';

export interface StorageRoom {
  /** Bytes used by this site, of everything. */
  usage: number;
  /** Bytes that the browser allows it. */
  quota: number;
  free: number;
}

/** A worker that was ended in the middle of its work keeps its files locked for up to two seconds (seen in Chromium 156). */
const LOCK_WAIT_MS = 4000;
const LOCK_POLL_MS = 200;

/** What the browser says that it allows and has given; null where it does not say. A hint: Chromium says 10 GiB whatever the disk has. */
export async function storageRoom(): Promise<StorageRoom | null> {
  const estimate = await globalThis.navigator?.storage?.estimate?.();
  if (estimate?.quota === undefined || estimate.usage === undefined) return null;
  return { usage: estimate.usage, quota: estimate.quota, free: Math.max(0, estimate.quota - estimate.usage) };
}

/**
 * Opens a file for reading and writing, and makes it where it is not; waits for the lock of a worker that has just ended.
 * @param busy the error where another worker holds it
 * @throws RangeError outside a dedicated worker
 */
export async function openSync(
  folder: FileSystemDirectoryHandle,
  name: string,
  busy: (cause: unknown) => LabError,
): Promise<FileSystemSyncAccessHandle> {
  const handle = await folder.getFileHandle(name, { create: true });
  if (typeof handle.createSyncAccessHandle !== 'function')
    throw new RangeError('Files are stored from a dedicated worker: other threads have no synchronous file handles.');
  for (let waited = 0; ; waited += LOCK_POLL_MS) {
    try {
      return await handle.createSyncAccessHandle();
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (waited >= LOCK_WAIT_MS) throw busy(error);
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}

/**
 * Whether all of a chunk was written. Past the quota other browsers throw; Chromium 156 writes what fits and answers
 * 4294967288, its error code -8 read as unsigned.
 */
export function writesWhole(handle: FileSystemSyncAccessHandle, chunk: Uint8Array, at: number): boolean {
  try {
    return handle.write(chunk as Uint8Array<ArrayBuffer>, { at }) === chunk.length;
  } catch (error) {
    if (named(error, 'QuotaExceededError')) return false;
    throw error;
  }
}

/** Another worker or tab holds the file. */
export function isLocked(error: unknown): boolean {
  return named(error, 'NoModificationAllowedError') || named(error, 'InvalidStateError');
}

export function named(error: unknown, name: string): boolean {
  return error !== null && typeof error === 'object' && 'name' in error && error.name === name;
}
