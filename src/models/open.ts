/** Opens a model folder: fetches its files, checks them, reads configuration and tokenizer. One way for bundled, hub and local folders. */
import { LabError } from '../experiment/errors';
import { readModel } from '../onnx';
import type { FetchedFile, LoadOptions, ModelFiles, ModelSource } from '../runtime/types';
import { parseConfig } from './config';
import { fetchFile, fetchJson, type FetchFileOptions } from './fetch';
import { checkTokenizerFits, createTokenizer } from './tokenizer';

/** File name endings of the precisions, as transformers.js has them. */
const SUFFIX: Record<ModelSource['dtype'], string> = { fp32: '', fp16: '_fp16', q4: '_q4', q4f16: '_q4f16', q8: '_quantized' };

/** Path of the graph of a precision inside a model folder. */
export function graphPath(dtype: ModelSource['dtype']): string {
  return `onnx/model${SUFFIX[dtype]}.onnx`;
}

/**
 * Fetches everything a model needs. Small files come first, so that a wrong folder fails before the weights.
 * @throws LabError `model-fetch`, `model-truncated`, `model-invalid`, `tokenizer-mismatch` or `cancelled`
 */
export async function openModel(source: ModelSource, { signal, onProgress }: LoadOptions = {}): Promise<ModelFiles> {
  const graphFile = graphPath(source.dtype);
  const progress = new ByteProgress(source, onProgress);
  const options = (path: string): FetchFileOptions => ({ signal, onBytes: (done, total) => progress.report(path, done, total) });
  const json = async (path: string): Promise<unknown> => {
    const fetched = (await fetchJson(source, path, options(path)))!;
    files.push(fetched.file);
    return fetched.value;
  };
  const files: FetchedFile[] = [];
  const configJson = await json('config.json');
  // Only the end tokens are taken from it, and many repositories do not have it.
  const generation = await fetchJson(source, 'generation_config.json', { ...options('generation_config.json'), optional: true });
  if (generation) files.push(generation.file);
  const config = parseConfig(configJson, generation?.value ?? null, source.id);
  const tokenizer = createTokenizer(await json('tokenizer.json'), await json('tokenizer_config.json'), config, source.id);
  checkTokenizerFits(tokenizer, config.vocabSize, source.id);

  const { data: graph, ...graphInfo } = (await fetchFile(source, graphFile, options(graphFile)))!;
  files.push(graphInfo);
  const external: ModelFiles['external'] = [];
  for (const location of externalPaths(graph, source.id)) {
    const path = `onnx/${location}`;
    const { data, ...info } = (await fetchFile(source, path, options(path)))!;
    files.push(info);
    external.push({ path: location, data });
  }
  return { config, tokenizer, graph, external, files };
}

/** Files beside the graph that its weights lie in. @throws LabError `model-invalid` for a path that leaves the folder */
function externalPaths(graph: Uint8Array, modelId: string): string[] {
  const paths = new Set<string>();
  for (const tensor of readModel(graph).initialisers.values()) if (tensor.external) paths.add(tensor.external.path);
  for (const path of paths) {
    if (!/^[\w.-]+$/.test(path)) throw new LabError('model-invalid', `The graph of “${modelId}” keeps weights at “${path}”, outside its folder.`, 'Use a model whose weights lie beside its graph.');
  }
  return [...paths].toSorted();
}

/** Adds up the bytes of all files. Totals that nobody stated are added when their file begins. */
class ByteProgress {
  #done = new Map<string, number>();
  #total = new Map<string, number>();
  #report: LoadOptions['onProgress'];

  constructor(source: ModelSource, report: LoadOptions['onProgress']) {
    this.#report = report;
    const needed = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json', graphPath(source.dtype)];
    for (const path of needed) {
      const bytes = source.bytes?.[path];
      if (bytes !== undefined) this.#total.set(path, bytes);
    }
  }

  report(path: string, done: number, total: number | null): void {
    this.#done.set(path, done);
    this.#total.set(path, Math.max(done, total ?? 0, this.#total.get(path) ?? 0));
    const sum = (map: Map<string, number>): number => [...map.values()].reduce((a, b) => a + b, 0);
    this.#report?.(sum(this.#done), sum(this.#total), path);
  }
}
