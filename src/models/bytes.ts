/** Bytes of tokens and of files. */
import { sha256Hex } from '../experiment/digest';

/** The browser's digest works on a copy of its input: past this size the slower one, which needs none, is used. */
const COPY_BYTES = 512 * 2 ** 20;

/** SHA-256 as lower-case hex. The browser's own is several times faster, but exists only in secure contexts. */
export async function digestBytes(data: Uint8Array): Promise<string> {
  if (!globalThis.crypto?.subtle || data.length > COPY_BYTES) return sha256Hex(data);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', data as Uint8Array<ArrayBuffer>));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Byte-level vocabularies (GPT-2 and its many heirs) write each byte as one printable character.
 * Character → byte, as in GPT-2's bytes_to_unicode: printable Latin-1 stands for itself, the rest from U+0100 on.
 */
const BYTE_OF: ReadonlyMap<string, number> = (() => {
  const map = new Map<string, number>();
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    map.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  return map;
})();

/** The bytes of a byte-level token, or null if it holds a character outside that alphabet. */
export function byteLevelBytes(token: string): Uint8Array | null {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = BYTE_OF.get(character);
    if (byte === undefined) return null;
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
