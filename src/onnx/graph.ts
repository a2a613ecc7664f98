/**
 * Questions about a graph: who makes a tensor, who reads it, what it depends on,
 * what type and what last dimension it has.
 */
import type { OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from './model';
import { elementTypeName, type ElementType } from './schema';

/** One use of a tensor: input `index` of `node`. */
export interface Use {
  readonly node: OnnxNode;
  readonly index: number;
}

export interface Graph {
  readonly model: OnnxModel;
  readonly producers: ReadonlyMap<string, OnnxNode>;
  readonly uses: ReadonlyMap<string, readonly Use[]>;
  /** What the file says about types and shapes: value_info, inputs and outputs. */
  readonly declared: ReadonlyMap<string, OnnxValue>;
  /** The block whose keys or values a tensor is: inputs and outputs of the cache, and what the outputs are cut from. */
  readonly caches: ReadonlyMap<string, number>;
}

export function indexGraph(model: OnnxModel): Graph {
  const producers = new Map<string, OnnxNode>();
  const uses = new Map<string, Use[]>();
  for (const node of model.nodes) {
    for (const name of node.outputs) if (name) producers.set(name, node);
    node.inputs.forEach((name, index) => {
      if (!name) return;
      const list = uses.get(name);
      if (list) list.push({ node, index });
      else uses.set(name, [{ node, index }]);
    });
  }
  const declared = new Map<string, OnnxValue>([...model.outputs, ...model.inputs].map((value) => [value.name, value]));
  for (const [name, value] of model.valueInfo) declared.set(name, value);
  return { model, producers, uses, declared, caches: cacheTensors(model, producers) };
}

/** Operators between the keys that attention reads and the cache that is put out: a sliding window is a Slice. */
const CUTS = new Set(['Slice', 'Concat', 'Identity', 'Cast', 'Transpose']);

/**
 * Attention reads the keys that it puts out, so that the outputs tell the blocks apart where a graph for prompts has no
 * cache inputs.
 */
function cacheTensors(model: OnnxModel, producers: ReadonlyMap<string, OnnxNode>): Map<string, number> {
  const caches = new Map<string, number>();
  for (const { name } of [...model.inputs, ...model.outputs]) {
    const block = cacheIndex(name);
    if (block === null) continue;
    const queue = [name];
    for (let here = queue.pop(); here !== undefined; here = queue.pop()) {
      if (caches.has(here)) continue;
      caches.set(here, block);
      const node = producers.get(here);
      if (node && CUTS.has(node.op))
        queue.push(...node.inputs.slice(0, node.op === 'Concat' ? undefined : 1).filter(Boolean));
    }
  }
  return caches;
}

/** Operators whose output says how large their input is, not what it holds. */
const SIZE_ONLY = new Set(['Shape', 'Size']);
/** Operators that hand their first input on unchanged, or changed in type alone. */
const PASS_THROUGH = new Set(['Identity', 'Cast', 'Dropout']);

/** True for operators that read only the shape of what they are given. */
export function readsShapeOnly(node: OnnxNode): boolean {
  return SIZE_ONLY.has(node.op);
}

/** True for the no-op Cast and Identity nodes that exporters leave on the stream. */
export function passesThrough(node: OnnxNode): boolean {
  return PASS_THROUGH.has(node.op);
}

/** What the value of a tensor depends on. */
export interface Origin {
  /** The blocks whose keys or values lie behind the tensor, ascending. */
  readonly caches: readonly number[];
  /** Whether the walk met one of the `stop` tensors. */
  readonly meetsStop: boolean;
}

const CACHE = /^(?:past_key_values|present)\.(\d+)\./;

/** The block index in the name of a cache input or output, or null for any other tensor. */
export function cacheIndex(name: string): number | null {
  const match = CACHE.exec(name);
  return match ? Number(match[1]) : null;
}

/**
 * Walks back from `tensor` along values, not along shapes: masks and position ids are
 * often sized by `past_key_values.0.key`, and that must not label a block.
 *
 * @param stop tensors at which the walk ends
 */
export function traceOrigin(graph: Graph, tensor: string, stop: ReadonlySet<string>): Origin {
  const seen = new Set([tensor]);
  const queue = [tensor];
  const caches = new Set<number>();
  let meetsStop = false;
  for (let head = 0; head < queue.length; head++) {
    const name = queue[head];
    if (stop.has(name)) {
      meetsStop = true;
      continue;
    }
    const cache = graph.caches.get(name);
    if (cache !== undefined) caches.add(cache);
    const node = graph.producers.get(name);
    if (!node || readsShapeOnly(node)) continue;
    for (const input of node.inputs) {
      if (input && !seen.has(input)) {
        seen.add(input);
        queue.push(input);
      }
    }
  }
  return { caches: [...caches].sort((a, b) => a - b), meetsStop };
}

/** Operators that change the shape alone. */
const RESHAPES = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);

/** A tensor that holds the numbers of another, and its rank; null where it cannot be told. */
export interface Alias {
  readonly name: string;
  readonly rank: number | null;
}

/** `tensor` and every tensor that is the same up to Cast, Identity and reshaping, going forward. */
export function aliases(graph: Graph, tensor: string, rank: number | null): Alias[] {
  const out: Alias[] = [{ name: tensor, rank }];
  const seen = new Set([tensor]);
  for (let head = 0; head < out.length; head++) {
    for (const { node, index } of graph.uses.get(out[head].name) ?? []) {
      const name = node.outputs[0];
      if (index !== 0 || !name || seen.has(name)) continue;
      if (passesThrough(node)) out.push({ name, rank: out[head].rank });
      else if (RESHAPES.has(node.op)) out.push({ name, rank: reshapedRank(graph, node, name) });
      else continue;
      seen.add(name);
    }
  }
  return out;
}

