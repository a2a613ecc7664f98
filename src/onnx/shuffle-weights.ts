/** A model that has learnt nothing, from one that has: the same graph with the entries of its matrices in a random order. */
import { concatenate } from '../base/bytes';
import { LabError } from '../experiment/errors';
import { Random } from '../math/random';
import { readGraph, readModel, type GraphParts, type OnnxModel, type OnnxTensor } from './model';

/** Bytes of a graph, and of the files beside it that hold weights. */
export interface WeightFiles {
  graph: Uint8Array;
  external: { path: string; data: Uint8Array }[];
}

/** Operators one of whose operands is a matrix of weights, quantised or not. */
const PRODUCT =
  /^(MatMul|MatMulNBits|MatMulInteger|FusedMatMul|DynamicQuantizeMatMul|Gemm|Attention|DequantizeLinear|GatherBlockQuantized)$/;
/** Operators that hand a matrix on, or look rows up in one: a weight where one of its sides is the width of the stream. */
const CARRIER = /^(Gather|Transpose|Cast|Identity)$/;

/**
 * Copies with the entries of every matrix of weights in a random order, each within its matrix: embeddings, projections and
 * head keep the distribution of their entries exactly, and lose what they say. Vectors (norms, biases), scales of quantised
 * weights and tables of positions that rotate (`cos`, `sin`) stay as they are. What shares a byte in a quantised weight
 * stays together.
 * @param width of the residual stream
 * @throws LabError `model-invalid`, `model-truncated`; `graph-unsupported.weights` where no matrix is found
 */
export function shuffleWeights({ graph, external }: WeightFiles, width: number, seed: number): WeightFiles {
  const bytes = graph.slice();
  const model = readModel(bytes);
  const copies = external.map(({ path, data }) => ({ path, data: data.slice() }));
  const random = new Random(seed);
  let shuffled = 0;
  for (const tensor of model.initialisers.values()) {
    if (!isWeight(tensor, model, width)) continue;
    if (shuffleTensor(tensor, bytes, copies, random)) shuffled++;
  }
  if (shuffled === 0) throw new LabError('graph-unsupported.weights');
  return { graph: bytes, external: copies };
}

function isWeight({ name, dims }: OnnxTensor, model: OnnxModel, width: number): boolean {
  if (dims.filter((size) => size > 1).length < 2) return false;
  const uses = usesOf(model).get(name) ?? [];
  return uses.some(
    ({ op, operand }) =>
      // The first operand of a product is the state, but of these two, and scales come third.
      (PRODUCT.test(op) && operand === (/^(DequantizeLinear|GatherBlockQuantized)$/.test(op) ? 0 : 1)) ||
      (CARRIER.test(op) && operand === 0 && dims.length === 2 && dims.includes(width)),
  );
}

type Use = { op: string; operand: number };
const known = new WeakMap<OnnxModel, Map<string, Use[]>>();

/** Which operators take a tensor, and as which operand; those of subgraphs among them. */
function usesOf(model: OnnxModel): Map<string, Use[]> {
  const found = known.get(model) ?? new Map<string, Use[]>();
  if (found.size > 0) return found;
  known.set(model, found);
  const visit = ({ nodes }: Pick<GraphParts, 'nodes'>): void => {
    for (const { op, inputs, attributes } of nodes) {
      inputs.forEach((name, operand) => {
        const uses = found.get(name);
        if (uses) uses.push({ op, operand });
        else found.set(name, [{ op, operand }]);
      });
      for (const { graph } of attributes) if (graph) visit(readGraph(model.bytes, graph));
    }
  };
  visit(model);
  return found;
}

/** Shuffles in place. @returns whether there was anything to shuffle */
function shuffleTensor(
  { dims, raw, floats, external }: OnnxTensor,
  bytes: Uint8Array,
  files: readonly { path: string; data: Uint8Array }[],
  random: Random,
): boolean {
  const parts: Uint8Array[] = [];
  if (external) {
    const file = files.find(({ path }) => path === external.path)?.data;
    if (file)
      parts.push(
        file.subarray(external.offset, external.length === null ? undefined : external.offset + external.length),
      );
  } else if (raw) parts.push(bytes.subarray(raw.start, raw.end));
  else parts.push(...floats.map(({ start, end }) => bytes.subarray(start, end)));
  const size = parts.reduce((sum, { length }) => sum + length, 0);
  const count = dims.reduce((a, b) => a * b, 1);
  const each = Math.max(1, Math.floor(size / count));
  const entries = Math.floor(size / each);
  if (entries < 2) return false;
  const whole = parts.length === 1 ? parts[0] : concatenate(parts);
  const kept = whole.slice();
  const order = random.permutation(entries);
  for (let i = 0; i < entries; i++) {
    const from = order[i] * each;
    for (let b = 0; b < each; b++) whole[i * each + b] = kept[from + b];
  }
  if (parts.length > 1) {
    let at = 0;
    for (const part of parts) part.set(whole.subarray(at, (at += part.length)));
  }
  return true;
}
