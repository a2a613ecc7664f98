/**
 * Edits a decoder graph for the lab: taps on the residual stream, steering inputs,
 * a head that reads only the last position, outputs and everything behind them removed,
 * weights left in the original file. Bytes in, bytes out.
 */
import { LabError } from '../experiment/errors';
import { readDecoder } from './decoder';
import { Draft } from './draft';
import { elementTypeOf, indexGraph } from './graph';
import { graphInfo, type GraphInfo } from './info';
import { graftLastToken } from './head';
import type { OnnxModel } from './model';
import { prune } from './prune';
import { findResidualStream, type ResidualPost, type ResidualStream } from './residual';
import { castTo, insertIntervention, type EditedSteer } from './interventions/insert';
import type { SteerSite } from './interventions/sites';
import { GRAPH, encodeValueInfo } from './schema';
import { writeDraft } from './write';
import { emitCacheDelta } from './written';

export interface EditOptions {
  /** Blocks whose resid_post becomes an output. Default: none. */
  taps?: readonly number[] | 'all';
  /** Blocks whose stream an operation changes, and which (src/onnx/interventions); one a block. Default: none. */
  steer?: readonly SteerSite[];
  /**
   * Outputs to keep; both default to true. Dropping one also removes every node, initialiser,
   * value_info and graph input that only it needed. Outputs other than these two stay. `present: 'written'`
   * gives the columns that a run has written instead of the whole cache: see `emitCacheDelta`.
   *
   * ONNX Runtime's CPU provider (1.31) cannot run GroupQueryAttention with a float16 cache when nothing
   * reads present.*: it reuses too small a buffer and stops with "Shape mismatch". Keep `present` there.
   */
  keep?: { logits?: boolean; present?: boolean | 'written' };
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
  /** `resid_post.N`, float32. */
  readonly name: string;
}

