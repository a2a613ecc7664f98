/** What a runtime must know about a decoder graph before it can feed it. */
import { LabError } from '../experiment/errors';
import type { Decoder } from './decoder';
import { cacheIndex, indexGraph, intAttribute, lastDimOf, storedTensor, type Graph } from './graph';
import { findResidualStream, type ResidualStream } from './residual';
import type { ElementType } from './schema';

export interface GraphInfo {
  /** Number of transformer blocks, L. */
  readonly blocks: number;
  /** Width of the residual stream, d. */
  readonly width: number;
  /** Type of the residual stream in the graph; taps and steering inputs are float32 whatever it is. */
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
  const refuse = (size: 'heads' | 'head' | 'vocabulary'): never => {
    throw new LabError('graph-unsupported.size', {
      size,
      inputs: model.inputs.map((input) => `${input.name}[${input.dims.join(', ')}]`).join('; '),
    });
  };
  // A graph for prompts alone has the cache among its outputs only.
  const cache = [...model.inputs, ...model.outputs].find((value) => cacheIndex(value.name) === 0)!;
  const attention = (graph.uses.get(cache.name) ?? [])
    .map((use) => use.node)
    .find((node) => intAttribute(node, 'num_heads') !== null);
  const heads = attention ? intAttribute(attention, 'num_heads')! : null;
  const attributeKvHeads = attention ? (intAttribute(attention, 'kv_num_heads') ?? heads) : null;
  const kvHeads = numeric(cache.dims[1]) ?? attributeKvHeads ?? refuse('heads');
  const headDim = numeric(cache.dims[3]) ?? headDimOf() ?? refuse('head');

  // Newer model-builder files call the last axis of the cache a symbol; the projection after attention knows it.
  function headDimOf(): number | null {
    if (!attention || !heads) return null;
    for (const { node, index } of graph.uses.get(attention.outputs[0]) ?? []) {
      if (index !== 0) continue;
      const rows =
        node.op === 'MatMulNBits'
          ? intAttribute(node, 'K')
          : node.op === 'MatMul'
            ? (storedTensor(graph, node.inputs[1])?.dims[0] ?? null)
            : null;
      if (rows !== null && rows % heads === 0) return rows / heads;
    }
    const query = lastDimOf(graph, attention.inputs[0] ?? '');
    const share = attention.inputs[1] ? heads : heads + 2 * (attributeKvHeads ?? heads);
    return query !== null && query % share === 0 ? query / share : null;
  }

  const logits = model.outputs.find((output) => output.name === 'logits');
  const vocabSize = (logits ? (numeric(logits.dims[2]) ?? lastDimOf(graph, 'logits')) : null) ?? refuse('vocabulary');
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

/**
 * Finds the residual stream of a decoder and reads its sizes, without writing anything.
 * @throws LabError `graph-unsupported` when there is none, when a size cannot be told, or when the two graphs of a merged
 *   export do not fit each other
 */
export function inspectDecoder({ prompt, step, merged }: Decoder): GraphInfo {
  const of = (model: Decoder['step']): GraphInfo => graphInfo(indexGraph(model), findResidualStream(model));
  const info = of(step);
  if (!merged) return info;
  const other = of(prompt);
  const differing = (
    ['blocks', 'width', 'kvHeads', 'headDim', 'vocabSize', 'cacheType', 'hasPositionIds'] as const
  ).find((key) => other[key] !== info[key]);
  if (differing) {
    throw new LabError('graph-unsupported.differing', {
      differing,
      prompt: String(other[differing]),
      step: String(info[differing]),
    });
  }
  return info;
}

function numeric(dim: unknown): number | null {
  return typeof dim === 'number' && dim > 0 ? dim : null;
}
