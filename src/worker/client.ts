/** The page's side of the engine worker: typed requests, progress, cancel, and a restart after a crash. */
import { LabError, cancelled } from '../experiment/errors';
import type { StopStreams } from '../experiment/run';
import type { Step, StepId } from '../experiment/share/verification';
import type { CollectCheckpoint, FromWorker, Progress, RequestType, Requests, StageEvent, ToWorker } from './protocol';

export interface Listeners {
  onProgress?: (progress: Progress) => void;
  onStage?: (event: StageEvent) => void;
  onStreams?: (streams: StopStreams) => void;
  onVerify?: (id: StepId, step: Step | null) => void;
  signal?: AbortSignal;
}

interface Pending {
  resolve: (value: never) => void;
  reject: (error: LabError) => void;
  listeners: Listeners;
}

export class EngineClient {
  #worker: Worker | null = null;
  #nextId = 1;
  #pending = new Map<number, Pending>();
  /** Called when the worker dies or the device is lost; in-flight requests are rejected first. */
  onLost: ((error: LabError) => void) | null = null;
  /** Where a collection had come to when the device was lost; for one `run` request. */
  #checkpoint: CollectCheckpoint | null = null;

  #ensure(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module', name: 'lrt-engine' });
    worker.onmessage = (event: MessageEvent<FromWorker>) => this.#receive(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(
        new LabError(event.message ? 'worker-crashed.stopped' : 'worker-crashed.script', { reason: event.message }),
      );
    };
    this.#worker = worker;
    return worker;
  }

  /**
   * Sends one request and resolves with its result.
   * Rejects with a LabError; `cancelled` when the signal is aborted.
   */
  request<K extends RequestType>(
    type: K,
    input: Requests[K]['in'],
    listeners: Listeners = {},
  ): Promise<Requests[K]['out']> {
    if (listeners.signal?.aborted) return Promise.reject(cancelled());
    const id = this.#nextId++;
    const worker = this.#ensure();
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: never) => void, reject, listeners });
      listeners.signal?.addEventListener('abort', () => this.#post({ type: 'cancel', id }), { once: true });
      worker.postMessage({ type, id, ...input });
    });
  }

  /** The checkpoint of a lost device, once. */
  takeCheckpoint(): CollectCheckpoint | null {
    const checkpoint = this.#checkpoint;
    this.#checkpoint = null;
    return checkpoint;
  }

  /** Ends the worker at once; in-flight requests reject as cancelled. The next request starts a fresh one. */
  terminate(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#rejectAll(cancelled());
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  #receive(message: FromWorker): void {
    if (message.type === 'device-lost') {
      this.#checkpoint = message.checkpoint;
      return this.#lose(LabError.fromJSON(message.error));
    }
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    switch (message.type) {
      case 'progress':
        return pending.listeners.onProgress?.(message.progress);
      case 'stage':
        return pending.listeners.onStage?.(message.event);
      case 'streams':
        return pending.listeners.onStreams?.(message.streams);
      case 'verify':
        return pending.listeners.onVerify?.(message.stepId, message.step);
      case 'done':
        this.#pending.delete(message.id);
        return pending.resolve(message.result as never);
      case 'error':
        this.#pending.delete(message.id);
        return pending.reject(LabError.fromJSON(message.error));
    }
  }

  #lose(error: LabError): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#rejectAll(error);
    this.onLost?.(error);
  }

  #rejectAll(error: LabError): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
