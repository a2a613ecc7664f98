/**
 * A cache output of only what a run has written. ONNX Runtime Web copies every output into a fresh array; a whole cache
 * a step costs more than the model itself (measured: half of a step at 64 rows of 64 tokens).
 */
import type { Draft } from './draft';
import { elementTypeOf } from './graph';
import { GRAPH, encodeIntAttribute, encodeValueInfo } from './schema';

/** Input, int32 [rows, kvHeads, written, headDim]: the cache column of each written element. */
export const WRITTEN_INPUT = 'cache_columns';
/** Axis of the positions in [rows, kvHeads, positions, headDim]. */
const POSITIONS = 2;

/** Output name of the written part of a `present` tensor. */
export function writtenName(present: string): string {
  return `${present}.written`;
}

/** Replaces every `present.N.*` output by `present.N.*.written` of shape [rows, kvHeads, written, headDim]. */
export function emitCacheDelta(draft: Draft): void {
  const { graph, model, dropped } = draft;
  const dims = ['batch_size', 'cache_heads', 'written_length', 'cache_head_size'];
  draft.claim(WRITTEN_INPUT);
  for (const { name } of model.outputs) {
    const producer = graph.producers.get(name);
    if (!name.startsWith('present.') || !producer) continue;
    dropped.outputs.add(name);
    const written = draft.claim(writtenName(name));
    draft.insert(
      'after',
      draft.of(producer),
      'GatherElements',
      `/${name}/GatherElements`,
      [name, WRITTEN_INPUT],
      [written],
      [encodeIntAttribute('axis', POSITIONS)],
    );
    draft.newOutputs.set(
      written,
      encodeValueInfo(GRAPH.output, written, elementTypeOf(graph, name) ?? 'float32', dims),
    );
  }
  draft.newInputs.set(WRITTEN_INPUT, encodeValueInfo(GRAPH.input, WRITTEN_INPUT, 'int32', dims));
}
