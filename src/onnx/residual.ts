/**
 * Finds the residual stream of a decoder by the shape of its graph.
 *
 * A pre-norm transformer is a spine: the embedding, then one or two additions a block,
 * each adding a branch that was computed from the stream itself. The finder follows the
 * spine from the embedding of `input_ids` (or from `inputs_embeds`) and labels every
 * addition with the block whose `past_key_values.N.*` or `present.N.*` lie in its branch. No other names are used.
 *
 * Vocabulary: block N is 0-based and resid_post[N] is the stream after block N.
 */
import { LabError } from '../experiment/errors';
import { message, type Message } from '../experiment/message';
import {
  aliases,
  cacheIndex,
  elementTypeOf,
  indexGraph,
  lastDimOf,
  passesThrough,
  readsShapeOnly,
  traceOrigin,
  type Alias,
  type Graph,
  type Use,
} from './graph';
import type { OnnxModel, OnnxNode } from './model';
import { isFloat, type ElementType } from './schema';

/** One addition on the spine. */
export interface ResidualStep {
  /** The block it belongs to; -1 for what is added to the embedding before block 0 (learned positions). */
  readonly block: number;
  readonly node: OnnxNode;
  /** 'skip': a Skip*LayerNormalization, which adds and normalises at once; 'add': a plain Add. */
  readonly kind: 'skip' | 'add';
  /** Which input of the node is the branch; the other of the first two is the stream. */
  readonly branchIndex: 0 | 1;
  /** The stream after the addition; null when a Skip*LayerNormalization does not put it out. */
  readonly tensor: string | null;
  /** Rank of the stream at this addition: 3, or 2 where batch and sequence are one axis; null where it cannot be told. */
  readonly rank: number | null;
  /** Whether the branch reads the block's KV cache: attention does, a feed-forward layer does not. */
  readonly readsCache: boolean;
}

/** The step that closes a block: its result is resid_post. */
export interface ResidualPost {
  readonly block: number;
  readonly node: OnnxNode;
  /** The stream after the block, [batch, sequence, width]; null when a Skip*LayerNormalization does not put it out. */
  readonly tensor: string | null;
  /**
   * Where a vector is added: to the stream as an operand of `node`, or to `tensor` itself where the node adds in two
   * dimensions and a Reshape gives the stream its three back (OPT).
   */
  readonly at: 'operand' | 'stream';
  /** Which input of `node` is the stream. */
  readonly operand: 0 | 1;
  /** Type of what the vector is added to. */
  readonly elementType: ElementType;
}

export interface ResidualStream {
  /** Number of transformer blocks, L. */
  readonly blocks: number;
  /** Width of the stream, d. */
  readonly width: number;
  readonly elementType: ElementType;
  /** 'fused' when blocks close with Skip*LayerNormalization, 'plain' when with Add. */
  readonly style: 'fused' | 'plain';
  /** The stream before block 0. */
  readonly embedding: string;
  readonly steps: readonly ResidualStep[];
  /** One entry a block, in order. */
  readonly post: readonly ResidualPost[];
}

/** What the walk found, complete or not: the material of drawings and of error messages. */
export interface Spine {
  readonly graph: Graph;
  /** Where the walk began: the embedding's output or `inputs_embeds`; null when there is neither. */
  readonly start: string | null;
  readonly startOp: string | null;
  /** The stream before the first block. */
  readonly embedding: string | null;
  readonly steps: readonly ResidualStep[];
  /** Why the walk ended where it did. */
  readonly end: Message;
}

const SKIP_NORM = /^Skip(Simplified)?LayerNormalization$/;
const EMBEDDING = /^Gather(BlockQuantized)?$/;
/** What exporters put between `input_ids` and the embedding. */
const ID_SHAPERS = new Set([
  'Reshape',
  'Cast',
  'Identity',
  'Unsqueeze',
  'Squeeze',
  'Flatten',
  'Expand',
  'Clip',
  'Where',
]);
/** What models do to the embedding before the first block: dequantise it, scale it, normalise it, project it. */
const EMBEDDING_STEPS = new Set([
  'DequantizeLinear',
  'Mul',
  'Div',
  'LayerNormalization',
  'SimplifiedLayerNormalization',
  'RMSNormalization',
  'MatMul',
  'Reshape',
]);

