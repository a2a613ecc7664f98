/**
 * Edits a decoder graph for the lab: taps on the residual stream, steering inputs,
 * a head that reads only the last position, outputs and everything behind them removed,
 * weights left in the original file. Bytes in, bytes out.
 */
import { LabError } from '../experiment/errors';
import { Draft } from './draft';
import { elementTypeOf, indexGraph } from './graph';
import { graphInfo, type GraphInfo } from './info';
import { graftLastToken } from './head';
import { readModel, type OnnxModel } from './model';
import { prune } from './prune';
import { findResidualStream, type ResidualPost, type ResidualStream } from './residual';
import { GRAPH, encodeNode, encodeValueInfo, type ElementType } from './schema';
import { externalised, renamedNode, splice, type ItemEdit } from './splice';

export interface EditOptions {
  /** Blocks whose resid_post becomes an output. Default: none. */
  taps?: readonly number[] | 'all';
  /** Blocks that get a steering input. Default: none. */
  steer?: readonly number[];
  /**
   * Outputs to keep; both default to true. Dropping one also removes every node, initialiser,
   * value_info and graph input that only it needed. Outputs other than these two stay.
   *
   * ONNX Runtime's CPU provider (1.31) cannot run GroupQueryAttention with a float16 cache when nothing
   * reads present.*: it reuses too small a buffer and stops with "Shape mismatch". Keep `present` there.
   */
  keep?: { logits?: boolean; present?: boolean };
  /**
   * Compute the logits of the last position only: output `[batch, 1, vocab]`. Where the graph has
   * a `num_logits_to_keep` input (see `info.hasNumLogitsToKeep`) nothing is grafted: feed it 1.
   */
  lastTokenLogits?: boolean;
  /**
   * Leave stored tensors of at least `minBytes` in the original file: the edited graph refers to them
   * there, so hand the runtime `externalData: [{ path, data: the original bytes }]`.
   */
  externalise?: { path: string; minBytes: number };
}

export interface EditedTensor {
  readonly block: number;
  /** `resid_post.N` or `steer.N`. */
  readonly name: string;
  readonly elementType: ElementType;
}

export interface EditedGraph {
  /** The edited model, a complete ONNX file. */
  readonly bytes: Uint8Array;
  /** Outputs of shape [batch_size, sequence_length, width], blocks ascending; steered blocks show the steered state. */
  readonly taps: readonly EditedTensor[];
  /**
   * Inputs of shape [steer_batch, steer_length, width] that broadcast, usually [batch, 1, width]; all must be fed.
   * Those behind which nothing is kept (a block after the last tap, without logits) are gone with the rest.
   */
  readonly steers: readonly EditedTensor[];
  /** Names the edited graph must be fed; pruning can remove some of the original's. */
  readonly inputs: readonly string[];
  /** Names the edited graph gives. */
  readonly outputs: readonly string[];
  /** What was left in the original file; null without `externalise`. */
  readonly external: { readonly path: string; readonly tensors: number; readonly bytes: number } | null;
  readonly info: GraphInfo;
}

/**
 * Edits a decoder.
 *
 * Taps and steering cost nothing when unused: the edited graph with every steering input fed
 * zeros gives bit-identical logits. A steering vector is added to the branch operand of the node
 * that closes its block, so the next block's norm, the skip path and the tap all see it.
 *
 * @param source the whole .onnx file, or what `readModel` made of it
 * @throws LabError `model-truncated` or `model-invalid` for unreadable bytes, `graph-unsupported`
 *   when the graph is not a decoder whose residual stream can be found, `settings-invalid` for a
 *   block the model does not have or an edit that leaves no output
 */
export function editGraph(source: Uint8Array | OnnxModel, options: EditOptions = {}): EditedGraph {
  const model = source instanceof Uint8Array ? readModel(source) : source;
  const stream = findResidualStream(model);
  const graph = indexGraph(model);
  const info = graphInfo(graph, stream);
  const steered = blockList(options.steer ?? [], stream.blocks);
  const tapped = blockList(options.taps === 'all' ? stream.post.map((post) => post.block) : (options.taps ?? []), stream.blocks);

  const draft = new Draft(graph);
  const steers = steered.map((block) => addSteering(draft, stream.post[block], stream.width));
  const taps = tapped.map((block) => addTap(draft, stream.post[block], stream));
  const keep = { logits: options.keep?.logits ?? true, present: options.keep?.present ?? true };
  for (const output of model.outputs) {
    if (output.name === 'logits' ? !keep.logits : output.name.startsWith('present.') && !keep.present) draft.dropped.outputs.add(output.name);
  }
  if (options.lastTokenLogits && keep.logits && !info.hasNumLogitsToKeep) graftLastToken(draft, stream, info);
  draft.settle();

  const outputs = [...model.outputs.map((output) => output.name).filter((name) => !draft.dropped.outputs.has(name) && !draft.newOutputs.has(name)), ...draft.newOutputs.keys()];
  if (outputs.length === 0) throw new LabError('settings-invalid', 'The edit leaves the graph without outputs.', 'Keep the logits or the cache, or tap at least one block.');
  if (draft.dropped.outputs.size > 0) prune(draft, outputs);
  const inputs = [...model.inputs.map((input) => input.name).filter((name) => !draft.dropped.inputs.has(name)), ...draft.newInputs.keys()];
  const fed = steers.filter((steer) => draft.newInputs.has(steer.name));
  return { ...write(draft, options.externalise), taps, steers: fed, inputs, outputs, info };
}