export interface EditedGraph {
  /** The edited model, a complete ONNX file. */
  readonly bytes: Uint8Array;
  /** Outputs of shape [batch_size, sequence_length, width], blocks ascending; steered blocks show the steered state. */
  readonly taps: readonly EditedTensor[];
  /**
   * The sites and the names of their inputs, which broadcast; all must be fed. Zero vectors are neutral.
   * Those behind which nothing is kept (a block after the last tap, without logits) are gone with the rest.
   */
  readonly steers: readonly EditedSteer[];
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
 * Taps and steering inputs are float32 in every graph, so that whoever reads and feeds them knows one type. Where the
 * stream is float16 or bfloat16, Casts stand between.
 *
 * Taps and steering change nothing when unused: the edited graph with every steering vector fed zeros gives bit-identical
 * logits. The stream is changed as the node reads it that closes the block, so that the next block's norm, the skip path
 * and the tap all see it, and the branch keeps the bias beside it that ONNX Runtime may fuse.
 *
 * @param source the whole .onnx file, or one of the graphs that `readDecoder` found in it. Of a merged export's bytes
 *   the graph for prompts is edited
 * @throws LabError `model-truncated` or `model-invalid` for unreadable bytes, `graph-unsupported`
 *   when the graph is not a decoder whose residual stream can be found, `settings-invalid` for a
 *   block the model does not have or an edit that leaves no output
 */
export function editGraph(source: Uint8Array | OnnxModel, options: EditOptions = {}): EditedGraph {
  const model = source instanceof Uint8Array ? readDecoder(source).prompt : source;
  const stream = findResidualStream(model);
  const graph = indexGraph(model);
  const info = graphInfo(graph, stream);
  const sites = siteList(options.steer ?? [], stream.blocks);
  const tapped = blockList(
    options.taps === 'all' ? stream.post.map((post) => post.block) : (options.taps ?? []),
    stream.blocks,
  );

  const draft = new Draft(graph);
  const steers = sites.map(({ block, op }) => insertIntervention(draft, stream.post[block], stream.width, op));
  const taps = tapped.map((block) => addTap(draft, stream.post[block], stream));
  const keep = { logits: options.keep?.logits ?? true, present: options.keep?.present ?? true };
  for (const output of model.outputs) {
    if (output.name === 'logits' ? !keep.logits : output.name.startsWith('present.') && !keep.present)
      draft.dropped.outputs.add(output.name);
  }
  if (keep.present === 'written') emitCacheDelta(draft);
  if (options.lastTokenLogits && keep.logits && !info.hasNumLogitsToKeep) graftLastToken(draft, stream, info);
  draft.settle();

  const outputs = [
    ...model.outputs
      .map((output) => output.name)
      .filter((name) => !draft.dropped.outputs.has(name) && !draft.newOutputs.has(name)),
    ...draft.newOutputs.keys(),
  ];
  if (outputs.length === 0) throw new LabError('internal.edit-empty');
  if (draft.dropped.outputs.size > 0) prune(draft, outputs);
  const inputs = [
    ...model.inputs.map((input) => input.name).filter((name) => !draft.dropped.inputs.has(name)),
    ...draft.newInputs.keys(),
  ];
  const fed = steers.filter((steer) => draft.newInputs.has(steer.name));
  return { ...writeDraft(draft, options.externalise), taps, steers: fed, inputs, outputs, info };
}

function blockList(blocks: readonly number[], count: number): number[] {
  for (const block of blocks) {
    if (!Number.isInteger(block) || block < 0 || block >= count) {
      throw new LabError('settings-invalid.block', { block, last: count - 1 });
    }
  }
  return [...new Set(blocks)].sort((a, b) => a - b);
}

/** Sites by block, each once. @throws LabError `settings-invalid` for a block that is not there, or one with two operations */
function siteList(sites: readonly SteerSite[], count: number): SteerSite[] {
  const blocks = blockList(
    sites.map(({ block }) => block),
    count,
  );
  return blocks.map((block) => {
    const [site, ...more] = sites.filter((one) => one.block === block);
    const other = more.find(({ op }) => op !== site.op);
    if (other) throw new LabError('settings-invalid.two-operations', { block, first: site.op, second: other.op });
    return site;
  });
}

/** Position of the sum among the outputs of a Skip*LayerNormalization. */
const SKIP_SUM = 3;

function addTap(draft: Draft, post: ResidualPost, stream: ResidualStream): EditedTensor {
  const name = draft.claim(`resid_post.${post.block}`);
  const scope = `/resid_post.${post.block}`;
  const node = draft.of(post.at === 'operand' ? post.node : draft.graph.producers.get(post.tensor!)!);
  const cast = ((post.tensor ? elementTypeOf(draft.graph, post.tensor) : null) ?? post.elementType) !== 'float32';
  if (post.tensor === null) {
    // The last normalisation gives no sum: ask it for one. Absent outputs in between stay absent.
    while (node.outputs.length < SKIP_SUM) node.outputs.push('');
    node.outputs[SKIP_SUM] = cast ? draft.claim(`${name}/sum`) : name;
    node.changed = true;
    if (cast)
      draft.insert('after', node, 'Cast', `${scope}/Cast`, [node.outputs[SKIP_SUM]], [name], [castTo('float32')]);
  } else if (cast) {
    draft.insert('after', node, 'Cast', `${scope}/Cast`, [post.tensor], [name], [castTo('float32')]);
  } else if (mustKeepName(draft, post.tensor)) {
    draft.insert('after', node, 'Identity', `${scope}/Identity`, [post.tensor], [name]);
  } else {
    // Renaming makes the tensor itself the output: no node, no copy.
    draft.rename(post.tensor, name);
  }
  draft.newOutputs.set(
    name,
    encodeValueInfo(GRAPH.output, name, 'float32', ['batch_size', 'sequence_length', stream.width]),
  );
  return { block: post.block, name };
}

/** A tensor that is itself an output, or that a subgraph captures by name, cannot be renamed from here. */
function mustKeepName(draft: Draft, tensor: string): boolean {
  return (
    draft.model.outputs.some((output) => output.name === tensor) ||
    draft.model.nodes.some((node) => node.captured.includes(tensor))
  );
}
