/** The page's side of the worker that keeps the runs. */
import { Channel } from '../channel/channel';
import { LabError } from '../experiment/errors';
import { RUNS_CHANNEL, type RunRequests } from './protocol';

const channel = new Channel<RunRequests>(
  () => new Worker(new URL('./runs.worker.ts', import.meta.url), { type: 'module', name: 'lrt-runs' }),
  {
    crashed: (message) =>
      message === ''
        ? new LabError('storage-unavailable.runs-script')
        : new LabError('storage-unavailable.runs-stopped', { reason: message }),
  },
);

/** Asks the store. Rejects with a LabError. */
export function askRuns<K extends keyof RunRequests>(
  type: K,
  input: RunRequests[K]['in'],
): Promise<RunRequests[K]['out']> {
  return channel.request(type, input);
}

/** Called after every change of the list, in this tab or another. @returns the end of it */
export function onRunsChanged(listener: () => void): () => void {
  const tabs = new BroadcastChannel(RUNS_CHANNEL);
  tabs.onmessage = listener;
  return () => tabs.close();
}
