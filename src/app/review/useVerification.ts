/** One verification in the page: its steps as they end, and how it may be stopped. */
import { useEffect, useRef, useState } from 'react';
import { LabError, type LabErrorJson } from '../../experiment/errors';
import type { Progress } from '../../experiment/run';
import type { Depth, Step, StepId, Verification } from '../../experiment/share/verification';
import { verifyDocument } from '../state/engine';
import type { RunDocument } from '../../experiment/share/document';
import type { Opened } from '../../experiment/share/open';

export interface VerificationState {
  status: 'idle' | 'starting' | 'running' | 'done' | 'failed';
  depth: Depth;
  steps: Step[];
  running: StepId | null;
  progress: Progress | null;
  result: Verification | null;
  error: LabErrorJson | null;
}

const IDLE: VerificationState = {
  status: 'idle',
  depth: 'quick',
  steps: [],
  running: null,
  progress: null,
  result: null,
  error: null,
};

export function useVerification({ document, digest, migrated }: Opened<RunDocument>): {
  state: VerificationState;
  start: (depth: Depth) => void;
  cancel: () => void;
} {
  const [state, setState] = useState(IDLE);
  const abort = useRef<AbortController | null>(null);
  // A page that is left takes its verification with it.
  useEffect(() => () => abort.current?.abort(), []);

  const start = (depth: Depth): void => {
    abort.current?.abort();
    const controller = new AbortController();
    abort.current = controller;
    setState({ ...IDLE, depth, status: 'starting' });
    const patch = (change: (state: VerificationState) => Partial<VerificationState>): void => {
      if (!controller.signal.aborted) setState((now) => ({ ...now, ...change(now) }));
    };
    verifyDocument(
      { document, digest, migrated, depth },
      {
        signal: controller.signal,
        onProgress: (progress) => patch(() => ({ progress })),
        onVerify: (id, step) =>
          patch((now) =>
            step ? { steps: [...now.steps, step], running: null } : { status: 'running', running: id, progress: null },
          ),
      },
    ).then(
      (result) => patch(() => ({ status: 'done', result, steps: result.steps, running: null, progress: null })),
      (thrown: unknown) => {
        const error = LabError.from(thrown);
        // Also after a cancel: what was found until then stays on the page, and nothing looks as if it still ran.
        setState((now) =>
          abort.current === controller
            ? { ...now, status: 'failed', running: null, progress: null, error: error.toJSON() }
            : now,
        );
      },
    );
  };
  return { state, start, cancel: () => abort.current?.abort() };
}
