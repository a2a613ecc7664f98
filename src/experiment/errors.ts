/**
 * The lab's errors. Each has a stable code, says what happened, and says what the
 * user can do; all of them survive a trip through postMessage.
 */
import type { ErrorKey } from '../i18n/keys';
import { ERROR_PREFIX, type Message, type MessageParams } from './message';

export const ERROR_CODES = [
  'webgpu-missing',
  'webgpu-no-adapter',
  'webgpu-device-lost',
  'shader-compile',
  'self-test',
  'out-of-memory',
  'worker-crashed',
  'runtime-failed',
  'model-fetch',
  'model-truncated',
  'model-invalid',
  'model-nan',
  'model-not-found',
  'model-gated',
  'model-unreachable',
  'model-layout',
  'model-page',
  'model-length',
  'model-digest',
  'model-size',
  'model-path',
  'model-not-stored',
  'model-incomplete',
  'storage-full',
  'storage-unavailable',
  'storage-busy',
  'chat-template',
  'graph-unsupported',
  'tokenizer-mismatch',
  'not-homologous',
  'corpus-empty',
  'corpus-invalid',
  'pairs-one-sided',
  'pairs-too-few',
  'pairs-format',
  'file-invalid',
  'file-cannot-carry',
  'settings-invalid',
  'link-length',
  'link-version',
  'link-damaged',
  'link-digest',
  'link-invalid',
  'link-size',
  'link-bundle',
  'run-invalid',
  'run-version',
  'run-damaged',
  'run-missing',
  'runs-full',
  'bundle-invalid',
  'bundle-digest',
  'bundle-version',
  'settings-newer',
  'unknown-model',
  'unknown-preset',
  'ill-conditioned',
  'non-finite',
  'no-effect',
  'cancelled',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** The form of a LabError that crosses threads and is written to files. Words are made of it in `src/i18n`. */
export interface LabErrorJson {
  code: ErrorCode;
  /** Key of the catalogue's entry: the code, or `code.variant`. */
  key: string;
  /** What fills the places of its texts. */
  params: MessageParams;
}

/** For a stack in Node: long texts, such as a link, are cut. */
const shortened = (_: string, value: unknown): unknown =>
  typeof value === 'string' && value.length > 200 ? `${value.slice(0, 200)}…` : value;

/** An error of the lab. Its `message` is for a stack; a person reads `wordsOf(locale).error(error.toJSON())`. */
export class LabError extends Error {
  readonly code: ErrorCode;
  readonly key: ErrorKey;
  /** What fills the places of the catalogue's texts; machine-readable, and free to hold more than the texts use. */
  readonly params: MessageParams;

  /**
   * @param key    key of the catalogue (`i18n/en/errors*.json`): the stable code, or `code.variant`
   * @param params what fills the places of the entry's texts
   * @param cause  what was caught
   */
  constructor(key: ErrorKey, params: MessageParams = {}, cause?: unknown) {
    super(`${key} ${JSON.stringify(params, shortened)}`, { cause });
    this.name = 'LabError';
    this.code = key.split('.')[0] as ErrorCode;
    this.key = key;
    this.params = params;
  }

  toJSON(): LabErrorJson {
    return { code: this.code, key: this.key, params: this.params };
  }

  static fromJSON({ key, params }: LabErrorJson): LabError {
    return new LabError(key as ErrorKey, params);
  }

  /** Wraps anything thrown. A LabError passes through; the rest becomes `internal` with its message kept. */
  static from(thrown: unknown): LabError {
    if (thrown instanceof LabError) return thrown;
    if (thrown instanceof Error && thrown.name === 'AbortError') return cancelled();
    const message = (thrown instanceof Error ? thrown.message : String(thrown)) || 'no message';
    return new LabError('internal', { message }, thrown);
  }
}

/** The error of a task that the user stopped. */
export function cancelled(): LabError {
  return new LabError('cancelled');
}

/** Throws `cancelled` if the signal has been aborted. */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw cancelled();
}

/** What happened by an error, as a message; its remedy is left out. */
export function errorMessage({ key, params }: Pick<LabErrorJson, 'key' | 'params'>): Message {
  return { key: ERROR_PREFIX + key, params };
}
