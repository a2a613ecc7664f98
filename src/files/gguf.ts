/**
 * GGUF control vectors (GGUF version 3), as llama.cpp reads them: tensors `direction.N`, float32, one-dimensional, of the
 * hidden size, N ≥ 1; direction.N is added to the output of the 0-based block N. llama.cpp refuses a file with any other
 * tensor in it, and keeps no place for block 0. The operation is always an addition, scaled by the user's factor.
 */
import { LabError } from '../experiment/errors';
import { ByteReader, concatenate, floatBytes, padding, requireFinite, u32Bytes, u64Bytes, utf8 } from './bytes';

const MAGIC = 0x46554747; // "GGUF", little-endian
const VERSION = 3;
const ALIGNMENT = 32;
const ARCHITECTURE = 'controlvector';
const F32 = 0;
/** Value types of GGUF metadata, by their number; the sizes in bytes of those that have one. */
const SCALAR_BYTES: Record<number, number> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const UINT32 = 4;
const STRING = 8;
const ARRAY = 9;

/** What a control vector file holds. */
export interface ControlVector {
  /** What is added, by 0-based block; every vector of the same length, the hidden size. */
  directions: ReadonlyMap<number, Float32Array>;
  /** Architecture of the model it was made for ("llama"); null where a file does not say. */
  modelHint: string | null;
  /** Name and description for a reader; null where there is none. */
  name: string | null;
  description: string | null;
}

/**
 * Writes a GGUF control vector.
 * @throws LabError `file-cannot-carry` for block 0, or for no direction at all; `file-invalid` for values that are no numbers
 */
export function writeControlVector({
  directions,
  modelHint,
  name,
  description,
}: ControlVector): Uint8Array<ArrayBuffer> {
  if (directions.size === 0) throw new LabError('file-cannot-carry.nothing');
  const entries = [...directions].toSorted(([a], [b]) => a - b);
  const width = entries[0][1].length;
  for (const [block, values] of entries) {
    if (!Number.isInteger(block) || block < 1) throw blockZero(block);
    if (values.length !== width)
      throw new RangeError(`direction.${block} has ${values.length} values, the others ${width}.`);
    requireFinite(values, `direction.${block}`, name ?? 'GGUF');
  }
  const metadata: Uint8Array[] = [
    text('general.architecture', ARCHITECTURE),
    ...(name === null ? [] : [text('general.name', name)]),
    ...(description === null ? [] : [text('general.description', description)]),
    ...(modelHint === null ? [] : [text(`${ARCHITECTURE}.model_hint`, modelHint)]),
    concatenate([string(`${ARCHITECTURE}.layer_count`), u32Bytes(UINT32), u32Bytes(entries.length)]),
  ];
  const stride = 4 * width + padding(4 * width, ALIGNMENT).length;
  const infos = entries.map(([block], i) =>
    concatenate([string(`direction.${block}`), u32Bytes(1), u64Bytes(width), u32Bytes(F32), u64Bytes(i * stride)]),
  );
  const head = concatenate([
    u32Bytes(MAGIC),
    u32Bytes(VERSION),
    u64Bytes(entries.length),
    u64Bytes(metadata.length),
    ...metadata,
    ...infos,
  ]);
  return concatenate([
    head,
    padding(head.length, ALIGNMENT),
    ...entries.flatMap(([, values]) => [floatBytes(values), padding(4 * width, ALIGNMENT)]),
  ]);
}

function blockZero(block: number): LabError {
  return new LabError('file-cannot-carry.gguf-block', { block });
}

function string(value: string): Uint8Array {
  const bytes = utf8(value);
  return concatenate([u64Bytes(bytes.length), bytes]);
}

const text = (key: string, value: string): Uint8Array => concatenate([string(key), u32Bytes(STRING), string(value)]);

/**
 * Reads a GGUF control vector, as strictly as llama.cpp does.
 * @throws LabError `file-invalid`: no GGUF, another version, damaged, a model and not a control vector, or a tensor that a
 *         control vector cannot have
 */
