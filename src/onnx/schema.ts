/**
 * The parts of the ONNX schema (onnx.proto3) that the lab reads and writes:
 * field numbers, element types, and encoders of the few messages it adds.
 */
import { concatenate } from '../base/bytes';
import { bytesField, integerField, textField } from './wire';

/** ModelProto field numbers. */
export const MODEL = { irVersion: 1, producerName: 2, producerVersion: 3, graph: 7, opset: 8 } as const;
/** GraphProto field numbers. */
export const GRAPH = { node: 1, name: 2, initialiser: 5, input: 11, output: 12, valueInfo: 13 } as const;
/** NodeProto field numbers. */
export const NODE = { input: 1, output: 2, name: 3, op: 4, attribute: 5, domain: 7 } as const;
/** AttributeProto field numbers. */
export const ATTRIBUTE = { name: 1, int: 3, string: 4, tensor: 5, graph: 6, ints: 8, graphs: 11, type: 20 } as const;
/** TensorProto field numbers. */
export const TENSOR = { dims: 1, type: 2, floats: 4, int32s: 5, name: 8, raw: 9, external: 13, location: 14 } as const;

/** AttributeProto.type codes of the attributes the lab writes. */
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_TENSOR = 4;
const ATTRIBUTE_INTS = 7;
/** TensorProto.data_location: the data lies in another file. */
export const LOCATION_EXTERNAL = 1;

/** TensorProto.DataType names by code, spelt as onnxruntime-web spells its tensor types. */
const ELEMENT_TYPES = [
  'undefined',
  'float32',
  'uint8',
  'int8',
  'uint16',
  'int16',
  'int32',
  'int64',
  'string',
  'bool',
  'float16',
  'float64',
  'uint32',
  'uint64',
  'complex64',
  'complex128',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'uint4',
  'int4',
  'float4e2m1',
  'float8e8m0',
  'uint2',
  'int2',
] as const;

export type ElementType = (typeof ELEMENT_TYPES)[number];

/** The element type of a TensorProto.DataType code; codes from a later schema read as 'undefined'. */
export function elementTypeName(code: number): ElementType {
  return ELEMENT_TYPES[code] ?? 'undefined';
}

/** The TensorProto.DataType code of an element type. */
export function elementTypeCode(type: ElementType): number {
  return ELEMENT_TYPES.indexOf(type);
}

/** True for the types a residual stream can have. */
export function isFloat(type: ElementType | null): type is 'float32' | 'float16' | 'bfloat16' | 'float64' {
  return type === 'float32' || type === 'float16' || type === 'bfloat16' || type === 'float64';
}

/** A dimension: a number, a symbol, or null where the file says nothing. */
export type Dim = number | string | null;

/** A ValueInfoProto as field `field` of a graph (an input, an output or a value_info). */
export function encodeValueInfo(field: number, name: string, type: ElementType, dims: readonly Dim[]): Uint8Array {
  const shape = dims.map((dim) => {
    if (dim === null) return bytesField(1);
    return bytesField(1, typeof dim === 'string' ? textField(2, dim) : integerField(1, dim));
  });
  const tensor = bytesField(1, integerField(1, elementTypeCode(type)), bytesField(2, ...shape));
  return bytesField(field, textField(1, name), bytesField(2, tensor));
}

/** A NodeProto as a field of a graph. `attributes` are encoded AttributeProto fields. */
export function encodeNode(
  op: string,
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Uint8Array[] = [],
): Uint8Array {
  return bytesField(
    GRAPH.node,
    ...inputs.map((text) => textField(NODE.input, text)),
    ...outputs.map((text) => textField(NODE.output, text)),
    textField(NODE.name, name),
    textField(NODE.op, op),
    ...attributes,
  );
}

/** An integer attribute of a node. */
export function encodeIntAttribute(name: string, value: number): Uint8Array {
  return bytesField(
    NODE.attribute,
    textField(ATTRIBUTE.name, name),
    integerField(ATTRIBUTE.int, value),
    integerField(ATTRIBUTE.type, ATTRIBUTE_INT),
  );
}

/** A list-of-integers attribute of a node. */
export function encodeIntsAttribute(name: string, values: readonly number[]): Uint8Array {
  return bytesField(
    NODE.attribute,
    textField(ATTRIBUTE.name, name),
    ...values.map((value) => integerField(ATTRIBUTE.ints, value)),
    integerField(ATTRIBUTE.type, ATTRIBUTE_INTS),
  );
}

/** The `value` attribute of a Constant node that holds a vector of int64, shape `[values.length]`. */
export function encodeInt64Value(values: readonly number[]): Uint8Array {
  return encodeValue('int64', values.length, BigInt64Array.from(values, BigInt));
}

/** The same of float32. */
export function encodeFloatValue(values: readonly number[]): Uint8Array {
  return encodeValue('float32', values.length, Float32Array.from(values));
}

function encodeValue(type: ElementType, length: number, values: BigInt64Array | Float32Array): Uint8Array {
  const tensor = concatenate([
    integerField(TENSOR.dims, length),
    integerField(TENSOR.type, elementTypeCode(type)),
    bytesField(TENSOR.raw, new Uint8Array(values.buffer as ArrayBuffer)),
  ]);
  return bytesField(
    NODE.attribute,
    textField(ATTRIBUTE.name, 'value'),
    bytesField(ATTRIBUTE.tensor, tensor),
    integerField(ATTRIBUTE.type, ATTRIBUTE_TENSOR),
  );
}

/** One StringStringEntryProto of a tensor's external_data. */
export function encodeExternalEntry(key: string, value: string): Uint8Array {
  return bytesField(TENSOR.external, textField(1, key), textField(2, value));
}
