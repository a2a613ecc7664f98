/**
 * Runs kept in this browser: an IndexedDB table with two values a run, its record and its packed JSON, and a third where a
 * shared document came with it, always written in
 * one transaction. Tabs that are open at once each have their own connection; the transactions keep them apart.
 */
import { createStore, promisifyRequest } from 'idb-keyval';
import { asJson, writeBundle, type BundleItem } from '../experiment/bundle';
import { LabError } from '../experiment/errors';
import { parseRun } from '../experiment/run-schema';
import type { Run } from '../experiment/run';
import { packRun, unpackRun } from './pack';
import { MAX_NAME, recordSchema, summaryOf, type RunList, type RunRecord } from './record';

/** How much is kept. What would go beyond is refused with a name: nothing is deleted without being asked for. */
export interface Bounds {
  runs: number;
  bytes: number;
}
export const BOUNDS: Bounds = { runs: 200, bytes: 256 * 1024 * 1024 };

/** A deleted entry, whole, so that it can be put back. */
export interface RemovedRun {
  id: string;
  name: string;
  record: unknown;
  data: unknown;
  share: unknown;
}

export interface NewRun {
  run: object;
  name: string;
  created: number;
  parent: string | null;
  from: RunRecord['from'];
  /** The shared document that came with it; it goes out with it again. */
  share?: object | null;
}

const RECORD = 'record:';
const DATA = 'data:';
const SHARE = 'share:';
const under = (prefix: string): IDBKeyRange => IDBKeyRange.bound(prefix, `${prefix}\uffff`);

async function readable(table: IDBObjectStore): Promise<RunRecord[]> {
  const values = (await promisifyRequest(table.getAll(under(RECORD)))) as unknown[];
  return values
    .map((value) => recordSchema.safeParse(value))
    .flatMap((parsed) => (parsed.success ? [parsed.data] : []));
}

function named(error: unknown): LabError {
  if (error instanceof LabError) return error;
  if (error instanceof DOMException && error.name === 'QuotaExceededError') {
    return new LabError('storage-full.run');
  }
  return new LabError(
    'storage-unavailable.runs',
    { reason: error instanceof Error ? error.message : String(error) },
    error,
  );
}

export class RunStore {
  readonly #table: ReturnType<typeof createStore>;
  readonly #bounds: Bounds;

  /** @throws LabError `storage-unavailable` where the browser has no IndexedDB */
  constructor(database = 'lrt-lab-runs', bounds: Bounds = BOUNDS) {
    if (typeof indexedDB === 'undefined') throw named(new Error('it offers no IndexedDB here'));
    this.#table = createStore(database, 'runs');
    this.#bounds = bounds;
  }

