/** For tests: what a person reads of an error. */
import { LabError, type ErrorCode } from '../experiment/errors';
import { wordsOf } from './text';

/** What happened and what to do, in English, as one text; of anything thrown. */
export function saidBy(thrown: unknown): string {
  const { what, remedy } = wordsOf('en').error(LabError.from(thrown).toJSON());
  return `${what} ${remedy}`;
}

/**
 * A matcher for `toThrow`, `toEqual` and their like: a LabError whose English holds a text or fits a pattern.
 * @param code that the error must have too
 */
export function saying(pattern: string | RegExp, code?: ErrorCode): { asymmetricMatch: (thrown: unknown) => boolean } {
  return {
    asymmetricMatch: (thrown) =>
      thrown instanceof LabError &&
      (code === undefined || thrown.code === code) &&
      (typeof pattern === 'string' ? saidBy(thrown).includes(pattern) : pattern.test(saidBy(thrown))),
    toString: () => `LabError ${code ?? ''} saying ${String(pattern)}`,
  } as { asymmetricMatch: (thrown: unknown) => boolean };
}
