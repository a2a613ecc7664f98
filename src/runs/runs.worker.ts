/** Packs, checks and keeps runs off the main thread. */
import { version } from '../../package.json';
import { serve, type Handlers } from '../channel/channel';
import { importRuns } from './import';
import { RUNS_CHANNEL, type RunRequests } from './protocol';
import { RunStore } from './store';

const tabs = new BroadcastChannel(RUNS_CHANNEL);
let opened: RunStore | null = null;
const store = (): RunStore => (opened ??= new RunStore());

const handlers: Handlers<RunRequests> = {
  list: () => store().list(),
  keep: (input) => store().keep(input),
  open: (id) => store().open(id),
  rename: ({ id, name }) => store().rename(id, name),
  remove: (id) => store().remove(id),
  restore: async (removed) => {
    await store().restore(removed);
    return null;
  },
  bundle: async (ids) => new Blob([await store().bundle(ids, version)], { type: 'application/json' }),
  import: ({ file, name }) => importRuns(store(), file, name, Date.now()),
};

const READS: readonly (keyof RunRequests)[] = ['list', 'open', 'bundle'];

serve<RunRequests>(self, handlers, {
  onDone: (type) => {
    if (!READS.includes(type)) tabs.postMessage(null);
  },
});
