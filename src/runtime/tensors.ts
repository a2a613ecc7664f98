/** Between our float32 arrays and ONNX Runtime's tensors, float16 graphs included. */
import { LabError } from '../experiment/errors';
import type { Ort, Tensor } from './ort';

export type FloatType = 'float32' | 'float16';

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

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** float32 → IEEE half precision bits, rounding to nearest even; too large becomes infinity. */
export function toHalf(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    float[0] = values[i];
    const b = bits[0];
    const sign = (b >>> 16) & 0x8000;
    const magnitude = b & 0x7fffffff;
    if (magnitude > 0x7f800000) out[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) out[i] = sign | 0x7c00;
    else if (magnitude >= 0x38800000)
      out[i] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    else {
      // Subnormal: adding 0.5 aligns the mantissa so that the hardware does the rounding.
      bits[0] = magnitude;
      float[0] += 0.5;
      out[i] = sign | (bits[0] - 0x3f000000);
    }
  }
  return out;
}

/** IEEE half precision bits → float32, exact. */
export function fromHalf(values: Uint16Array): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const h = values[i];
    const exponent = (h >>> 10) & 31;
    const mantissa = h & 0x3ff;
    const value =
      exponent === 0
        ? mantissa * 2 ** -24
        : exponent === 31
          ? mantissa
            ? NaN
            : Infinity
          : (mantissa + 1024) * 2 ** (exponent - 25);
    out[i] = h & 0x8000 ? -value : value;
  }
  return out;
}
