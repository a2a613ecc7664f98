/**
 * Brings a decoder's outside into one form: the names that Optimum gives to inputs and outputs, and one graph
 * for the prompt and one for what follows where an export holds both behind an If.
 *
 * Nothing is copied or written here: the results are views into the same bytes, and `editGraph` writes them.
 */
import { LabError } from '../experiment/errors';
import { indexGraph, passesThrough, type Graph } from './graph';
import {
  readGraph,
  readModel,
  type GraphItem,
  type GraphParts,
  type OnnxModel,
  type OnnxNode,
  type OnnxValue,
} from './model';
import { isFloat } from './schema';

/** A decoder as it is run. The two graphs are one and the same but for a merged export. */
export interface Decoder {
  /** Reads whole texts from an empty cache. */
  readonly prompt: OnnxModel;
  /** Takes `past_key_values.*`. */
  readonly step: OnnxModel;
  /** True when the two differ. */
  readonly merged: boolean;
}

/**
 * Reads a decoder.
 * @param source the whole .onnx file, or what `readModel` made of it
 * @throws LabError `model-truncated`, `model-invalid`, or `graph-unsupported` for another kind of model, when an If has no branch with and
 *   one without a cache, or when it is unclear which output holds the logits or a block's cache
 */
export function readDecoder(source: Uint8Array | OnnxModel): Decoder {
  const model = source instanceof Uint8Array ? readModel(source) : source;
  refuseOtherKinds(model);
  const branches = branchesOf(model);
  if (branches) return { prompt: standardNames(branches.prompt), step: standardNames(branches.step), merged: true };
  const standard = standardNames(model);
  return { prompt: standard, step: standard, merged: false };
}

/** Inputs of a state that is not the keys and values of attention: convolutions, selective state spaces, recurrences. */
const STATE = /(^|[._])(conv|ssm|recurrent|rnn|mamba|linear_attn)([._]?(states?|cache))?([._]|$)/i;

/**
 * Refuses, in terms of what the model is, what no later step could use.
 * @throws LabError `graph-unsupported.cross`, `.embeddings`, `.state` or `.hidden-output`
 */
function refuseOtherKinds({ inputs, outputs }: OnnxModel): void {
  const named = (pattern: RegExp): OnnxValue | undefined => inputs.find(({ name }) => pattern.test(name));
  const cross = named(/^encoder_(hidden_states|attention_mask|outputs?)$|[._]encoder[._](key|value)$/);
  if (cross) throw new LabError('graph-unsupported.cross', { input: cross.name });
  if (!named(/^input_ids$/) && named(/^inputs?_embeds$/)) throw new LabError('graph-unsupported.embeddings');
  if (named(STATE))
    throw new LabError('graph-unsupported.state', { inputs: inputs.map(({ name }) => name).join(', ') });
  const hidden = outputs.find(({ name }) =>
    /^(last_)?hidden_states?$|^(pooler_output|sentence_embedding|token_embeddings)$/.test(name),
  );
  if (hidden && !outputs.some(({ name }) => name === 'logits'))
    throw new LabError('graph-unsupported.hidden-output', { output: hidden.name });
}

/**
 * The two graphs of a "merged" export (Optimum until 1.14): one If on `use_cache_branch`, whose branches hold the
 * nodes and whose weights lie outside. Null for any other model.
 */
function branchesOf(model: OnnxModel): { prompt: OnnxModel; step: OnnxModel } | null {
  const fork = model.nodes.find((node) => node.op === 'If' && node.captured.includes('input_ids'));
  if (!fork) return null;
  const flat = ['then_branch', 'else_branch'].map((name) => {
    const span = fork.attributes.find((attribute) => attribute.name === name)?.graph;
    return span ? inlined(model, fork, readGraph(model.bytes, span)) : null;
  });
  const withPast = flat.filter((branch) => branch?.inputs.some((input) => cachePort(input.name)));
  const without = flat.filter((branch) => branch && !withPast.includes(branch));
  if (withPast.length !== 1 || without.length !== 1) {
    throw new LabError('graph-unsupported.merged', { branchesWithCache: withPast.length });
  }
  const [prompt, step] = [without[0]!, withPast[0]!];
  return { prompt: { ...prompt, outputs: prompt.outputs.map((output) => sized(output, step)) }, step };
}

/** An output of the cache with the sizes that the cache's input has: such files do not repeat them. */
function sized(output: OnnxValue, step: OnnxModel): OnnxValue {
  const past = step.inputs.find((input) => input.name === output.name.replace(/^present\./, 'past_key_values.'));
  if (!past || past === output || past.dims.length !== 4) return output;
  return { ...output, dims: past.dims.map((dim, axis) => (axis === 1 || axis === 3 ? dim : null)) };
}

/** The model with the If replaced by the contents of one branch, and without the inputs that only the other reads. */
function inlined(model: OnnxModel, fork: OnnxNode, branch: GraphParts): OnnxModel {
  const names = new Map(branch.outputs.map((output, i) => [output.name, fork.outputs[i]]));
  const inside = renamed(
    {
      ...model,
      ...branch,
      items: branch.items.filter(
        (item) =>
          item.node ||
          item.initialiser ||
          (item.info && branch.valueInfo.has(item.info.name) && !branch.outputs.includes(item.info)),
      ),
    },
    names,
  );
  const nodes = model.nodes.flatMap((node) => (node === fork ? inside.nodes : [node]));
  const read = new Set(nodes.flatMap((node) => [...node.inputs, ...node.captured]));
  const inputs = model.inputs.filter((input) => read.has(input.name));
  const items = model.items.flatMap((item) => {
    if (item.node === fork) return inside.items;
    return item.info && model.inputs.includes(item.info) && !inputs.includes(item.info) ? [] : [item];
  });
  return {
    ...model,
    nodes,
    inputs,
    items,
    initialisers: new Map([...model.initialisers, ...branch.initialisers]),
    valueInfo: new Map([...model.valueInfo, ...inside.valueInfo]),
  };
}

