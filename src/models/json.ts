/** JSON as Python writes and reads it: with NaN and Infinity, which JSON has not. */
import { LabError } from '../experiment/errors';

/** Strings are stepped over; outside of them these words can only be numbers. */
const WORDS = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/gs;

/** The same document as JSON: Infinity as a number too large to hold, which is read as Infinity; NaN as null. */
export function plainJson(text: string): string {
  return text.replace(WORDS, (word) => {
    if (word.startsWith('"')) return word;
    return word === 'NaN' ? 'null' : word.startsWith('-') ? '-1e999' : '1e999';
  });
}

/**
 * Parses a file of a model's folder.
 * @returns its value, and its bytes as plain JSON for readers that know no other
 * @throws LabError `model-invalid.json`
 */
export function parseModelJson(data: Uint8Array, path: string, id: string): { value: unknown; data: Uint8Array } {
  const text = new TextDecoder().decode(data);
  try {
    return { value: JSON.parse(text), data };
  } catch (strict) {
    const plain = plainJson(text);
    try {
      if (plain !== text) return { value: JSON.parse(plain), data: new TextEncoder().encode(plain) };
    } catch {
      // The first error is of the text as it stands.
    }
    throw new LabError('model-invalid.json', { path, id, reason: (strict as Error).message }, strict);
  }
}
