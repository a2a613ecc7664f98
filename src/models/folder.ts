/** A model's folder, wherever it is: over HTTP, in the browser's storage, or on the user's disk. */
import { LabError } from '../experiment/errors';
import type { FetchedFile, FolderSource } from './types';
import { fetchFile, type FetchFileOptions } from './fetch';
import { parseModelJson } from './json';
import { readBlob, type ModelStore } from './storage';
import type { HubLocation } from './location';

export interface ModelFolder {
  readonly id: string;
  /** Sizes of the files known to be there. */
  readonly sizes: ReadonlyMap<string, number>;
  /** False where a file may be there although `sizes` does not list it: then only asking tells. */
  readonly listed: boolean;
  /** Reads a file whole; null where it is optional and not there. */
  read(path: string, options?: FetchFileOptions): Promise<(FetchedFile & { data: Uint8Array }) | null>;
}

export function httpFolder(source: FolderSource): ModelFolder {
  return {
    id: source.id,
    sizes: new Map(Object.entries(source.bytes ?? {})),
    listed: false,
    read: (path, options) => fetchFile(source, path, options),
  };
}

/**
 * A downloaded model. Nothing is fetched here: what the download's plan did not list is not there.
 * @throws LabError `model-not-stored` if nothing of the model is stored
 */
export async function storedFolder(store: ModelStore, location: HubLocation): Promise<ModelFolder> {
  const { id } = location;
  const model = await store.find(location);
  if (!model) throw new LabError('model-not-stored.model', { id });
  return {
    id,
    sizes: new Map(model.files.map((file) => [file.path, file.bytes])),
    listed: true,
    read: async (path, { signal, optional, onBytes } = {}) => {
      const found = await store.file(location, path);
      if (!found && optional) return null;
      if (!found) throw new LabError('model-not-stored.file', { id, path });
      const { file, stored } = found;
      const data = await readBlob(file, signal, (done) => onBytes?.(done, stored.bytes));
      return { path, bytes: stored.bytes, sha256: stored.sha256, data };
    },
  };
}

/** Reads a JSON file, as Python reads it; `data` is plain JSON. @throws LabError as the folder does, and `model-invalid` if it is not JSON */
export async function readJson(
  folder: ModelFolder,
  path: string,
  options?: FetchFileOptions,
): Promise<{ file: FetchedFile; value: unknown; data: Uint8Array } | null> {
  const read = await folder.read(path, options);
  if (!read) return null;
  const { data, ...file } = read;
  return { file, ...parseModelJson(data, path, folder.id) };
}