/** Follows the spine as far as it goes. Never throws on a graph that parsed. */
export function traceSpine(model: OnnxModel): Spine {
  const graph = indexGraph(model);
  const end = message('spine.no-embedding');
  let best: Spine = { graph, start: null, startOp: null, embedding: null, steps: [], end };
  for (const { tensor, op } of starts(graph)) {
    const spine = follow(graph, tensor, op);
    if (!best.start || spine.steps.length > best.steps.length) best = spine;
  }
  return best;
}

function starts(graph: Graph): { tensor: string; op: string }[] {
  const found: { tensor: string; op: string }[] = [];
  if (graph.model.inputs.some((input) => input.name === 'inputs_embeds'))
    found.push({ tensor: 'inputs_embeds', op: 'graph input' });
  const queue = ['input_ids'];
  const seen = new Set(queue);
  for (let head = 0; head < queue.length; head++) {
    for (const { node, index } of graph.uses.get(queue[head]) ?? []) {
      const out = node.outputs[0];
      if (!out || seen.has(out)) continue;
      seen.add(out);
      if (EMBEDDING.test(node.op) && index === 1) found.push({ tensor: out, op: node.op });
      else if (ID_SHAPERS.has(node.op) && index !== 1) queue.push(out);
    }
  }
  return found;
}

function follow(graph: Graph, start: string, startOp: string): Spine {
  const stream = new Set<string>();
  const steps: ResidualStep[] = [];
  let embedding = start;
  let here: Alias | null = { name: start, rank: 3 };
  let block = -1;
  let end = message('spine.end');
  // Every step consumes a node of its own, so the spine cannot be longer than the graph.
  for (let guard = 0; guard <= graph.model.nodes.length && here !== null; guard++) {
    const names = aliases(graph, here.name, here.rank);
    for (const { name } of names) stream.add(name);
    const additions = names.flatMap(({ name, rank }) =>
      (graph.uses.get(name) ?? []).filter(isAddition).map((use) => ({ ...use, rank })),
    );
    const candidates = unique(additions).map((use) => {
      const branchIndex = (1 - use.index) as 0 | 1;
      return { ...use, branchIndex, origin: traceOrigin(graph, use.node.inputs[branchIndex], stream) };
    });
    const branches = candidates.filter((candidate) => candidate.origin.meetsStop);
    if (branches.length > 1) {
      end = message('spine.forked', { additions: branches.length });
      break;
    }
    const next = branches[0] ?? (block < 0 ? candidates[0] : undefined);
    if (next) {
      if (branches.length) block = next.origin.caches.at(-1) ?? block;
      const kind = SKIP_NORM.test(next.node.op) ? 'skip' : 'add';
      const tensor: string | null = next.node.outputs[kind === 'skip' ? 3 : 0] || null;
      const { node, rank, branchIndex } = next;
      steps.push({ block, node, kind, branchIndex, tensor, rank, readsCache: next.origin.caches.length > 0 });
      if (!branches.length && tensor) embedding = tensor;
      // A fused norm puts out the normalised stream beside the sum: branches start at either.
      for (const output of node.outputs) if (output) stream.add(output);
      here = tensor ? { name: tensor, rank } : null;
      if (!here) end = message('spine.norm');
      continue;
    }
    const transformed: string | null =
      block < 0 ? (embeddingStep(graph, names) ?? firstCarrier(graph, here.name)) : null;
    if (transformed) {
      embedding = transformed;
      here = { name: transformed, rank: 3 };
    } else {
      end = message('spine.end');
      break;
    }
  }
  return { graph, start, startOp, embedding, steps, end };
}

function isAddition(use: Use): boolean {
  if (use.index > 1 || !use.node.inputs[1 - use.index]) return false;
  return SKIP_NORM.test(use.node.op) || use.node.op === 'Add';
}

