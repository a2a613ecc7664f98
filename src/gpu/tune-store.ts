/** Where tunings last between visits: an IndexedDB database of the browser, in a page or a worker. */
import { message, type Message } from '../experiment/message';
import { createStore, get, set } from 'idb-keyval';

export interface TuneStore {
  /** The value last set, or undefined. */
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

/** The browser's store, or the reason why there is none: private windows and some embedded pages have no IndexedDB. */
export function openTuneStore(
  database = 'lrt-lab-tuning',
): { store: TuneStore; unavailable: null } | { store: null; unavailable: Message } {
  if (typeof indexedDB === 'undefined') return { store: null, unavailable: message('run.tuning.no-store') };
  const table = createStore(database, 'tunings');
  return { store: { get: (key) => get(key, table), set: (key, value) => set(key, value, table) }, unavailable: null };
}