  /** Everything that is kept; what cannot be read is listed as such. */
  async list(): Promise<RunList> {
    const [keys, values, data] = await this.#do('readonly', (table) =>
      Promise.all([
        promisifyRequest(table.getAllKeys(under(RECORD))),
        promisifyRequest(table.getAll(under(RECORD))),
        promisifyRequest(table.getAllKeys(under(DATA))),
      ]),
    );
    const packed = new Set(data.map((key) => String(key).slice(DATA.length)));
    const list: RunList = { records: [], damaged: [], bytes: 0 };
    keys.forEach((key, i) => {
      const id = String(key).slice(RECORD.length);
      const parsed = recordSchema.safeParse(values[i]);
      if (!parsed.success || parsed.data.id !== id)
        list.damaged.push({ id, problem: 'Its description cannot be read.' });
      else if (!packed.has(id)) list.damaged.push({ id, problem: `“${parsed.data.name}”: the run itself is gone.` });
      else list.records.push(parsed.data);
      packed.delete(id);
    });
    for (const id of packed) list.damaged.push({ id, problem: 'It has no description.' });
    list.records.sort((a, b) => b.created - a.created);
    list.bytes = list.records.reduce((sum, record) => sum + record.bytes, 0);
    return list;
  }

  /**
   * Keeps a run. One that is there already stays as it is, with its name.
   * @throws LabError `runs-full`, `storage-full`, `storage-unavailable`; `run-*` for what is no run
   */
  async keep({
    run,
    name,
    created,
    parent,
    from,
    share = null,
  }: NewRun): Promise<{ record: RunRecord; added: boolean }> {
    const document = asJson(run);
    const parsed = parseRun(document);
    const { id, bytes } = await packRun(document);
    const { experimentDigest } = parsed;
    return this.#do('readwrite', async (table) => {
      const known = recordSchema.safeParse(await promisifyRequest(table.get(RECORD + id)));
      if (known.success && (await promisifyRequest(table.getKey(DATA + id))) !== undefined)
        return { record: known.data, added: false };
      const others = await readable(table);
      this.#requireRoom(others, bytes.length);
      // The same settings run again are no fork of themselves: they have the parent that they had.
      const lineage =
        parent === experimentDigest
          ? (others.find((each) => each.experimentDigest === experimentDigest)?.parent ?? null)
          : parent;
      const record: RunRecord = {
        form: 1,
        id,
        name: name.slice(0, MAX_NAME),
        created,
        from,
        experimentDigest,
        parent: lineage,
        bytes: bytes.length,
        summary: summaryOf(parsed),
      };
      table.put(record, RECORD + id);
      table.put(bytes, DATA + id);
      if (share) table.put(asJson(share), SHARE + id);
      return { record, added: true };
    });
  }

  /** A kept run, checked. @throws LabError `run-missing`, `run-damaged`, `run-version`, `run-invalid` */
  async open(id: string): Promise<{ record: RunRecord; run: Run }> {
    const { record, document } = await this.#document(id);
    return { record, run: parseRun(document) };
  }

  /** @throws LabError `run-missing` where another tab has deleted it */
  async rename(id: string, name: string): Promise<RunRecord> {
    return this.#do('readwrite', async (table) => {
      const known = recordSchema.safeParse(await promisifyRequest(table.get(RECORD + id)));
      if (!known.success) throw missing();
      const record = { ...known.data, name: name.trim().slice(0, MAX_NAME) || known.data.name };
      table.put(record, RECORD + id);
      return record;
    });
  }

  /** Deletes an entry, readable or not, and hands it over. @throws LabError `run-missing` */
  async remove(id: string): Promise<RemovedRun> {
    return this.#do('readwrite', async (table) => {
      const [record, data, share] = await Promise.all([
        promisifyRequest(table.get(RECORD + id)),
        promisifyRequest(table.get(DATA + id)),
        promisifyRequest(table.get(SHARE + id)),
      ]);
      if (record === undefined && data === undefined) throw missing();
      table.delete(RECORD + id);
      table.delete(DATA + id);
      table.delete(SHARE + id);
      const known = recordSchema.safeParse(record);
      return {
        id,
        name: known.success ? known.data.name : 'the damaged run',
        record: record as unknown,
        data: data as unknown,
        share: share as unknown,
      };
    });
  }

  /** Puts a deleted entry back, whatever the bounds say now. */
  async restore({ id, record, data, share }: RemovedRun): Promise<void> {
    await this.#do('readwrite', async (table) => {
      if (record !== undefined) table.put(record, RECORD + id);
      if (data !== undefined) table.put(data, DATA + id);
      if (share !== undefined) table.put(share, SHARE + id);
    });
  }

  /**
   * Kept runs as the text of a bundle. @param version of the lab
   * @throws LabError of the first that cannot be read
   */
  async bundle(ids: readonly string[], version: string): Promise<string> {
    const items: BundleItem[] = [];
    for (const id of ids) {
      const { record, document } = await this.#document(id);
      const share = (await this.#do('readonly', (table) => promisifyRequest(table.get(SHARE + id)))) as
        object | undefined;
      items.push({
        name: record.name,
        created: new Date(record.created),
        parent: record.parent,
        experiment: (document as Run).experiment,
        run: document,
        share: share ?? null,
      });
    }
    return writeBundle(items, version).text;
  }

  async #document(id: string): Promise<{ record: RunRecord; document: object }> {
    const [value, data] = await this.#do('readonly', (table) =>
      Promise.all([promisifyRequest(table.get(RECORD + id)), promisifyRequest(table.get(DATA + id))]),
    );
    if (value === undefined && data === undefined) throw missing();
    const record = recordSchema.safeParse(value);
    if (!record.success) throw new LabError('run-damaged.record');
    if (!(data instanceof Uint8Array)) throw new LabError('run-damaged.gone');
    return { record: record.data, document: await unpackRun({ id, bytes: data as Uint8Array<ArrayBuffer> }) };
  }

  #requireRoom(kept: readonly RunRecord[], more: number): void {
    const bytes = kept.reduce((sum, each) => sum + each.bytes, 0);
    if (kept.length + 1 <= this.#bounds.runs && bytes + more <= this.#bounds.bytes) return;
    throw new LabError('runs-full', {
      mostRuns: this.#bounds.runs,
      most: Math.round(this.#bounds.bytes / 1e6),
      runs: kept.length,
      megabytes: Math.round(bytes / 1e5) / 10,
    });
  }

  async #do<T>(mode: IDBTransactionMode, work: (table: IDBObjectStore) => Promise<T>): Promise<T> {
    try {
      return await this.#table(mode, async (table) => {
        const end = promisifyRequest(table.transaction);
        try {
          const result = await work(table);
          await end;
          return result;
        } catch (error) {
          // What was begun is taken back; the reason is the first error, not that it was taken back.
          end.catch(() => undefined);
          try {
            table.transaction.abort();
          } catch {
            // It has ended by itself, by the same error.
          }
          throw error;
        }
      });
    } catch (error) {
      throw named(error);
    }
  }
}

const missing = (): LabError => new LabError('run-missing');