function unique<T extends Use>(uses: readonly T[]): T[] {
  const seen = new Set<OnnxNode>();
  return uses.filter(({ node }) => !seen.has(node) && seen.add(node));
}

/** The embedding after its one scaling, normalising or projecting node; null when several nodes read it. */
function embeddingStep(graph: Graph, names: readonly Alias[]): string | null {
  const readers = names
    .flatMap(({ name }) => graph.uses.get(name) ?? [])
    .filter(({ node }) => !readsShapeOnly(node) && !passesThrough(node));
  const [only] = readers;
  if (readers.length !== 1 || !EMBEDDING_STEPS.has(only.node.op)) return null;
  return only.node.outputs[0] || null;
}

/**
 * The tensor that the first block adds to, when more than one node lies between it and the embedding (a normalisation
 * written out in small steps): made from `start`, without a cache behind it, and an operand of an addition whose other
 * operand has one and was computed from it. Null when there is none.
 */
function firstCarrier(graph: Graph, start: string): string | null {
  const after = new Set([start]);
  const cached = new Set<string>();
  for (const node of graph.model.nodes) {
    if (readsShapeOnly(node)) continue;
    const [a, b] = node.inputs;
    if (isAddition({ node, index: 0 })) {
      const carrier =
        after.has(a) && !cached.has(a) && cached.has(b)
          ? a
          : after.has(b) && !cached.has(b) && cached.has(a)
            ? b
            : null;
      if (carrier && carrier !== start && traceOrigin(graph, carrier === a ? b : a, new Set([carrier])).meetsStop)
        return carrier;
    }
    const reads = (set: ReadonlySet<string>) => node.inputs.some((name) => set.has(name));
    const hasCache = reads(cached) || [...node.inputs, ...node.outputs].some((name) => graph.caches.has(name));
    for (const name of node.outputs) {
      if (name && reads(after)) after.add(name);
      if (name && hasCache) cached.add(name);
    }
  }
  return null;
}

/**
 * Finds the residual stream.
 *
 * @throws LabError `graph-unsupported` when the spine does not account for every block exactly
 *   once; the message says what was looked for and what was found, `params.spine` draws it
 */
export function findResidualStream(model: OnnxModel): ResidualStream {
  const spine = traceSpine(model);
  const { graph, steps } = spine;
  const caches = new Set(
    [...model.inputs, ...model.outputs].map((value) => cacheIndex(value.name)).filter((index) => index !== null),
  );
  const blocks = caches.size;
  const refuse = (found: Message): never => {
    throw new LabError('graph-unsupported.residual', {
      found,
      spine: drawSpineOf(spine),
      blocksWithCache: blocks,
      blocksOnSpine: new Set(steps.map((step) => step.block).filter((block) => block >= 0)).size,
    });
  };

  if (blocks === 0) refuse(message('spine.no-cache'));
  if (!spine.start || !spine.embedding) return refuse(spine.end);
  const inside = steps.filter((step, i) => step.block >= 0 || steps.slice(0, i).some((earlier) => earlier.block >= 0));
  const order = [...new Set(inside.map((step) => step.block))];
  if (order.length !== blocks || order.some((block, i) => block !== i)) {
    refuse(message('spine.blocks', { count: order.length, blocks: order.join(', '), end: spine.end }));
  }
  const perBlock = order.map((block) => inside.filter((step) => step.block === block));
  if (perBlock.some((own) => own.length !== perBlock[0].length)) {
    refuse(message('spine.uneven', { additions: perBlock.map((own) => own.length).join(', ') }));
  }

  const width = firstKnown([
    ...steps.filter((step) => step.kind === 'skip').map((step) => () => lastDimOf(graph, step.node.inputs[2] ?? '')),
    ...inside.map((step) => () => lastDimOf(graph, step.node.inputs[step.branchIndex])),
    () => lastDimOf(graph, spine.embedding!),
  ]);
  if (width === null || width < 2) return refuse(message('spine.width'));

  const closing = perBlock.map((own) => own[own.length - 1]);
  const post = closing.map((step, block): ResidualPost => {
    const { node, branchIndex } = step;
    const found = step.rank === 2 ? unflattened(graph, step) : { tensor: step.tensor, at: 'operand' as const };
    if (!found || step.rank === null) return refuse(message('spine.reshaped', { block }));
    const operands = found.at === 'stream' ? [found.tensor!] : [node.inputs[1 - branchIndex], node.inputs[branchIndex]];
    const elementType = firstKnown(operands.map((name) => () => elementTypeOf(graph, name)));
    if (!isFloat(elementType)) return refuse(message('spine.type', { block, type: elementType ?? '?' }));
    return { block, node, ...found, operand: (1 - branchIndex) as 0 | 1, elementType };
  });
  // What is added to the stream must be able to change the result.
  const ends = new Set([post[blocks - 1].tensor ?? '', ...closing[blocks - 1].node.outputs].filter(Boolean));
  if (model.outputs.some((output) => output.name === 'logits') && !traceOrigin(graph, 'logits', ends).meetsStop)
    refuse(message('spine.logits'));
  return {
    blocks,
    width,
    elementType: post[0].elementType,
    style: closing.some((step) => step.kind === 'skip') ? 'fused' : 'plain',
    embedding: spine.embedding,
    steps,
    post,
  };
}

