/** Vectors as text: little-endian float32 as base64, the form in which runs carry them. */

import { bytesFromBase64, bytesToBase64 } from '../base/bytes';

/** The bytes of a vector, as base64. */
export function toBase64(v: Float32Array): string {
  return bytesToBase64(new Uint8Array(v.buffer, v.byteOffset, v.byteLength));
}

/** The inverse of {@link toBase64}. */
export function fromBase64(text: string): Float32Array<ArrayBuffer> {
  return new Float32Array(bytesFromBase64(text).buffer);
}
