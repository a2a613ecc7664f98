/**
 * safetensors: an 8-byte little-endian header length, a JSON header (padded with spaces to 8 bytes), the tensors' bytes
 * without gaps. Vectors and maps are written as float32; float16 and bfloat16 are read too.
 */
import { z } from 'zod';
import { LabError } from '../experiment/errors';
import { problemList, problemsOf } from '../experiment/problems';
import { ByteReader, concatenate, floatBytes, padding, requireFinite, u64Bytes, utf8 } from './bytes';

/** A tensor with its shape, row-major. */
export interface Tensor {
  shape: readonly number[];
  values: Float32Array;
}

export interface TensorFile {
  tensors: Readonly<Record<string, Tensor>>;
  /** Texts of the header's `__metadata__`. */
  metadata: Readonly<Record<string, string>>;
}

/** The format's own limit on the header. */
const MAX_HEADER = 100_000_000;
const BYTES: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2 };

/** Writes a safetensors file, the tensors as F32 in the order given. @throws LabError `file-invalid` for a value that is no number */
export function writeSafetensors({ tensors, metadata }: TensorFile): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    if (shape.reduce((product, n) => product * n, 1) !== values.length)
      throw new RangeError(`“${name}” has ${values.length} values and the shape [${shape.join(', ')}].`);
    requireFinite(values, name, 'safetensors');
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const json = utf8(JSON.stringify(header));
  const spaces = padding(json.length, 8).fill(0x20);
  return concatenate([
    u64Bytes(json.length + spaces.length),
    json,
    spaces,
    ...Object.values(tensors).map(({ values }) => floatBytes(values)),
  ]);
}

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)).max(8),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const headerSchema = z.object({ __metadata__: z.record(z.string(), z.string()).optional() }).catchall(entrySchema);

/**
 * Reads a safetensors file whose tensors are all floating-point of 32 or 16 bits.
 * @throws LabError `file-invalid`: damaged, a tensor of another type, or bytes that the header does not account for
 */
export function readSafetensors(bytes: Uint8Array, name = '.safetensors'): TensorFile {
  const reader = new ByteReader(bytes, name);
  const length = bytes.length < 8 ? 0 : reader.u64();
  if (length < 2 || length > MAX_HEADER || length > bytes.length - 8)
    throw new LabError('file-invalid.safetensors', { name });
  let value: unknown;
  try {
    value = JSON.parse(reader.text(length));
  } catch {
    throw new LabError('file-invalid.safetensors-json', { name });
  }
  const parsed = headerSchema.safeParse(value);
  if (!parsed.success) {
    throw new LabError('file-invalid.safetensors-header', {
      name,
      problems: problemList(problemsOf(parsed.error, value)),
    });
  }
  const { __metadata__: metadata = {}, ...entries } = parsed.data;
  const data = reader.at;
  const tensors: Record<string, Tensor> = Object.create(null);
  // The format allows no gaps and no overlaps, so the order of the offsets is enough to check them all.
  let expected = 0;
  for (const [
    tensor,
    {
      dtype,
      shape,
      data_offsets: [start, end],
    },
  ] of Object.entries(entries).toSorted(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0])) {
    const size = Object.hasOwn(BYTES, dtype) ? BYTES[dtype] : null;
    if (size === null) throw new LabError('file-invalid.safetensors-type', { name, tensor, dtype });
    const count = shape.reduce((product, n) => product * n, 1);
    if (start !== expected || end - start !== count * size)
      throw new LabError('file-invalid.safetensors-offsets', { name, tensor });
    expected = end;
    reader.at = data + start;
    const from = reader.skip(count * size);
    const values = size === 4 ? reader.floats(from, count) : widen(bytes.subarray(from, reader.at), dtype);
    requireFinite(values, tensor, name);
    tensors[tensor] = { shape, values };
  }
  if (data + expected !== bytes.length)
    throw new LabError('file-invalid.safetensors-rest', { name, bytes: bytes.length - data - expected });
  return { tensors, metadata };
}

/** Float16 or bfloat16 values as float32. */
function widen(bytes: Uint8Array, dtype: string): Float32Array {
  const bits = new Uint16Array(new Uint8Array(bytes).buffer);
  if (dtype === 'BF16') return new Float32Array(Uint32Array.from(bits, (b) => b << 16).buffer);
  return Float32Array.from(bits, (b) => {
    const sign = b & 0x8000 ? -1 : 1;
    const exponent = (b >> 10) & 31;
    const fraction = b & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}