function blockList(blocks: readonly number[], count: number): number[] {
  for (const block of blocks) {
    if (!Number.isInteger(block) || block < 0 || block >= count) {
      throw new LabError('settings-invalid', `Block ${block} was asked for, but the model has blocks 0 to ${count - 1}.`, 'Choose a block the model has.', { block, blocks: count });
    }
  }
  return [...new Set(blocks)].sort((a, b) => a - b);
}

function addSteering(draft: Draft, post: ResidualPost, width: number): EditedTensor {
  const name = draft.claim(`steer.${post.block}`);
  const sum = draft.claim(`${name}/branch`);
  const node = draft.of(post.node);
  draft.insert('before', node, 'Add', `/steer.${post.block}/Add`, [node.inputs[post.branchIndex], name], [sum]);
  node.inputs[post.branchIndex] = sum;
  node.changed = true;
  draft.newInputs.set(name, encodeValueInfo(GRAPH.input, name, post.elementType, ['steer_batch', 'steer_length', width]));
  return { block: post.block, name, elementType: post.elementType };
}

/** Position of the sum among the outputs of a Skip*LayerNormalization. */
const SKIP_SUM = 3;

function addTap(draft: Draft, post: ResidualPost, stream: ResidualStream): EditedTensor {
  const name = draft.claim(`resid_post.${post.block}`);
  const elementType = (post.tensor ? elementTypeOf(draft.graph, post.tensor) : null) ?? post.elementType;
  const node = draft.of(post.node);
  if (post.tensor === null) {
    // The last normalisation gives no sum: ask it for one. Absent outputs in between stay absent.
    while (node.outputs.length < SKIP_SUM) node.outputs.push('');
    node.outputs[SKIP_SUM] = name;
    node.changed = true;
  } else if (mustKeepName(draft, post.tensor)) {
    draft.insert('after', node, 'Identity', `/resid_post.${post.block}/Identity`, [post.tensor], [name]);
  } else {
    // Renaming makes the tensor itself the output: no node, no copy.
    draft.rename(post.tensor, name);
  }
  draft.newOutputs.set(name, encodeValueInfo(GRAPH.output, name, elementType, ['batch_size', 'sequence_length', stream.width]));
  return { block: post.block, name, elementType };
}

/** A tensor that is itself an output, or that a subgraph captures by name, cannot be renamed from here. */
function mustKeepName(draft: Draft, tensor: string): boolean {
  return draft.model.outputs.some((output) => output.name === tensor) || draft.model.nodes.some((node) => node.captured.includes(tensor));
}

function write(draft: Draft, externalise: EditOptions['externalise']): Pick<EditedGraph, 'bytes' | 'external'> {
  const { model, dropped } = draft;
  const edits = new Map<(typeof model.items)[number], ItemEdit>();
  const itemOf = new Map(model.items.filter((item) => item.node).map((item) => [item.node!, item]));
  const kept = new Set(draft.nodes.map((node) => node.source));
  for (const [node, item] of itemOf) if (!kept.has(node)) edits.set(item, { replacement: null });

  // New nodes are written with the original node that follows them, or at the end after the last.
  let waiting: Uint8Array[] = [];
  for (const node of draft.nodes) {
    if (!node.source) {
      waiting.push(encodeNode(node.op, node.name, node.inputs, node.outputs, node.attributes));
      continue;
    }
    if (!node.changed && waiting.length === 0) continue;
    const edit: ItemEdit = { before: waiting };
    if (node.changed) edit.replacement = renamedNode(model, node.source.span, node.inputs, node.outputs);
    edits.set(itemOf.get(node.source)!, edit);
    waiting = [];
  }

  let tensors = 0;
  let bytes = 0;
  for (const item of model.items) {
    if (item.initialiser) {
      const { raw } = item.initialiser;
      if (dropped.initialisers.has(item.initialiser.name)) edits.set(item, { replacement: null });
      else if (externalise && raw && raw.end - raw.start >= externalise.minBytes) {
        tensors++;
        bytes += raw.end - raw.start;
        edits.set(item, { replacement: externalised(model, { ...item.initialiser, raw }, externalise.path) });
      }
    } else if (item.info) {
      const { name } = item.info;
      const gone = item.field === GRAPH.input ? dropped.inputs.has(name)
        : item.field === GRAPH.output ? dropped.outputs.has(name) || draft.newOutputs.has(name)
          : dropped.valueInfo.has(name);
      if (gone) edits.set(item, { replacement: null });
    }
  }
  const appended = [...waiting, ...draft.newInputs.values(), ...draft.newOutputs.values()];
  return { bytes: splice(model, edits, appended), external: externalise ? { path: externalise.path, tensors, bytes } : null };
}
