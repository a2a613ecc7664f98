/** Bytes with a place in them: little-endian reading that names a file which ends too early, and writing. */
export { concatenate } from '../base/bytes';
import { LabError } from '../experiment/errors';

/** Reads little-endian values one after the other; every read is checked against the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  at = 0;

  /** @param name what the file is called in an error */
  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
  }

  /** Moves on by `count` bytes and returns where they began. @throws LabError `file-invalid` past the end */
  skip(count: number): number {
    const start = this.at;
    if (!Number.isSafeInteger(count) || count < 0 || start + count > this.#bytes.length) {
      throw new LabError('file-invalid.cut', {
        name: this.#name,
        count,
        byte: start,
        length: this.#bytes.length,
      });
    }
    this.at = start + count;
    return start;
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  /** An unsigned 64-bit number. @throws LabError `file-invalid` over 2⁵³ − 1, which no file has a use for */
  u64(): number {
    const start = this.skip(8);
    const value = this.#view.getBigUint64(start, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new LabError('file-invalid.huge', { name: this.#name, value: String(value), byte: start });
    return Number(value);
  }

  /** UTF-8 text of a length in bytes. @throws LabError `file-invalid` where it is no UTF-8 */
  text(length: number): string {
    const start = this.skip(length);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(this.#bytes.subarray(start, start + length));
    } catch {
      throw new LabError('file-invalid.text', { name: this.#name, byte: start });
    }
  }

  /** `count` float32 values from byte `offset`, copied. @throws LabError `file-invalid` past the end */
  floats(offset: number, count: number): Float32Array<ArrayBuffer> {
    this.at = offset;
    const start = this.skip(4 * count);
    return new Float32Array(new Uint8Array(this.#bytes.subarray(start, this.at)).buffer);
  }
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export function u32Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

export function u64Bytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

/** The bytes of float32 values, not copied. Little-endian, as every machine that runs browsers is; the file formats are too. */
export const floatBytes = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Zeros up to the next multiple of `alignment`. */
export const padding = (length: number, alignment: number): Uint8Array =>
  new Uint8Array((alignment - (length % alignment)) % alignment);

/**
 * @param tensor what the file calls the values @param name of the file
 * @throws LabError `file-invalid` where a value is NaN or infinite
 */
export function requireFinite(values: Float32Array, tensor: string, name: string): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new LabError('file-invalid.not-finite', { tensor, name, dimension: at });
}
