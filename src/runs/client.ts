/** The page's side of the worker that keeps the runs. */
import { LabError } from '../experiment/errors';
import { RUNS_CHANNEL, type RunAnswer, type RunRequests } from './protocol';

interface Pending {
  resolve: (value: never) => void;
  reject: (error: LabError) => void;
}

let worker: Worker | null = null;
let nextId = 1;
const pending = new Map<number, Pending>();

function ensure(): Worker {
  if (worker) return worker;
  worker = new Worker(new URL('./runs.worker.ts', import.meta.url), { type: 'module', name: 'lrt-runs' });
  worker.onmessage = ({ data }: MessageEvent<RunAnswer>) => {
    const waiting = pending.get(data.id);
    pending.delete(data.id);
    if ('error' in data) waiting?.reject(LabError.fromJSON(data.error));
    else waiting?.resolve(data.result as never);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    worker?.terminate();
    worker = null;
    const error = new LabError(event.message ? 'storage-unavailable.runs-stopped' : 'storage-unavailable.runs-script', {
      reason: event.message,
    });
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  };
  return worker;
}

/** Asks the store. Rejects with a LabError. */
export function askRuns<K extends keyof RunRequests>(
  type: K,
  input: RunRequests[K]['in'],
): Promise<RunRequests[K]['out']> {
  const id = nextId++;
  const to = ensure();
  return new Promise((resolve, reject) => {
    pending.set(id, { resolve: resolve as (value: never) => void, reject });
    to.postMessage({ id, type, input });
  });
}

/** Called after every change of the list, in this tab or another. @returns the end of it */
export function onRunsChanged(listener: () => void): () => void {
  const tabs = new BroadcastChannel(RUNS_CHANNEL);
  tabs.onmessage = listener;
  return () => tabs.close();
}
