/** Which files belong to a graph: those that it names itself, not those whose names look like it. */
import { LabError } from '../experiment/errors';
import { readGraph, readModel, type OnnxModel, type OnnxTensor } from '../onnx';
import { GRAPH_FOLDER, isInside, type RepositoryFile } from './layout';

export interface ExternalFile {
  /** As the graph names it: beside the graph. */
  path: string;
  /** How far into it the graph's weights reach. */
  bytes: number;
}

/**
 * Graphs up to this size are read before their model is planned: with their weights elsewhere they are smaller, and
 * one with its weights inside needs no other file.
 */
export const READABLE_GRAPH = 8 * 2 ** 20;

/**
 * Files beside the graph that its weights lie in, by name.
 * @param graph the whole .onnx file
 * @throws LabError `model-path` for a path that leaves the folder, `model-truncated` or `model-invalid` for a file that is no graph
 */
export function externalFiles(graph: Uint8Array, modelId: string): ExternalFile[] {
  const ends = new Map<string, number>();
  for (const { external } of tensorsOf(readModel(graph))) {
    if (!external) continue;
    const { path, offset, length } = external;
    if (!isInside(path) || path.includes('/')) throw new LabError('model-path.external', { id: modelId, path });
    ends.set(path, Math.max(ends.get(path) ?? 0, offset + (length ?? 0)));
  }
  return [...ends].map(([path, bytes]) => ({ path, bytes })).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Every stored tensor: initialisers and constants, those of the branches of an If too. */
function* tensorsOf(model: OnnxModel): Generator<OnnxTensor> {
  const waiting: Pick<OnnxModel, 'nodes' | 'initialisers'>[] = [model];
  for (let parts = waiting.pop(); parts; parts = waiting.pop()) {
    yield* parts.initialisers.values();
    for (const { attributes } of parts.nodes)
      for (const { tensor, graph } of attributes) {
        if (tensor) yield tensor;
        if (graph) waiting.push(readGraph(model.bytes, graph));
      }
  }
}

/**
 * The listed files that a graph names.
 * @throws LabError `model-incomplete.external` naming all that are not listed, `model-truncated.external` for one that is too short
 */
export function listedExternal(
  named: readonly ExternalFile[],
  listed: readonly RepositoryFile[],
  { id, graph }: { id: string; graph: string },
): RepositoryFile[] {
  const found = named.map(({ path, bytes }) => ({
    path,
    bytes,
    file: listed.find((file) => file.path === `${GRAPH_FOLDER}${path}`),
  }));
  const missing = found.filter(({ file }) => !file).map(({ path }) => `${GRAPH_FOLDER}${path}`);
  if (missing.length > 0)
    throw new LabError('model-incomplete.external', { id, graph, missing: missing.join(', '), count: missing.length });
  const short = found.find(({ file, bytes }) => file!.bytes < bytes);
  if (short)
    throw new LabError('model-truncated.external', {
      path: short.path,
      id,
      got: short.file!.bytes,
      expected: short.bytes,
    });
  return found.map(({ file }) => file!);
}
