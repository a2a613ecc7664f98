/** What a runtime must know about a decoder graph before it can feed it. */
import { LabError } from '../experiment/errors';
import { cacheIndex, intAttribute, lastDimOf, storedTensor, type Graph } from './graph';
import type { ResidualStream } from './residual';
import type { ElementType } from './schema';

export interface GraphInfo {
  /** Number of transformer blocks, L. */
  readonly blocks: number;
  /** Width of the residual stream, d. */
  readonly width: number;
  /** Type of the residual stream, and so of taps and steering inputs. */
  readonly elementType: ElementType;
  /** Type of the KV cache tensors. */
  readonly cacheType: ElementType;
  /** Heads in the KV cache: axis 1 of past_key_values. */
  readonly kvHeads: number;
  /** Size of a head: axis 3 of past_key_values. */
  readonly headDim: number;
  readonly vocabSize: number;
  /** Type of the logits. */
  readonly logitsType: ElementType;
  readonly style: 'fused' | 'plain';
  /** Whether the graph takes `position_ids`; feed them only then. */
  readonly hasPositionIds: boolean;
  /** Whether the graph takes `num_logits_to_keep`; feed 1 for the last position alone. */
  readonly hasNumLogitsToKeep: boolean;
}

/**
 * Reads the sizes of a decoder.
 * @throws LabError `graph-unsupported` when the size of the cache or of the vocabulary cannot be told
 */
export function graphInfo(graph: Graph, stream: ResidualStream): GraphInfo {
  const { model } = graph;
  const refuse = (what: string): never => {
    throw new LabError('graph-unsupported', `The graph does not say ${what}.`, 'Export the model again with fixed head and vocabulary sizes.', { inputs: model.inputs.map((input) => `${input.name}[${input.dims.join(', ')}]`).join('; ') });
  };
  const cache = model.inputs.find((input) => cacheIndex(input.name) === 0)!;
  const attention = (graph.uses.get(cache.name) ?? []).map((use) => use.node).find((node) => intAttribute(node, 'num_heads') !== null);
  const heads = attention ? intAttribute(attention, 'num_heads')! : null;
  const attributeKvHeads = attention ? (intAttribute(attention, 'kv_num_heads') ?? heads) : null;
  const kvHeads = numeric(cache.dims[1]) ?? attributeKvHeads ?? refuse('how many heads its KV cache has');
  const headDim = numeric(cache.dims[3]) ?? headDimOf() ?? refuse('how large a head of its KV cache is');

  // Newer model-builder files call the last axis of the cache a symbol; the projection after attention knows it.
  function headDimOf(): number | null {
    if (!attention || !heads) return null;
    for (const { node, index } of graph.uses.get(attention.outputs[0]) ?? []) {
      if (index !== 0) continue;
      const rows = node.op === 'MatMulNBits' ? intAttribute(node, 'K') : node.op === 'MatMul' ? (storedTensor(graph, node.inputs[1])?.dims[0] ?? null) : null;
      if (rows !== null && rows % heads === 0) return rows / heads;
    }
    const query = lastDimOf(graph, attention.inputs[0] ?? '');
    const share = attention.inputs[1] ? heads : heads + 2 * (attributeKvHeads ?? heads);
    return query !== null && query % share === 0 ? query / share : null;
  }

  const logits = model.outputs.find((output) => output.name === 'logits');
  const vocabSize = (logits ? (numeric(logits.dims[2]) ?? lastDimOf(graph, 'logits')) : null) ?? refuse('how large its vocabulary is (a "logits" output of shape [batch, sequence, vocabulary])');
  const named = (name: string) => model.inputs.some((input) => input.name === name);
  return {
    blocks: stream.blocks,
    width: stream.width,
    elementType: stream.elementType,
    cacheType: cache.elementType,
    kvHeads,
    headDim,
    vocabSize,
    logitsType: logits!.elementType,
    style: stream.style,
    hasPositionIds: named('position_ids'),
    hasNumLogitsToKeep: named('num_logits_to_keep'),
  };
}

function numeric(dim: unknown): number | null {
  return typeof dim === 'number' && dim > 0 ? dim : null;
}
