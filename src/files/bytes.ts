/** Bytes with a place in them: little-endian reading that names a file which ends too early, and writing. */
export { concatenate } from '../base/bytes';
import { LabError } from '../experiment/errors';

/** An error of a file that cannot be read. */
export function invalidFile(what: string, remedy: string, details?: Record<string, string | number>): LabError {
  return new LabError('file-invalid', what, remedy, details);
}

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
      throw invalidFile(
        `${this.#name} ends too early: ${count} bytes are announced at byte ${start}, and the file has ${this.#bytes.length}.`,
        'The file is cut short or damaged: fetch or write it again.',
        { byte: start },
      );
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
      throw invalidFile(
        `${this.#name} announces ${value} of something at byte ${start}, more than any file holds.`,
        'The file is damaged: fetch or write it again.',
        { byte: start },
      );
    return Number(value);
  }

  /** UTF-8 text of a length in bytes. @throws LabError `file-invalid` where it is no UTF-8 */
  text(length: number): string {
    const start = this.skip(length);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(this.#bytes.subarray(start, start + length));
    } catch {
      throw invalidFile(
        `${this.#name} holds text at byte ${start} that is not UTF-8.`,
        'The file is damaged: fetch or write it again.',
        { byte: start },
      );
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

/** @throws LabError `file-invalid` where a value is NaN or infinite */
export function requireFinite(values: Float32Array, what: string): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw invalidFile(
      `${what} is not a number at dimension ${at}.`,
      'The file is damaged, or was made from a run that overflowed: write it again.',
      { dimension: at },
    );
}
