/**
 * The one door to transformers.js: AutoTokenizer, AutoConfig and generate(), of files that the lab has read itself.
 *
 * The library asks for every file by `env.fetch`. Here that answers from memory alone, from the files that are given with
 * a piece of work, under a made-up repository id: nothing that it does can become a request, and every rule of the lab's
 * own about hosts, consent, digests and storage has been kept before it sees a byte. It is loaded on first use, in the
 * worker, as a chunk of its own (some 450 kB).
 */
import type * as Library from '@huggingface/transformers';
import { LabError } from '../experiment/errors';

export type Transformers = typeof Library;
/** What AutoTokenizer gives: one of the library's tokenizer classes. */
export type AutoTokenizer = Library.PreTrainedTokenizer;
/** Files of a model by their paths in its folder. */
export type RepositoryFiles = ReadonlyMap<string, Uint8Array>;

/** A path, and no address: with an address the library loses the tokenizer's configuration. */
const LOCAL_PATH = '/models/';
const NODE = typeof process === 'object' && process.versions?.node !== undefined;

const repositories = new Map<string, RepositoryFiles>();
let made = 0;
let loading: Promise<Transformers> | null = null;

/** Loads the library on first use. @throws LabError `runtime-failed` if its file does not load */
function loadTransformers(): Promise<Transformers> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw new LabError('runtime-failed.transformers', { message: (error as Error).message }, error);
  });
  return loading;
}

async function load(): Promise<Transformers> {
  // In Node the library brings no ONNX Runtime (the package is empty): there it reads tokenizers and configurations.
  if (!NODE) await keepRuntimeHere();
  const library = await import('@huggingface/transformers');
  Object.assign(library.env, {
    allowRemoteModels: false,
    allowLocalModels: true,
    localModelPath: LOCAL_PATH,
    useFS: false,
    useFSCache: false,
    useBrowserCache: false,
    useWasmCache: false,
    logLevel: library.LogLevel.ERROR,
    fetch: (input: unknown) => Promise.resolve(answer(String(input))),
  });
  return library;
}

/** The library points ONNX Runtime at a CDN when it is evaluated, unless the runtime knows where its files are. */
async function keepRuntimeHere(): Promise<void> {
  const [{ env }, { default: wasm }] = await Promise.all([
    import('onnxruntime-web/webgpu'),
    import('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'),
  ]);
  env.wasm.wasmPaths ??= { wasm };
  env.wasm.numThreads = 1;
}

/** What the library reads of a response. A Response proper would hold the weights twice more. */
interface Answer {
  ok: boolean;
  status: number;
  headers: Headers;
  arrayBuffer: () => Promise<ArrayBuffer>;
}

function answer(path: string): Answer {
  const [, id, file] = new RegExp(`^${LOCAL_PATH}(lab/\\d+)/+(.+)$`).exec(path) ?? [];
  const bytes = id === undefined ? undefined : repositories.get(id)?.get(file);
  return {
    ok: bytes !== undefined,
    status: bytes === undefined ? 404 : 200,
    headers: new Headers(bytes ? { 'content-length': String(bytes.byteLength) } : {}),
    arrayBuffer: () => Promise.resolve(bytes ? wholeBuffer(bytes) : new ArrayBuffer(0)),
  };
}

function wholeBuffer({ buffer, byteOffset, byteLength }: Uint8Array): ArrayBuffer {
  const whole = buffer as ArrayBuffer;
  return byteLength === whole.byteLength ? whole : whole.slice(byteOffset, byteOffset + byteLength);
}

/**
 * Does work with the library, for which a repository of the given files exists under `id` as long as the work lasts.
 * Files that it asks for and that are not among them are not there.
 * @throws what the work throws; LabError `runtime-failed` if the library does not load
 */
export async function withRepository<T>(
  files: RepositoryFiles,
  work: (library: Transformers, id: string) => Promise<T>,
): Promise<T> {
  const library = await loadTransformers();
  // New each time: the library remembers what it has once found under an id.
  const id = `lab/${++made}`;
  repositories.set(id, files);
  try {
    return await work(library, id);
  } finally {
    repositories.delete(id);
  }
}

/**
 * What AutoConfig and AutoTokenizer make of a model's files.
 * @param files config.json, tokenizer.json and tokenizer_config.json
 * @throws LabError `model-invalid` if they do not describe a configuration or a tokenizer that the library knows
 */
export function readRepository(
  files: RepositoryFiles,
  modelId: string,
): Promise<{ config: object; tokenizer: AutoTokenizer }> {
  return withRepository(files, async (library, id) => {
    const named =
      (key: 'model-invalid.auto-tokenizer' | 'model-invalid.auto-config') =>
      (error: unknown): never => {
        throw new LabError(key, { model: modelId, message: (error as Error).message }, error);
      };
    const config = await library.AutoConfig.from_pretrained(id).catch(named('model-invalid.auto-config'));
    const tokenizer = await library.AutoTokenizer.from_pretrained(id).catch(named('model-invalid.auto-tokenizer'));
    return { config, tokenizer };
  });
}

/** The library's version. @throws LabError `runtime-failed` if it does not load */
export async function transformersVersion(): Promise<string> {
  return (await loadTransformers()).env.version;
}
