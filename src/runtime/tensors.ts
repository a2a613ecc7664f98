/** Between our float32 arrays and ONNX Runtime's tensors, float16 graphs included. */
import { LabError } from '../experiment/errors';
import { fromHalf, toHalf } from '../experiment/half';

import type { Ort, Tensor } from './ort';

export type FloatType = 'float32' | 'float16';
/** Inputs or outputs of a session by name. */
export type Feeds = Record<string, Tensor>;

/** A CPU tensor of float values in the type that the graph wants. */
export function floatTensor(ort: Ort, type: FloatType, data: Float32Array, dims: readonly number[]): Tensor {
  return type === 'float32' ? new ort.Tensor('float32', data, dims) : new ort.Tensor('float16', toHalf(data), dims);
}

/** An int64 CPU tensor. */
export function intTensor(ort: Ort, data: BigInt64Array, dims: readonly number[]): Tensor {
  return new ort.Tensor('int64', data, dims);
}

/** The values of a CPU tensor as float32; float32 tensors are not copied. @throws LabError `graph-unsupported` for other types */
export function floatData(tensor: Tensor): Float32Array {
  const { data } = tensor;
  if (data instanceof Float32Array) return data;
  if (tensor.type === 'float16') {
    if (data instanceof Uint16Array) return fromHalf(data);
    return Float32Array.from(data as unknown as ArrayLike<number>);
  }
  throw new LabError('graph-unsupported.tensor-type', { type: tensor.type });
}

export { fromHalf, toHalf };
