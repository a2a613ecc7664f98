/** The page's side of the engine worker: typed requests with what they tell meanwhile, and a restart after a crash. */
import { Channel } from '../channel/channel';
import { LabError } from '../experiment/errors';
import type { StopStreams } from '../experiment/run';
import type { Step, StepId } from '../experiment/share/verification';
import type {
  CollectCheckpoint,
  DeviceLost,
  EngineEvent,
  Progress,
  RequestType,
  Requests,
  StageEvent,
} from './protocol';

export interface Listeners {
  onProgress?: (progress: Progress) => void;
  onStage?: (event: StageEvent) => void;
  onStreams?: (streams: StopStreams) => void;
  onVerify?: (id: StepId, step: Step | null) => void;
  signal?: AbortSignal;
}

export class EngineClient {
  /** Called when the worker dies or the device is lost, after the requests at work were rejected. */
  onLost: ((error: LabError) => void) | null = null;
  /** Where a collection had come to when the device was lost; for one `run` request. */
  #checkpoint: CollectCheckpoint | null = null;

  #channel = new Channel<Requests, DeviceLost>(
    () => new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module', name: 'lrt-engine' }),
    {
      crashed: (message) =>
        message === ''
          ? new LabError('worker-crashed.script')
          : new LabError('worker-crashed.stopped', { reason: message }),
      onNotice: ({ error, checkpoint }) => {
        this.#checkpoint = checkpoint;
        return LabError.fromJSON(error);
      },
      onLost: (error) => this.onLost?.(error),
    },
  );

  /**
   * Sends one request and resolves with its result.
   * Rejects with a LabError; `cancelled` when the signal is aborted.
   */
  request<K extends RequestType>(
    type: K,
    input: Requests[K]['in'],
    listeners: Listeners = {},
  ): Promise<Requests[K]['out']> {
    const tell = (event: EngineEvent): void => {
      if (event.kind === 'progress') listeners.onProgress?.(event.progress);
      else if (event.kind === 'stage') listeners.onStage?.(event.event);
      else if (event.kind === 'streams') listeners.onStreams?.(event.streams);
      else listeners.onVerify?.(event.stepId, event.step);
    };
    return this.#channel.request(type, input, { signal: listeners.signal, onEvent: tell });
  }

  /** The checkpoint of a lost device, once. */
  takeCheckpoint(): CollectCheckpoint | null {
    const checkpoint = this.#checkpoint;
    this.#checkpoint = null;
    return checkpoint;
  }

  /** Ends the worker at once; requests at work reject as cancelled. The next request starts a fresh one. */
  terminate(): void {
    this.#channel.terminate();
  }
}