/** The rank of what a reshaping node gives: as declared, or as many as the numbers of the shape it is given. */
function reshapedRank(graph: Graph, node: OnnxNode, output: string): number | null {
  if (node.op === 'Flatten') return 2;
  const declared = graph.declared.get(output);
  if (declared && declared.dims.length > 0) return declared.dims.length;
  return node.op === 'Reshape' ? lengthOf(graph, node.inputs[1] ?? '') : null;
}

/** How many numbers a shape tensor holds; null where it cannot be told. */
function lengthOf(graph: Graph, name: string, steps = MAX_STEPS): number | null {
  const stored = storedTensor(graph, name);
  if (stored) return stored.dims.reduce((a, b) => a * b, 1);
  const declared = graph.declared.get(name)?.dims;
  if (declared?.length === 1 && typeof declared[0] === 'number') return declared[0];
  const node = graph.producers.get(name);
  if (!node || steps === 0) return null;
  if (passesThrough(node)) return lengthOf(graph, node.inputs[0], steps - 1);
  // A scalar made a vector.
  if (node.op === 'Unsqueeze') return 1;
  if (node.op === 'Constant')
    return node.attributes.find((attribute) => attribute.name === 'value_ints')?.ints.length ?? null;
  if (node.op === 'Reshape' && storedTensor(graph, node.inputs[1])?.dims[0] === 1)
    return lengthOf(graph, node.inputs[0], steps - 1) ?? 1;
  if (node.op !== 'Concat') return null;
  const parts = node.inputs.map((input) => lengthOf(graph, input, steps - 1));
  return parts.includes(null) ? null : parts.reduce((a, b) => a! + b!, 0);
}

/** How far the type and shape questions walk: real answers lie within a few nodes. */
const MAX_STEPS = 24;

/** An initialiser, or the value of the Constant node that makes `name`. */
export function storedTensor(graph: Graph, name: string): OnnxTensor | null {
  const initialiser = graph.model.initialisers.get(name);
  if (initialiser) return initialiser;
  const node = graph.producers.get(name);
  if (node?.op !== 'Constant') return null;
  return node.attributes.find((attribute) => attribute.name === 'value')?.tensor ?? null;
}

/** An integer attribute of a node, or null. */
export function intAttribute(node: OnnxNode, name: string): number | null {
  return node.attributes.find((attribute) => attribute.name === name)?.int ?? null;
}

/** The element type of a tensor, from declarations or from what makes it; null when neither tells. */
export function elementTypeOf(graph: Graph, name: string, steps = MAX_STEPS): ElementType | null {
  const declared = graph.declared.get(name)?.elementType;
  if (declared && declared !== 'undefined') return declared;
  const stored = storedTensor(graph, name);
  if (stored) return stored.elementType;
  const node = graph.producers.get(name);
  if (!node || steps === 0) return null;
  if (node.op === 'Cast') return elementTypeName(intAttribute(node, 'to') ?? 0);
  if (readsShapeOnly(node)) return 'int64';
  // The first input is the packed weight's partner, not its type: the scales and the activations share theirs.
  const order =
    node.op === 'DequantizeLinear'
      ? [1]
      : node.op === 'GatherBlockQuantized'
        ? [2]
        : node.op === 'Where'
          ? [1, 2]
          : node.inputs.map((_, i) => i);
  // Stored operands first: they answer at once, where an activation may need a long walk.
  const operands = order.map((index) => node.inputs[index]).filter(Boolean);
  for (const operand of operands) {
    const type = storedTensor(graph, operand)?.elementType;
    if (type && /float/.test(type)) return type;
  }
  for (const operand of operands) {
    const type = elementTypeOf(graph, operand, steps - 1);
    if (type && /float/.test(type)) return type;
  }
  return null;
}

/** The size of a tensor's last axis, from declarations or weights; null when neither tells. */
export function lastDimOf(graph: Graph, name: string, steps = MAX_STEPS): number | null {
  const declared = graph.declared.get(name)?.dims.at(-1);
  if (typeof declared === 'number' && declared > 0) return declared;
  const stored = storedTensor(graph, name);
  if (stored) return stored.dims.at(-1) ?? null;
  const node = graph.producers.get(name);
  if (!node || steps === 0) return null;
  const of = (index: number) => (node.inputs[index] ? lastDimOf(graph, node.inputs[index], steps - 1) : null);
  switch (node.op) {
    case 'MatMul':
    case 'MatMulInteger':
    case 'FusedMatMul':
      return of(1);
    case 'Gemm':
      return intAttribute(node, 'transB') === 1 ? (storedTensor(graph, node.inputs[1])?.dims[0] ?? null) : of(1);
    case 'MatMulNBits':
      return intAttribute(node, 'N');
    case 'Transpose':
      // Only the plain transpose of a stored matrix, as tied embeddings use it.
      return storedTensor(graph, node.inputs[0])?.dims.length === 2
        ? storedTensor(graph, node.inputs[0])!.dims[0]
        : null;
    case 'LayerNormalization':
    case 'SimplifiedLayerNormalization':
    case 'RMSNormalization':
      return of(1) ?? of(0);
    case 'SkipLayerNormalization':
    case 'SkipSimplifiedLayerNormalization':
      return of(2) ?? of(0);
    case 'Gather':
    case 'Cast':
    case 'Identity':
    case 'Dropout':
    case 'DequantizeLinear':
    case 'Tanh':
      return of(0);
    case 'Add':
    case 'Sub':
    case 'Mul':
    case 'Div': {
      // Broadcasting: an operand of size 1 says nothing about the result.
      const sides = [of(0), of(1)].filter((side): side is number => side !== null && side > 1);
      return sides[0] ?? null;
    }
    default:
      return null;
  }
}