/** The model with tensors called otherwise, wherever they are named but in subgraphs. */
function renamed(model: OnnxModel, names: ReadonlyMap<string, string>): OnnxModel {
  if ([...names].every(([from, to]) => from === to)) return model;
  const to = (name: string): string => names.get(name) ?? name;
  const nodes = new Map(
    model.nodes.map((node) => {
      if (![...node.inputs, ...node.outputs].some((name) => names.has(name))) return [node, node];
      return [node, { ...node, inputs: node.inputs.map(to), outputs: node.outputs.map(to), renamed: true }];
    }),
  );
  const values = new Map<OnnxValue, OnnxValue>();
  const value = (info: OnnxValue): OnnxValue => {
    if (!names.has(info.name)) return info;
    const other = values.get(info) ?? { ...info, name: to(info.name), renamed: true };
    values.set(info, other);
    return other;
  };
  return {
    ...model,
    nodes: [...nodes.values()],
    inputs: model.inputs.map(value),
    outputs: model.outputs.map(value),
    valueInfo: new Map([...model.valueInfo.values()].map((info) => [to(info.name), value(info)])),
    items: model.items.map((item): GraphItem => {
      if (item.node) return { ...item, node: nodes.get(item.node)! };
      return item.info ? { ...item, info: value(item.info) } : item;
    }),
  };
}

/** One half of a block's cache. */
interface Port {
  readonly block: number;
  readonly part: 'key' | 'value';
}

const PART = { key: 'key', value: 'value', k: 'key', v: 'value', 0: 'key', 1: 'value' } as const;

/** The cache input of this name, in the spellings of the exporters; null for other names. */
function cachePort(name: string): Port | null {
  // Optimum and the model builder; torch.export of a list of pairs.
  let match = /^past(?:_key_values)?[._](\d+)[._](key|value|k|v|[01])$/.exec(name);
  if (match) return { block: Number(match[1]), part: PART[match[2] as keyof typeof PART] };
  // torch.export of a DynamicCache.
  match =
    /^(?:past_key_values[._])?(key|value)_cache[._](\d+)$/.exec(name) ?? /^past[._](key|value)[._](\d+)$/.exec(name);
  return match ? { block: Number(match[2]), part: match[1] as 'key' | 'value' } : null;
}

/** The model with inputs `past_key_values.N.key|value` and outputs `present.N.key|value` and `logits`. */
function standardNames(model: OnnxModel): OnnxModel {
  const names = new Map<string, string>();
  const presents = new Set(
    model.outputs.map((output) => output.name).filter((name) => /^present\.\d+\.(key|value)$/.test(name)),
  );
  const graph = indexGraph(model);
  for (const input of model.inputs) {
    const port = cachePort(input.name);
    if (!port) continue;
    names.set(input.name, `past_key_values.${port.block}.${port.part}`);
    const present = `present.${port.block}.${port.part}`;
    if (presents.has(present)) continue;
    const output = continuation(graph, input.name);
    if (output) names.set(output, present);
  }
  if (!model.outputs.some((output) => output.name === 'logits')) {
    const rest = model.outputs.filter(
      (output) => !presents.has(output.name) && !names.has(output.name) && isFloat(output.elementType),
    );
    if (rest.length === 1) names.set(rest[0].name, 'logits');
  }
  for (const [from, to] of names) if (from === to) names.delete(from);
  const clash = [...names.values()].find(
    (name, i, all) => all.indexOf(name) !== i || graph.producers.has(name) || graph.uses.has(name),
  );
  const captured = [...names.keys()].find((name) => model.nodes.some((node) => node.captured.includes(name)));
  if (clash !== undefined || captured !== undefined) {
    throw new LabError('graph-unsupported.names', {
      name: clash ?? captured!,
      inputs: model.inputs.map((input) => input.name).join(', '),
    });
  }
  return renamed(model, names);
}

/** Outputs that carry the cache on, by operator: from which input to which output. */
const CARRIES: Record<string, readonly (readonly [number, number])[]> = {
  GroupQueryAttention: [
    [3, 1],
    [4, 2],
  ],
  MultiHeadAttention: [
    [6, 1],
    [7, 2],
  ],
  Attention: [
    [4, 1],
    [5, 2],
  ],
};

/** The graph output that a cache input becomes by appending; null when there is none. */
function continuation(graph: Graph, input: string): string | null {
  const outputs = new Set(graph.model.outputs.map((output) => output.name));
  const queue = [input];
  const seen = new Set(queue);
  for (let head = 0; head < queue.length; head++) {
    if (outputs.has(queue[head])) return queue[head];
    for (const { node, index } of graph.uses.get(queue[head]) ?? []) {
      const carried = CARRIES[node.op]?.find(([from]) => from === index)?.[1];
      const out = node.outputs[carried ?? 0];
      if ((carried !== undefined || node.op === 'Concat' || passesThrough(node)) && out && !seen.has(out)) {
        seen.add(out);
        queue.push(out);
      }
    }
  }
  return null;
}
