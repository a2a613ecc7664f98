/** Packs, checks and keeps runs off the main thread. */
import { version } from '../../package.json';
import { LabError } from '../experiment/errors';
import { importRuns } from './import';
import { RUNS_CHANNEL, type RunAnswer, type RunRequest, type RunRequests } from './protocol';
import { RunStore } from './store';

const tabs = new BroadcastChannel(RUNS_CHANNEL);
let opened: RunStore | null = null;

type Handlers = {
  [K in keyof RunRequests]: (input: RunRequests[K]['in'], store: RunStore) => Promise<RunRequests[K]['out']>;
};

const handlers: Handlers = {
  list: (_, store) => store.list(),
  keep: (input, store) => store.keep(input),
  open: (id, store) => store.open(id),
  rename: ({ id, name }, store) => store.rename(id, name),
  remove: (id, store) => store.remove(id),
  restore: async (removed, store) => {
    await store.restore(removed);
    return null;
  },
  bundle: async (ids, store) => new Blob([await store.bundle(ids, version)], { type: 'application/json' }),
  import: ({ file, name }, store) => importRuns(store, file, name, Date.now()),
};

const READS: readonly (keyof RunRequests)[] = ['list', 'open', 'bundle'];

onmessage = async ({ data }: MessageEvent<RunRequest>) => {
  let answer: RunAnswer;
  try {
    opened ??= new RunStore();
    answer = {
      id: data.id,
      result: await (handlers[data.type] as (input: unknown, store: RunStore) => Promise<unknown>)(data.input, opened),
    };
    if (!READS.includes(data.type)) tabs.postMessage(null);
  } catch (thrown) {
    answer = { id: data.id, error: LabError.from(thrown).toJSON() };
  }
  postMessage(answer);
};
