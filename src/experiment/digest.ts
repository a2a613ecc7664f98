/** Canonical JSON (RFC 8785) and SHA-256 digests: the names of experiments and of intermediate results. */
import canonicalize from 'canonicalize';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** RFC 8785 canonical form of a JSON value. @throws TypeError for values JSON cannot carry (NaN, functions …). */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('The value has no JSON form.');
  return text;
}

/** Lower-case hex SHA-256 of bytes. */
export function sha256Hex(bytes: Uint8Array): string {
  return bytesToHex(sha256(bytes));
}

/** Digest of a JSON value: SHA-256 over its canonical form. */
export function digestOf(value: unknown): string {
  return sha256Hex(utf8ToBytes(canonicalJson(value)));
}