/**
 * The stream in three dimensions after an addition in two; null when no Reshape makes it so, or when something reads it
 * before and would miss a vector added after.
 */
function unflattened(graph: Graph, step: ResidualStep): { tensor: string; at: 'stream' } | null {
  const known = new Map(
    step.tensor === null ? [] : aliases(graph, step.tensor, step.rank).map((alias) => [alias.name, alias]),
  );
  let here = step.tensor ? known.get(step.tensor) : undefined;
  while (here && here.rank !== 3) {
    const readers: Use[] = (graph.uses.get(here.name) ?? []).filter(({ node }) => !readsShapeOnly(node));
    here = readers.length === 1 ? known.get(readers[0].node.outputs[0]) : undefined;
  }
  return here ? { tensor: here.name, at: 'stream' } : null;
}

function firstKnown<T>(questions: readonly (() => T | null)[]): T | null {
  for (const ask of questions) {
    const answer = ask();
    if (answer !== null) return answer;
  }
  return null;
}

/**
 * A few lines of text that show the spine: where it starts, what each block adds, where it ends.
 * Works on any graph that parsed, supported or not.
 */
export function drawSpine(model: OnnxModel): string {
  return drawSpineOf(traceSpine(model));
}

/** Blocks drawn in full at either end; the rest of a deep model is one line. */
const DRAWN_BLOCKS = 3;

function drawSpineOf(spine: Spine): string {
  const { steps } = spine;
  if (!spine.start) return 'input_ids ─╳';
  const lines = [`${spine.start === 'inputs_embeds' ? 'inputs_embeds' : `input_ids ─ ${spine.startOp}`}`];
  const last = steps.at(-1)?.block ?? -1;
  let skipped = false;
  steps.forEach((step, i) => {
    if (step.block >= DRAWN_BLOCKS && step.block < last - DRAWN_BLOCKS + 1) {
      if (!skipped) lines.push(` ┊  blocks ${DRAWN_BLOCKS}–${last - DRAWN_BLOCKS}, alike`);
      skipped = true;
      return;
    }
    const closes = steps[i + 1]?.block !== step.block;
    const alone = closes && steps[i - 1]?.block !== step.block;
    if (step.block < 0) lines.push(` ┼─ positions  (${step.node.op})`);
    else {
      const branch = step.readsCache ? (alone ? 'attention + feed-forward' : 'attention') : 'feed-forward';
      lines.push(
        ` ┼─ block ${step.block} ${branch}  (${step.node.op})${closes ? `  → resid_post[${step.block}]` : ''}`,
      );
    }
  });
  lines.push(' ╵');
  return lines.join('\n');
}
