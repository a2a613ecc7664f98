/**
 * The lab's errors. Each has a stable code, says what happened, and says what the
 * user can do; all of them survive a trip through postMessage.
 */

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

/** The form of a LabError that crosses threads and is written to files. */
export interface LabErrorJson {
  code: ErrorCode;
  what: string;
  remedy: string;
  details?: Record<string, string | number | boolean>;
}

export class LabError extends Error {
  readonly code: ErrorCode;
  /** What the user can do about it, as a sentence. */
  readonly remedy: string;
  readonly details?: Record<string, string | number | boolean>;

  /**
   * @param code   stable identifier, also the name shown by the command line
   * @param what   what happened, as a sentence
   * @param remedy what the user can do, as a sentence
   */
  constructor(code: ErrorCode, what: string, remedy: string, details?: LabErrorJson['details'], cause?: unknown) {
    super(what, { cause });
    this.name = 'LabError';
    this.code = code;
    this.remedy = remedy;
    this.details = details;
  }

  toJSON(): LabErrorJson {
    return {
      code: this.code,
      what: this.message,
      remedy: this.remedy,
      ...(this.details ? { details: this.details } : {}),
    };
  }

  static fromJSON(json: LabErrorJson): LabError {
    return new LabError(json.code, json.what, json.remedy, json.details);
  }

  /** Wraps anything thrown. A LabError passes through; the rest becomes `internal` with its message kept. */
  static from(thrown: unknown): LabError {
    if (thrown instanceof LabError) return thrown;
    if (thrown instanceof Error && thrown.name === 'AbortError') return cancelled();
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new LabError(
      'internal',
      message || 'An unexpected error.',
      'Reload the page; if it happens again, report it with this message.',
      undefined,
      thrown,
    );
  }
}

/** The error of a task that the user stopped. */
export function cancelled(): LabError {
  return new LabError('cancelled', 'The work was cancelled.', 'Nothing was lost: start it again when you like.');
}

/** Throws `cancelled` if the signal has been aborted. */
export function throwIfAborted(signal?: AbortSignal): void {
  if (signal?.aborted) throw cancelled();
}
