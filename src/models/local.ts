/**
 * Folders and files from the user's disk, by picker or by drop. The page opens them and
 * hands the files to the worker (File objects cross by reference, not by value); there
 * they are registered, and an experiment names them by a handle made of what they are.
 */
import { digestOf } from '../experiment/digest';
import { LabError } from '../experiment/errors';
import { digestBytes } from './bytes';
import type { ModelFolder } from './folder';
import { GRAPH_FOLDER, OPTIONAL_FILES, REQUIRED_FILES, variantsOf, type Variant } from './layout';
import type { LocalLocation } from './location';
import type { LocalFile } from './picked';
import { readBlob } from './storage';
import { refuseListing } from './supported';

export interface LocalFolder {
  location: LocalLocation;
  /** Name of the folder, for show. */
  name: string;
  /** By path in the layout of a transformers.js repository. */
  files: ReadonlyMap<string, File>;
  variants: Variant[];
}

/**
 * Finds the model among opened files: a folder with config.json at any level, or loose files dropped together.
 * @throws LabError `model-incomplete` naming what is missing, `model-layout` if there are several models, `graph-unsupported` of `refuseListing`
 */
export function openLocalFiles(opened: readonly LocalFile[]): LocalFolder {
  const configs = opened
    .filter(({ path }) => baseName(path) === 'config.json')
    .map(({ path }) => path.slice(0, -'config.json'.length));
  if (configs.length > 1) {
    throw new LabError('model-layout.several', {
      count: configs.length,
      folders: configs
        .slice(0, 5)
        .map((root) => root || '/')
        .join(', '),
    });
  }
  const root = configs[0] ?? '';
  const files = new Map<string, File>();
  const inner = opened.flatMap(({ path, file }) =>
    path.startsWith(root) ? [{ inside: path.slice(root.length), file }] : [],
  );
  // Loose files, and folders of the older kind, have the graph beside the configuration, and its weights beside that.
  const looseGraph = inner.some(({ inside }) => /^[^/]+\.onnx$/.test(inside));
  for (const { inside, file } of inner) {
    const beside = looseGraph && !inside.includes('/') && !isUsed(inside) && !/\.(json|txt|md|jinja)$/.test(inside);
    const place = beside ? `${GRAPH_FOLDER}${inside}` : inside;
    if (!files.has(place)) files.set(place, file);
  }
  const variants = variantsOf([...files].map(([path, file]) => ({ path, bytes: file.size, sha256: null })));
  const name = root.split('/').findLast((part) => part !== '') ?? 'Opened files';
  refuseListing(new Set(files.keys()), name);
  const missing: string[] = REQUIRED_FILES.filter((path) => !files.has(path));
  if (variants.length === 0) missing.push('onnx/model*.onnx');
  if (missing.length > 0) {
    const graphs = [...files.keys()].filter((path) => path.endsWith('.onnx'));
    throw new LabError('model-incomplete.missing', {
      name,
      missing: missing.join(', '),
      graphs: graphs.slice(0, 6).join(', '),
      others: variants.length === 0 ? graphs.length : 0,
    });
  }
  const wanted = [...files].filter(([path]) => isUsed(path)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const handle = digestOf(wanted.map(([path, file]) => [path, file.size, file.lastModified])).slice(0, 16);
  return { location: { kind: 'local', handle }, name, files: new Map(wanted), variants };
}

function isUsed(path: string): boolean {
  return path.startsWith(GRAPH_FOLDER) || [...REQUIRED_FILES, ...OPTIONAL_FILES].some((name) => name === path);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Folders opened in this thread since it started. */
const registered = new Map<string, LocalFolder>();

/** Makes a folder known to `openModel` under its handle. */
export function registerLocalFolder(folder: LocalFolder): LocalLocation {
  registered.set(folder.location.handle, folder);
  return folder.location;
}

/** @throws LabError `model-not-stored` for a handle that was not registered: the page was reloaded, or the files have changed since */
export function localFolder(location: LocalLocation, id: string): ModelFolder {
  const folder = registered.get(location.handle);
  if (!folder) {
    throw new LabError('model-not-stored.closed', { id });
  }
  return {
    id,
    sizes: new Map([...folder.files].map(([path, file]) => [path, file.size])),
    listed: true,
    read: async (path, { signal, optional, onBytes } = {}) => {
      const file = folder.files.get(path);
      if (!file && optional) return null;
      if (!file) throw new LabError('model-incomplete.file', { id, path });
      let data: Uint8Array;
      try {
        data = await readBlob(file, signal, (done) => onBytes?.(done, file.size));
      } catch (error) {
        if (error instanceof LabError) throw error;
        throw new LabError('model-incomplete.changed', { id, path, reason: (error as Error).message }, error);
      }
      return { path, bytes: data.length, sha256: await digestBytes(data), data };
    },
  };
}
