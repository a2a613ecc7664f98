/**
 * A decode graph for the CPU that gives only the keys and values a run has written.
 * ONNX Runtime Web copies every output into a fresh array; a whole cache a step costs
 * more than the model itself (measured: half of a step at 64 rows of 64 tokens).
 */
import { readModel } from '../onnx';
import { elementTypeOf, indexGraph } from '../onnx/graph';
import { encodeIntAttribute, encodeNode, encodeValueInfo, GRAPH } from '../onnx/schema';
import { splice, type ItemEdit } from '../onnx/splice';

/** Input, int32 [rows, kvHeads, written, headDim]: the cache column of each written element. */
export const WRITTEN_INPUT = 'cache_columns';
/** Axis of the positions in [rows, kvHeads, positions, headDim]. */
const POSITIONS = 2;

/** Output name of the written part of a `present` tensor. */
export function writtenName(present: string): string {
  return `${present}.written`;
}

/**
 * Replaces every `present.N.*` output by `present.N.*.written` of shape [rows, kvHeads, written, headDim].
 * @param graph a complete ONNX file with `present` outputs
 */
export function giveOnlyWritten(graph: Uint8Array): Uint8Array {
  const model = readModel(graph);
  const index = indexGraph(model);
  const presents = model.outputs.filter((output) => output.name.startsWith('present.'));
  const edits = new Map<(typeof model.items)[number], ItemEdit>();
  for (const item of model.items) {
    if (item.field === GRAPH.output && item.info && presents.includes(item.info)) edits.set(item, { replacement: null });
  }
  const dims = ['batch_size', 'cache_heads', 'written_length', 'cache_head_size'];
  const appended = presents.flatMap(({ name }) => [
    encodeNode('GatherElements', `/${name}/GatherElements`, [name, WRITTEN_INPUT], [writtenName(name)], [encodeIntAttribute('axis', POSITIONS)]),
    encodeValueInfo(GRAPH.output, writtenName(name), elementTypeOf(index, name) ?? 'float32', dims),
  ]);
  return splice(model, edits, [...appended, encodeValueInfo(GRAPH.input, WRITTEN_INPUT, 'int32', dims)]);
}
