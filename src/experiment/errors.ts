/**
 * The lab's errors. Each has a stable code, says what happened, and says what the
 * user can do; all of them survive a trip through postMessage.
 */
import type { ErrorKey } from '../i18n/keys';
import type { MessageParams } from './message';

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
  /** Key of the catalogue's entry, and what fills its places. */
  key?: string;
  params?: MessageParams;
  /** Texts of an error that was written in words (by an older version of the lab). */
  what?: string;
  remedy?: string;
  details?: Record<string, string | number | boolean>;
}

/** For a stack in Node: long texts, such as a link, are cut. */
const shortened = (_: string, value: unknown): unknown =>
  typeof value === 'string' && value.length > 200 ? `${value.slice(0, 200)}…` : value;

export class LabError extends Error {
  readonly code: ErrorCode;
  readonly key?: ErrorKey;
  /** What fills the places of the catalogue's texts; machine-readable, and free to hold more than the texts use. */
  readonly params: MessageParams;
  /** What the user can do about it, as a sentence. */
  readonly remedy: string;
  readonly details?: LabErrorJson['details'];

  /**
   * @param key    key of the catalogue (`i18n/en/errors.json`): the stable code, or `code.variant`
   * @param params what fills the places of the entry's texts
   */
  constructor(key: ErrorKey, params?: MessageParams, cause?: unknown);
  /** An error in words: gives way to the form above. */
  constructor(code: ErrorCode, what: string, remedy: string, details?: LabErrorJson['details'], cause?: unknown);
  constructor(
    key: string,
    second: MessageParams | string = {},
    third?: unknown,
    details?: LabErrorJson['details'],
    cause?: unknown,
  ) {
    const worded = typeof second === 'string';
    super(worded ? second : `${key} ${JSON.stringify(second, shortened)}`, { cause: worded ? cause : third });
    this.name = 'LabError';
    this.code = key.split('.')[0] as ErrorCode;
    this.params = worded ? (details ?? {}) : second;
    this.remedy = worded ? (third as string) : '';
    if (worded) this.details = details;
    else this.key = key as ErrorKey;
  }

  toJSON(): LabErrorJson {
    if (this.key) return { code: this.code, key: this.key, params: this.params };
    return {
      code: this.code,
      what: this.message,
      remedy: this.remedy,
      ...(this.details ? { details: this.details } : {}),
    };
  }

  static fromJSON(json: LabErrorJson): LabError {
    if (json.key) return new LabError(json.key as ErrorKey, json.params);
    return new LabError(json.code, json.what ?? json.code, json.remedy ?? '', json.details);
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
