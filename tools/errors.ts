/** Errors on the command line: their words, and the exit codes by kind of failure. */
import { LabError, type ErrorCode, type LabErrorJson } from '../src/experiment/errors';
import { wordsOf } from '../src/i18n/text';

/** What happened and what to do about it, in a line. */
export function sayError(error: LabErrorJson): string {
  const { what, remedy } = wordsOf('en').error(error);
  return `${what} ${remedy}`;
}

/** Prints what was thrown, with its code and its remedy. @returns it as a LabError */
export function printError(thrown: unknown): LabError {
  const error = LabError.from(thrown);
  const { what, remedy } = wordsOf('en').error(error.toJSON());
  console.error(`\nerror ${error.code}: ${what}\n${remedy}`);
  return error;
}

/** Exit codes by kind of failure; 0 only where everything was done. */
export function exitCodeOf(code: ErrorCode): number {
  if (
    code.startsWith('settings-') ||
    code.startsWith('link-') ||
    code.startsWith('bundle-') ||
    code.startsWith('run-') ||
    code === 'unknown-preset' ||
    code === 'unknown-model'
  )
    return 2;
  if (code.startsWith('corpus-') || code.startsWith('pairs-')) return 3;
  if (
    code.startsWith('model-') ||
    code.startsWith('storage-') ||
    code === 'graph-unsupported' ||
    code === 'tokenizer-mismatch'
  )
    return 4;
  if (code === 'not-homologous') return 5;
  if (
    code.startsWith('webgpu-') ||
    code === 'shader-compile' ||
    code === 'self-test' ||
    code === 'out-of-memory' ||
    code === 'worker-crashed' ||
    code === 'runtime-failed'
  )
    return 6;
  if (code === 'ill-conditioned' || code === 'non-finite' || code === 'no-effect') return 7;
  if (code === 'cancelled') return 130;
  return 1;
}
