/** The layout of a transformers.js repository: which files make up a model at which precision, and what a device can run. */
import { message, type Message } from '../experiment/message';
import { LabError } from '../experiment/errors';
import { refuseListing } from './supported';
import type { ModelSource } from './types';

export type Dtype = ModelSource['dtype'];

/** File name endings of the precisions, as transformers.js has them. */
const SUFFIX: Record<Dtype, string> = { fp32: '', fp16: '_fp16', q4: '_q4', q4f16: '_q4f16', q8: '_quantized' };
export const DTYPES = Object.keys(SUFFIX) as Dtype[];

/** Without these there is no model. */
export const REQUIRED_FILES = ['config.json', 'tokenizer.json', 'tokenizer_config.json'] as const;
/** Read where they exist: end tokens, and the chat template of repositories that keep it in a file of its own. */
export const OPTIONAL_FILES = ['generation_config.json', 'chat_template.jinja'] as const;

export interface RepositoryFile {
  path: string;
  bytes: number;
  /** Digest that the host states; null where it states none. */
  sha256: string | null;
}

/** A precision that a repository has. */
export interface Variant {
  dtype: Dtype;
  /** Path of the .onnx file. */
  graph: string;
  /** The graph and the files of its external weights. */
  files: RepositoryFile[];
  bytes: number;
}

/** Where graphs and their external weights lie. */
export const GRAPH_FOLDER = 'onnx/';

/** Names of the graph: today's, and that of exports with a prompt and a step branch in one file (Optimum until 1.14). */
const STEMS = ['model', 'decoder_model_merged'] as const;

/** Path of the graph of a precision inside a model folder. */
export function graphPath(dtype: Dtype, stem: (typeof STEMS)[number] = 'model'): string {
  return `onnx/${stem}${SUFFIX[dtype]}.onnx`;
}

/** The graph of a precision under whichever name a folder has it, today's first; null where it has none. */
export function findGraph(dtype: Dtype, has: (path: string) => boolean): string | null {
  return STEMS.map((stem) => graphPath(dtype, stem)).find(has) ?? null;
}

/** True for a path that stays inside its folder: relative, forward slashes, no empty segment and none of dots. */
export function isInside(path: string): boolean {
  return (
    path.length > 0 &&
    !/[\\\0:]/.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/** True for `model.onnx_data`, its numbered shards `model.onnx_data_1` …, and `model.onnx.data` (torch.onnx). */
export function isExternalData(path: string, graph: string): boolean {
  return path.startsWith(graph) && /^(_data(_\d+)?|\.data)$/.test(path.slice(graph.length));
}

/** Files beside the graphs that may hold weights, whatever they are called. */
export function dataFiles(files: readonly RepositoryFile[]): RepositoryFile[] {
  return files.filter(
    ({ path }) => path.startsWith(GRAPH_FOLDER) && !/\.(onnx|json|txt|md|py|ya?ml|jinja|model)$/i.test(path),
  );
}

/** The precisions found in a listing, smallest first. */
export function variantsOf(files: readonly RepositoryFile[]): Variant[] {
  const found: Variant[] = [];
  for (const dtype of DTYPES) {
    const graph = findGraph(dtype, (path) => files.some((file) => file.path === path));
    if (graph === null) continue;
    const own = files
      .filter((file) => file.path === graph || isExternalData(file.path, graph))
      .toSorted((a, b) => compareShards(a.path, b.path));
    found.push({ dtype, graph, files: own, bytes: own.reduce((sum, file) => sum + file.bytes, 0) });
  }
  return found.toSorted((a, b) => a.bytes - b.bytes);
}

/** By length first, so that shard 10 comes after shard 9. */
function compareShards(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * Checks that a listing can be a model.
 * @throws LabError `model-path` for a path outside the folder, `graph-unsupported` for a kind of model that its files show
 *   (`refuseListing`), `model-layout` naming what is missing and what is there instead
 */
export function checkLayout(files: readonly { path: string }[], id: string): void {
  const outside = files.find((file) => !isInside(file.path));
  if (outside) throw new LabError('model-path.listing', { id, path: outside.path });
  const paths = new Set(files.map((file) => file.path));
  refuseListing(paths, id);
  const missing = REQUIRED_FILES.filter((path) => !paths.has(path));
  const graphs = [...paths].filter((path) => path.endsWith('.onnx'));
  const known = DTYPES.some((dtype) => findGraph(dtype, (path) => paths.has(path)) !== null);
  if (missing.length === 0 && known) return;
  throw new LabError('model-layout.missing', {
    id,
    missing: [...missing, ...(known ? [] : ['onnx/model*.onnx'])].join(', '),
    graphs: known ? '' : graphs.slice(0, 6).join(', '),
    others: known ? 0 : graphs.length,
  });
}

/** What the choice of precision depends on. */
export interface DtypeFeatures {
  backend: 'webgpu' | 'wasm';
  /** Whether the WebGPU device has `shader-f16`. */
  shaderF16: boolean;
}

/**
 * Whether a precision runs on a device.
 * @returns `note` says why it does not, or at what price it does; null where there is nothing to say
 */
export function dtypeSupport(dtype: Dtype, features: DtypeFeatures): { runs: boolean; note: Message | null } {
  const half = dtype === 'fp16' || dtype === 'q4f16';
  if (half && features.backend === 'webgpu' && !features.shaderF16) {
    return { runs: false, note: message('precision.no-float16') };
  }
  if (half && features.backend === 'wasm') return { runs: true, note: message('precision.float32') };
  if (dtype === 'q8' && features.backend === 'webgpu') return { runs: true, note: message('precision.integer') };
  return { runs: true, note: null };
}
