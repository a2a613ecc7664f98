/**
 * A typed channel between a page and a worker of its own: one table says what each request takes, gives, and tells
 * meanwhile. Every request ends in exactly one answer or one error; a cancelled one ends with `cancelled`. What is large
 * is handed over (transferred), not copied, where the sender says so. Knows nothing of what is asked.
 */
import { LabError, cancelled, type LabErrorJson } from '../experiment/errors';

/** What a request takes, what it gives, and what it tells before it ends (never: nothing). */
export interface Exchange {
  in: unknown;
  out: unknown;
  event?: unknown;
}

/** A table of requests, by type. */
export type Exchanges<T> = { [K in keyof T]: Exchange };
type EventOf<E> = E extends { event: infer Event } ? Event : never;

/** What a handler is given beside the input. */
export interface Call<Event> {
  signal: AbortSignal;
  emit: (event: Event) => void;
  /** Hands these over with the answer instead of copying them: the worker must not use them again. */
  transfer: (...objects: Transferable[]) => void;
}

export type Handlers<T extends Exchanges<T>> = {
  [K in keyof T]: (input: T[K]['in'], call: Call<EventOf<T[K]>>) => Promise<T[K]['out']> | T[K]['out'];
};

type ToWorker = { id: number; type: PropertyKey; input: unknown } | { id: number; cancel: true };
type FromWorker =
  | { id: number; event: unknown }
  | { id: number; result: unknown }
  | { id: number; error: LabErrorJson }
  /** No answer to a request. */
  | { notice: unknown };

/** The part of a worker's global scope that is used, so that a test may stand in for it. */
export interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown, transfer?: Transferable[]): void;
}

export interface ServeOptions<T> {
  /** Requests that wait for one another, in the order of their arrival; the others run at once. Default: none. */
  sequential?: (type: keyof T) => boolean;
  /** Called when a request has ended well. */
  onDone?: (type: keyof T) => void;
}

/**
 * Answers requests in a worker.
 * @returns how to tell the page something that is no answer
 */
export function serve<T extends Exchanges<T>, Notice = never>(
  scope: WorkerScope,
  handlers: Handlers<T>,
  options: ServeOptions<T> = {},
): (notice: Notice, transfer?: Transferable[]) => void {
  const controllers = new Map<number, AbortController>();
  const post = (message: FromWorker, transfer: Transferable[] = []): void => scope.postMessage(message, transfer);
  let tail: Promise<void> = Promise.resolve();

  async function answer(id: number, type: keyof T, input: unknown, signal: AbortSignal): Promise<void> {
    const handed: Transferable[] = [];
    try {
      if (signal.aborted) throw cancelled();
      const handler = handlers[type] as (input: unknown, call: Call<unknown>) => unknown;
      const result = await handler(input, {
        signal,
        emit: (event) => post({ id, event }),
        transfer: (...objects) => void handed.push(...objects),
      });
      post({ id, result }, handed);
      options.onDone?.(type);
    } catch (error) {
      post({ id, error: LabError.from(signal.aborted ? cancelled() : error).toJSON() });
    } finally {
      controllers.delete(id);
    }
  }

  scope.onmessage = ({ data }: MessageEvent<ToWorker>): void => {
    if ('cancel' in data) {
      controllers.get(data.id)?.abort();
      return;
    }
    const controller = new AbortController();
    controllers.set(data.id, controller);
    const run = (): Promise<void> => answer(data.id, data.type as keyof T, data.input, controller.signal);
    if (options.sequential?.(data.type as keyof T)) tail = tail.then(run);
    else void run();
  };
  return (notice, transfer) => post({ notice }, transfer);
}

export interface RequestOptions<Event> {
  onEvent?: (event: Event) => void;
  signal?: AbortSignal;
  /** Parts of the input that are handed over instead of copied. */
  transfer?: Transferable[];
}

export interface ChannelOptions<Notice> {
  /** The error of a worker whose script stopped or could not be started. */
  crashed: (message: string) => LabError;
  /**
   * Called with what the worker tells that is no answer. An error that it returns ends the worker: the requests at work
   * are rejected with it.
   */
  onNotice?: (notice: Notice) => LabError | null;
  /** Called when the worker has died, after the requests at work were rejected. */
  onLost?: (error: LabError) => void;
}

interface Pending {
  resolve: (value: never) => void;
  reject: (error: LabError) => void;
  onEvent?: (event: never) => void;
  /** Lets go of the caller's signal. */
  release: () => void;
}

/** The page's side. The worker starts with the first request, and anew with the first one after it has died. */
export class Channel<T extends Exchanges<T>, Notice = never> {
  #start: () => Worker;
  #options: ChannelOptions<Notice>;
  #worker: Worker | null = null;
  #nextId = 1;
  #pending = new Map<number, Pending>();

  constructor(start: () => Worker, options: ChannelOptions<Notice>) {
    this.#start = start;
    this.#options = options;
  }

  /** Sends one request and resolves with its answer. Rejects with a LabError; `cancelled` when the signal is aborted. */
  request<K extends keyof T>(
    type: K,
    input: T[K]['in'],
    options: RequestOptions<EventOf<T[K]>> = {},
  ): Promise<T[K]['out']> {
    const { signal, onEvent, transfer = [] } = options;
    if (signal?.aborted) return Promise.reject(cancelled());
    const id = this.#nextId++;
    const worker = this.#ensure();
    return new Promise((resolve, reject) => {
      const cancel = (): void => this.#worker?.postMessage({ id, cancel: true } satisfies ToWorker);
      signal?.addEventListener('abort', cancel, { once: true });
      this.#pending.set(id, {
        resolve: resolve as (value: never) => void,
        reject,
        onEvent,
        release: () => signal?.removeEventListener('abort', cancel),
      });
      worker.postMessage({ id, type, input } satisfies ToWorker, transfer);
    });
  }

  /** Ends the worker at once; the requests at work reject as cancelled. */
  terminate(): void {
    this.#end(cancelled());
  }

  #ensure(): Worker {
    if (this.#worker) return this.#worker;
    const worker = this.#start();
    worker.onmessage = (event: MessageEvent<FromWorker>) => this.#receive(event.data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#lose(this.#options.crashed(event.message));
    };
    this.#worker = worker;
    return worker;
  }

  #receive(message: FromWorker): void {
    if ('notice' in message) {
      const error = this.#options.onNotice?.(message.notice as Notice);
      if (error) this.#lose(error);
      return;
    }
    const pending = this.#pending.get(message.id);
    if (!pending) return;
    if ('event' in message) {
      pending.onEvent?.(message.event as never);
      return;
    }
    this.#pending.delete(message.id);
    pending.release();
    if ('error' in message) pending.reject(LabError.fromJSON(message.error));
    else pending.resolve(message.result as never);
  }

  #lose(error: LabError): void {
    this.#end(error);
    this.#options.onLost?.(error);
  }

  #end(error: LabError): void {
    this.#worker?.terminate();
    this.#worker = null;
    const ended = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, release } of ended) {
      release();
      reject(error);
    }
  }
}
