/** Puts an operation into a draft: at the node that closes a block, so that the next norm, the skip path and the tap see it. */
import type { Operation } from '../../experiment/schema';
import type { Draft, DraftNode } from '../draft';
import type { ResidualPost } from '../residual';
import {
  GRAPH,
  elementTypeCode,
  encodeFloatValue,
  encodeInt64Value,
  encodeIntAttribute,
  encodeIntsAttribute,
  encodeValueInfo,
  type ElementType,
} from '../schema';
import { INTERVENTIONS } from '.';
import { SIDE_INPUTS, type InterventionInputs, type InterventionKind, type Nodes, type SideInput } from './kind';

/** A steering site of an edited graph: what its inputs are called. All of them must be fed, in float32. */
export interface EditedSteer {
  readonly block: number;
  readonly op: Operation;
  /** The vector's input, `steer.N`: [steer_batch, steer_length, width], broadcast, usually [batch, 1, width]. */
  readonly name: string;
  /** Inputs beside it, by their part (`SIDE_INPUTS`). */
  readonly side: Readonly<Partial<Record<SideInput, string>>>;
}

/** Adds one operation to the stream after a block. @throws LabError `graph-unsupported` where a name is taken */
export function insertIntervention(draft: Draft, post: ResidualPost, width: number, op: Operation): EditedSteer {
  const kind = INTERVENTIONS[op];
  const name = draft.claim(`steer.${post.block}`);
  const side: Partial<Record<SideInput, string>> = {};
  for (const part of kind.sideInputs) side[part] = draft.claim(`${name}.${part}`);
  // A plain Add gives the stream by itself; in a node that adds and normalises at once it must be made before.
  const before = post.at === 'operand' && (kind.change === null || post.node.op !== 'Add');
  const producer = before ? post.node : draft.graph.producers.get(post.tensor!)!;
  const node = draft.of(producer);
  if (before) {
    const sum = draft.claim(`${name}/operand`);
    const operands = operandsOf(post, node);
    node.inputs[post.operand] = sum;
    insertAt(draft, 'before', node, post, operands, sum, kind, { ...side, vector: name } as InterventionInputs);
  } else {
    // All readers of the stream keep its name: the sum takes it, and what was summed gets another.
    const unsteered = draft.claim(`${name}/stream`);
    const tensor = post.tensor!;
    node.outputs = node.outputs.map((output) => (output === tensor ? unsteered : output));
    insertAt(draft, 'after', node, post, [unsteered], tensor, kind, { ...side, vector: name } as InterventionInputs);
  }
  node.changed = true;
  draft.newInputs.set(name, encodeValueInfo(GRAPH.input, name, 'float32', ['steer_batch', 'steer_length', width]));
  for (const part of kind.sideInputs)
    draft.newInputs.set(side[part]!, encodeValueInfo(GRAPH.input, side[part]!, 'float32', SIDE_INPUTS[part](width)));
  return { block: post.block, op, name, side };
}

/** What the closing node adds up to the stream: the operand that is changed first, then the branch, then a bias it may have. */
function operandsOf(post: ResidualPost, node: DraftNode): string[] {
  const biasAt = { SkipLayerNormalization: 4, SkipSimplifiedLayerNormalization: 3 }[node.op];
  const bias = biasAt === undefined ? '' : (node.inputs[biasAt] ?? '');
  return [node.inputs[post.operand], node.inputs[1 - post.operand], ...(bias ? [bias] : [])];
}

/**
 * `sum` = the first term + the change, rounded once to the term's type; h is the sum of all terms.
 *
 * In half precision everything between is computed in float32, between Casts. ONNX Runtime's CPU provider, which computes
 * in float32, drops roundings between nodes, and which ones depends on their neighbours: to cast the vector instead saves a
 * Cast, and moved the logits of 4-bit graphs by 4e-3 with a zero vector.
 */
function insertAt(
  draft: Draft,
  where: 'before' | 'after',
  anchor: DraftNode,
  { block, elementType }: ResidualPost,
  terms: readonly string[],
  sum: string,
  kind: InterventionKind,
  inputs: InterventionInputs,
): void {
  const scope = `steer.${block}`;
  const half = elementType !== 'float32';
  const wide = (term: string, i: number): string => {
    if (!half) return term;
    const cast = draft.claim(`${scope}/float32${i === 0 ? '' : `_${i}`}`);
    draft.insert(
      where,
      anchor,
      'Cast',
      `/${scope}/Cast${i === 0 ? '' : `_in_${i}`}`,
      [term],
      [cast],
      [castTo('float32')],
    );
    return cast;
  };
  const first = wide(terms[0], 0);
  let change = inputs.vector;
  if (kind.change) {
    const nodes = nodesOf(draft, where, anchor, scope);
    const h = terms.slice(1).reduce((left, term, i) => nodes.node('Add', [left, wide(term, i + 1)]), first);
    change = kind.change(nodes, h, inputs);
  }
  const result = half ? draft.claim(`${scope}/sum`) : sum;
  draft.insert(where, anchor, 'Add', `/${scope}/Add`, [first, change], [result]);
  if (half) draft.insert(where, anchor, 'Cast', `/${scope}/Cast_1`, [result], [sum], [castTo(elementType)]);
}

/** ReduceL2 takes its axes as an input from this operator set on; before, as an attribute. */
const AXES_AS_INPUT = 18;

function nodesOf(draft: Draft, where: 'before' | 'after', anchor: DraftNode, scope: string): Nodes {
  let count = 0;
  const add = (op: string, inputs: readonly string[], attributes: Uint8Array[] = []): string => {
    const id = `${scope}/${op}_${++count}`;
    const output = draft.claim(id);
    draft.insert(where, anchor, op, `/${id}`, [...inputs], [output], attributes);
    return output;
  };
  return {
    node: add,
    constant: (value) => add('Constant', [], [encodeFloatValue([value])]),
    norm: (tensor) => {
      const keep = encodeIntAttribute('keepdims', 1);
      return (draft.model.opsets.get('') ?? 0) >= AXES_AS_INPUT
        ? add('ReduceL2', [tensor, add('Constant', [], [encodeInt64Value([-1])])], [keep])
        : add('ReduceL2', [tensor], [encodeIntsAttribute('axes', [-1]), keep]);
    },
  };
}

export function castTo(type: ElementType): Uint8Array {
  return encodeIntAttribute('to', elementTypeCode(type));
}