export function readControlVector(bytes: Uint8Array, name = '.gguf'): ControlVector {
  const reader = new ByteReader(bytes, name);
  if (bytes.length < 4 || reader.u32() !== MAGIC) throw new LabError('file-invalid.gguf', { name });
  const version = reader.u32();
  if (version !== VERSION && version !== 2) throw new LabError('file-invalid.gguf-version', { name, version });
  const tensors = reader.u64();
  const pairs = reader.u64();
  const metadata = new Map<string, string | number>();
  for (let i = 0; i < pairs; i++) readPair(reader, metadata, name);
  const architecture = metadata.get('general.architecture');
  if (architecture !== ARCHITECTURE) {
    if (architecture === undefined) throw new LabError('file-invalid.gguf-unstated', { name });
    throw new LabError('file-invalid.gguf-architecture', { name, architecture });
  }
  const alignment = metadata.get('general.alignment') ?? ALIGNMENT;
  if (typeof alignment !== 'number' || !Number.isInteger(alignment) || alignment < 1 || alignment > 1 << 20)
    throw new LabError('file-invalid.gguf-alignment', { name, alignment });
  const infos: { block: number; width: number; offset: number }[] = [];
  for (let i = 0; i < tensors; i++) infos.push(readInfo(reader, name));
  if (infos.length === 0) throw new LabError('file-invalid.empty', { name });
  const start = reader.at + padding(reader.at, alignment).length;
  const directions = new Map<number, Float32Array>();
  for (const { block, width, offset } of infos) {
    if (directions.has(block)) throw new LabError('file-invalid.gguf-twice', { name, block });
    if (width !== infos[0].width)
      throw new LabError('file-invalid.widths', { name, widths: `${infos[0].width}, ${width}`, block });
    const values = reader.floats(start + offset, width);
    requireFinite(values, `direction.${block}`, name);
    directions.set(block, values);
  }
  const word = (key: string): string | null => {
    const value = metadata.get(key);
    return typeof value === 'string' ? value : null;
  };
  return {
    directions,
    modelHint: word(`${ARCHITECTURE}.model_hint`),
    name: word('general.name'),
    description: word('general.description'),
  };
}

function readPair(reader: ByteReader, into: Map<string, string | number>, name: string): void {
  const key = reader.text(reader.u64());
  const type = reader.u32();
  if (type === STRING) into.set(key, reader.text(reader.u64()));
  else if (type === UINT32) into.set(key, reader.u32());
  else if (type === ARRAY) skipArray(reader, name, 0);
  else if (type in SCALAR_BYTES) reader.skip(SCALAR_BYTES[type]);
  else throw new LabError('file-invalid.gguf-type', { name, type, key });
}

/** Steps over an array. Its items cannot outnumber the bytes that are left, so this ends with the file. */
function skipArray(reader: ByteReader, name: string, depth: number): void {
  const type = reader.u32();
  const count = reader.u64();
  if (type in SCALAR_BYTES) reader.skip(count * SCALAR_BYTES[type]);
  else if (type === STRING) for (let i = 0; i < count; i++) reader.skip(reader.u64());
  else if (type === ARRAY && depth < 4) for (let i = 0; i < count; i++) skipArray(reader, name, depth + 1);
  else throw new LabError('file-invalid.gguf-array', { name, type });
}

function readInfo(reader: ByteReader, name: string): { block: number; width: number; offset: number } {
  const tensor = reader.text(reader.u64());
  const rank = reader.u32();
  if (rank > 4) throw new LabError('file-invalid.gguf-rank', { name, rank, tensor });
  const shape = Array.from({ length: rank }, () => reader.u64());
  const type = reader.u32();
  const offset = reader.u64();
  const number = /^direction\.([1-9]\d{0,4})$/.exec(tensor)?.[1];
  if (number === undefined) throw new LabError('file-invalid.gguf-tensor', { name, tensor });
  if (rank !== 1 || shape[0] < 1)
    throw new LabError('file-invalid.gguf-shape', { name, tensor, shape: shape.join(', ') });
  if (type !== F32) throw new LabError('file-invalid.gguf-float', { name, tensor, type });
  return { block: Number(number), width: shape[0], offset };
}
