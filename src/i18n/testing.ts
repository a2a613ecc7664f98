/** For tests: what a person reads of an error. */
import { LabError, type ErrorCode } from '../experiment/errors';
import type { Message } from '../experiment/message';
import { wordsOf } from './text';

/** What happened and what to do, in English, as one text; of anything thrown. */
export function saidBy(thrown: unknown): string {
  const { what, remedy } = wordsOf('en').error(LabError.from(thrown).toJSON());
  return `${what} ${remedy}`;
}

/** An asymmetric matcher of vitest: stands for a value in `toThrow`, `toEqual`, `toMatchObject` and their like. */
interface Matcher {
  asymmetricMatch: (value: unknown) => boolean;
  toString: () => string;
}

/**
 * A matcher for a LabError whose English holds a text or fits a pattern.
 * @param code that the error must have too
 */
export function saying(pattern: string | RegExp, code?: ErrorCode): Matcher {
  return {
    asymmetricMatch: (thrown) =>
      thrown instanceof LabError && (code === undefined || thrown.code === code) && fits(saidBy(thrown), pattern),
    toString: () => `LabError ${code ?? ''} saying ${String(pattern)}`,
  };
}

/** A matcher for a message whose English holds a text or fits a pattern. */
export function wording(pattern: string | RegExp): Matcher {
  return {
    asymmetricMatch: (said) => fits(wordsOf('en').say(said as Message), pattern),
    toString: () => `message saying ${String(pattern)}`,
  };
}

const fits = (text: string, pattern: string | RegExp): boolean =>
  typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text);
