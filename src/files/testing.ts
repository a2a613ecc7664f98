/** For the tests of this room: the recorded run, arbitrary vectors, and damage. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { LabError, type ErrorCode } from '../experiment/errors';
import type { Run } from '../experiment/run';
import { parseRun } from '../experiment/run-schema';

/** With its settings brought up to the present version. */
export const recordedRun = (): Run =>
  parseRun(JSON.parse(readFileSync(new URL('../../public/recorded/mood.json', import.meta.url), 'utf8')));

/** Any finite float32 vector of a length, −0 and subnormals among its values. */
export const floats = (length: number): fc.Arbitrary<Float32Array> =>
  fc.float32Array({ minLength: length, maxLength: length, noNaN: true, noDefaultInfinity: true });

export const bits = (v: Float32Array): number[] => Array.from(new Uint32Array(v.buffer, v.byteOffset, v.length));

export function failure(work: () => unknown): LabError {
  try {
    work();
  } catch (error) {
    expect(error, String(error)).toBeInstanceOf(LabError);
    return error as LabError;
  }
  throw new Error('It did not fail.');
}

/**
 * Changes and cuts bytes at random: reading must end, in a value or in one of the named errors.
 * @returns how many of the damaged files were refused, of how many
 */
export function survivesDamage(
  whole: Uint8Array,
  read: (bytes: Uint8Array) => unknown,
  codes: readonly ErrorCode[],
  numRuns = 1500,
): string {
  let refused = 0;
  let tried = 0;
  const judge = (bytes: Uint8Array): void => {
    tried++;
    try {
      read(bytes);
    } catch (error) {
      expect(error, String(error)).toBeInstanceOf(LabError);
      expect(codes).toContain((error as LabError).code);
      refused++;
    }
  };
  const at = fc.nat(whole.length - 1);
  fc.assert(
    fc.property(at, fc.integer({ min: 1, max: 255 }), (i, by) =>
      judge(whole.map((byte, j) => (i === j ? byte ^ by : byte))),
    ),
    { numRuns },
  );
  fc.assert(
    fc.property(at, (length) => judge(whole.slice(0, length))),
    { numRuns: numRuns / 3 },
  );
  return `${refused} of ${tried} damaged files refused by name, the others read`;
}
