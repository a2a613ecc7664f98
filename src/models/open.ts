/** Opens a model: reads its files, checks them, reads configuration and tokenizer. One door for bundled, downloaded and local models. */
import { LabError } from '../experiment/errors';
import type { FetchedFile, LoadOptions, ModelConfig, ModelFiles, ModelSource } from './types';
import { parseConfig } from './config';
import { externalFiles, listedExternal, READABLE_GRAPH } from './external';
import type { FetchFileOptions } from './fetch';
import { httpFolder, readJson, storedFolder, type ModelFolder } from './folder';
import {
  dataFiles,
  findGraph,
  GRAPH_FOLDER,
  graphPath,
  isExternalData,
  OPTIONAL_FILES,
  REQUIRED_FILES,
  type RepositoryFile,
} from './layout';
import { localFolder } from './local';
import { ModelStore } from './storage';
import { checkTokenizerFits, createTokenizer } from './tokenizer';
import { readRepository } from './transformers';

export interface OpenModelOptions extends LoadOptions {
  /** Where downloaded models are; by default this site's private file system. */
  store?: ModelStore;
}

/**
 * Reads everything a model needs. Small files come first, so that a wrong folder fails before the weights.
 * Only a bundled model is fetched here: a hub's model must have been downloaded, a local one opened.
 * @throws LabError `model-*`, `storage-*`, `tokenizer-mismatch` or `cancelled`
 */
export async function openModel(source: ModelSource, options: OpenModelOptions = {}): Promise<ModelFiles> {
  return readFolder(await folderOf(source, options.store), source.dtype, options);
}

/** What is known of a model before its weights are read. */
export interface InspectedModel {
  config: ModelConfig;
  /** Bytes of the graph and of the external weights beside it that are known to be there. */
  weightBytes: number;
}

/**
 * Reads a model's configuration and the sizes of its files, and no weights; a graph that has them elsewhere says where.
 * @throws LabError `model-*`, `storage-*` or `cancelled`
 */
export async function inspectModel(
  source: ModelSource,
  { store, signal }: OpenModelOptions = {},
): Promise<InspectedModel> {
  const folder = await folderOf(source, store);
  const config = parseConfig((await readJson(folder, 'config.json', { signal }))!.value, null, folder.id);
  const graph = findGraph(source.dtype, (path) => folder.sizes.has(path)) ?? graphPath(source.dtype);
  const own = new Set([graph]);
  const graphBytes = folder.sizes.get(graph) ?? 0;
  if (folder.listed && graphBytes > 0 && graphBytes <= READABLE_GRAPH && dataFiles(listing(folder)).length > 0)
    for (const { path } of externalFiles((await folder.read(graph, { signal }))!.data, folder.id))
      own.add(`${GRAPH_FOLDER}${path}`);
  else for (const path of folder.sizes.keys()) if (isExternalData(path, graph)) own.add(path);
  const weightBytes = [...own].reduce((sum, path) => sum + (folder.sizes.get(path) ?? 0), 0);
  return { config, weightBytes };
}

const listing = ({ sizes }: ModelFolder): RepositoryFile[] =>
  [...sizes].map(([path, bytes]) => ({ path, bytes, sha256: null }));

async function folderOf(source: ModelSource, store?: ModelStore): Promise<ModelFolder> {
  const { location } = source;
  if (location === undefined) return httpFolder(source);
  switch (location.kind) {
    case 'bundled':
      return httpFolder({ id: source.id, dtype: source.dtype, baseUrl: location.baseUrl });
    case 'hub':
      return storedFolder(store ?? (await ModelStore.open()), location);
    case 'local':
      return localFolder(location, source.id);
  }
}

async function readFolder(
  folder: ModelFolder,
  dtype: ModelSource['dtype'],
  { signal, onProgress }: LoadOptions,
): Promise<ModelFiles> {
  const { id } = folder;
  const graphFile = findGraph(dtype, (path) => folder.sizes.has(path)) ?? graphPath(dtype);
  const progress = new ByteProgress(folder, graphFile, onProgress);
  const options = (path: string): FetchFileOptions => ({
    signal,
    onBytes: (done, total) => progress.report(path, done, total),
  });
  const files: FetchedFile[] = [];
  const small = new Map<string, Uint8Array>();
  const json = async (path: string, optional = false): Promise<unknown> => {
    const read = await readJson(folder, path, { ...options(path), optional });
    if (!read) return null;
    files.push(read.file);
    if (!optional) small.set(path, read.data);
    return read.value;
  };
  const raw = async (path: string): Promise<Uint8Array> => {
    const { data, ...file } = (await folder.read(path, options(path)))!;
    files.push(file);
    return data;
  };
  await json('config.json');
  // Only the end tokens are taken from it, and many repositories do not have it.
  const generation = await json('generation_config.json', true);
  for (const path of ['tokenizer.json', 'tokenizer_config.json']) await json(path);
  const auto = await readRepository(small, id);
  const config = parseConfig(auto.config, generation, id);
  // A folder that cannot list its files is not asked for one that few have.
  const template = folder.sizes.has('chat_template.jinja')
    ? new TextDecoder().decode(await raw('chat_template.jinja'))
    : null;
  const tokenizer = createTokenizer(auto.tokenizer, config, id, template);
  checkTokenizerFits(tokenizer, config.vocabSize, id);

  const graph = await raw(graphFile);
  const external: ModelFiles['external'] = [];
  const named = externalFiles(graph, id);
  // All that are missing, before the first is read.
  if (folder.listed) listedExternal(named, listing(folder), { id, graph: graphFile });
  for (const { path, bytes } of named) {
    const data = await raw(`onnx/${path}`);
    if (data.length < bytes)
      throw new LabError('model-truncated.external', { path, id, got: data.length, expected: bytes });
    external.push({ path, data });
  }
  return { config, tokenizer, graph, external, files, small };
}

/** Adds up the bytes of all files. Totals that nobody stated are added when their file begins. */
class ByteProgress {
  #done = new Map<string, number>();
  #total = new Map<string, number>();
  #report: LoadOptions['onProgress'];

  constructor(folder: ModelFolder, graph: string, report: LoadOptions['onProgress']) {
    this.#report = report;
    const needed: string[] = [...REQUIRED_FILES, ...OPTIONAL_FILES, graph];
    for (const [path, bytes] of folder.sizes)
      if (needed.includes(path) || isExternalData(path, graph)) this.#total.set(path, bytes);
  }

  report(path: string, done: number, total: number | null): void {
    this.#done.set(path, done);
    this.#total.set(path, Math.max(done, total ?? 0, this.#total.get(path) ?? 0));
    const sum = (map: Map<string, number>): number => [...map.values()].reduce((a, b) => a + b, 0);
    this.#report?.(sum(this.#done), sum(this.#total), path);
  }
}
