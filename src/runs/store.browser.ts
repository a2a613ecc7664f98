/** The store of runs in the browser's real IndexedDB: kept, listed, renamed, deleted, put back, exported and brought in. */
import { createStore, set } from 'idb-keyval';
import { afterEach, expect, test } from 'vitest';
import { parseBundle, writeBundle } from '../experiment/bundle';
import { digestOf } from '../experiment/digest';
import { LabError } from '../experiment/errors';
import { defaultExperiment } from '../experiment/defaults';
import { RUN_SCHEMA, type Run } from '../experiment/run';
import { parseRun } from '../experiment/run-schema';
import { importRuns } from './import';
import { RunStore, type Bounds, type NewRun } from './store';

const recorded = (await (await fetch('/recorded/mood.json')).json()) as Run;
let made = 0;
const names: string[] = [];

function open(bounds?: Bounds): { store: RunStore; name: string } {
  const name = `runs-test-${(made += 1)}`;
  names.push(name);
  return { store: new RunStore(name, bounds), name };
}

afterEach(() => {
  for (const name of names.splice(0)) indexedDB.deleteDatabase(name);
});

/** A run of its own: the time it took tells it from the recorded one. */
const variant = (i: number): Run => ({ ...recorded, timings: { ...recorded.timings, total: i } });
const fresh = (i: number, over: Partial<NewRun> = {}): NewRun => ({
  run: variant(i),
  name: `Run ${i}`,
  created: 1000 + i,
  parent: null,
  from: 'here',
  ...over,
});
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof LabError ? error.code : String(error)),
  );
const file = (text: string): Blob => new Blob([text]);

test('a run is kept once, listed with its numbers, renamed, deleted and put back', async () => {
  const { store } = open();
  const { record, added } = await store.keep(fresh(1));
  expect(added).toBe(true);
  expect(record).toMatchObject({
    id: digestOf(variant(1)),
    name: 'Run 1',
    experimentDigest: recorded.experimentDigest,
    summary: {
      outcome: recorded.evidence.verdict.outcome,
      heldOutR2: recorded.map.heldOutR2,
      source: recorded.models.source.title,
    },
  });
  expect(record.bytes).toBeLessThan(JSON.stringify(recorded).length / 2);
  expect((await store.keep(fresh(1, { name: 'Another name' }))).added).toBe(false);
  await store.keep(fresh(2));
  expect((await store.list()).records.map(({ name }) => name)).toEqual(['Run 2', 'Run 1']);
  expect((await store.open(record.id)).run).toEqual(variant(1));

  await store.rename(record.id, '  The first  ');
  const removed = await store.remove(record.id);
  expect((await store.list()).records.map(({ name }) => name)).toEqual(['Run 2']);
  expect(await codeOf(store.open(record.id))).toBe('run-missing');
  expect(await codeOf(store.rename(record.id, 'x'))).toBe('run-missing');
  await store.restore(removed);
  expect((await store.list()).records.map(({ name }) => name)).toEqual(['Run 2', 'The first']);
});

test('the same settings run again keep their lineage; a fork names what it was made from', async () => {
  const { store } = open();
  const parent = digestOf(defaultExperiment('tense'));
  expect((await store.keep(fresh(1, { parent }))).record.parent).toBe(parent);
  expect((await store.keep(fresh(2, { parent: recorded.experimentDigest }))).record.parent).toBe(parent);
});

test('tabs that keep, rename and delete at once lose nothing', async () => {
  const { store, name } = open();
  const others = [store, new RunStore(name), new RunStore(name)];
  await Promise.all(Array.from({ length: 12 }, (_, i) => others[i % 3].keep(fresh(i))));
  const { records } = await store.list();
  expect(records).toHaveLength(12);
  await Promise.all(
    records.map((record, i) =>
      i % 4 === 0 ? others[i % 3].remove(record.id) : others[(i + 1) % 3].rename(record.id, `Named ${i}`),
    ),
  );
  const left = await others[1].list();
  expect(left.records.map((record) => record.name).sort()).toEqual(
    [1, 2, 3, 5, 6, 7, 9, 10, 11].map((i) => `Named ${i}`).sort(),
  );
  for (const record of left.records) expect((await others[2].open(record.id)).record).toEqual(record);
});

test('what goes beyond the bounds is refused by name, and nothing is pushed out', async () => {
  const few = open({ runs: 2, bytes: 1e9 }).store;
  await few.keep(fresh(1));
  await few.keep(fresh(2));
  expect(await codeOf(few.keep(fresh(3)))).toBe('runs-full');
  expect((await few.list()).records).toHaveLength(2);
  // One that is kept already needs no room.
  expect(await codeOf(few.keep(fresh(1)))).toBe('done');
  const small = open({ runs: 9, bytes: 1000 }).store;
  expect(await codeOf(small.keep(fresh(1)))).toBe('runs-full');
});

test('a damaged entry is listed as damaged, can be deleted, and hinders no other', async () => {
  const { store, name } = open();
  const whole = (await store.keep(fresh(1))).record;
  const cut = (await store.keep(fresh(2))).record;
  const swapped = (await store.keep(fresh(3))).record;
  const undescribed = (await store.keep(fresh(4))).record;
  const table = createStore(name, 'runs');
  await set(`data:${cut.id}`, new Uint8Array([31, 139, 8, 0]), table);
  await set(`data:${swapped.id}`, (await store.remove(whole.id)).data, table);
  await store.keep(fresh(1));
  await set(`record:${undescribed.id}`, { form: 1, name: 7 }, table);
  await set('data:stray', new Uint8Array(3), table);
  const list = await store.list();
  expect(list.records.map((record) => record.name)).toEqual(['Run 3', 'Run 2', 'Run 1']);
  expect(list.damaged.map(({ id }) => id).sort()).toEqual([undescribed.id, 'stray'].sort());
  expect(await codeOf(store.open(cut.id))).toBe('run-damaged');
  expect(await codeOf(store.open(swapped.id))).toBe('run-damaged');
  expect((await store.open(whole.id)).run).toEqual(variant(1));
  for (const { id } of list.damaged) await store.remove(id);
  expect((await store.list()).damaged).toEqual([]);
});

test('a bundle carries runs to another browser; what cannot be read in it is named and the rest comes in', async () => {
  const { store } = open();
  const parent = digestOf(defaultExperiment('tense'));
  const { record } = await store.keep(fresh(1, { parent }));
  await store.rename(record.id, 'Mine');
  const second = (await store.keep(fresh(2))).record;
  const text = await store.bundle([record.id, second.id], '0.1.0');
  expect(parseBundle(text).entries).toHaveLength(2);

  const there = open().store;
  const report = await importRuns(there, file(text), 'a.lrt.json', 0);
  expect(report.refused).toEqual([]);
  expect((await there.list()).records).toEqual([
    { ...second, from: 'file' },
    { ...record, name: 'Mine', from: 'file' },
  ]);
  expect((await there.open(record.id)).run).toEqual(variant(1));
  expect((await importRuns(there, file(text), 'a.lrt.json', 0)).known).toHaveLength(2);

  const item = (name: string, run: object | null): Parameters<typeof writeBundle>[0][number] => ({
    name,
    created: new Date(0),
    parent: null,
    experiment: recorded.experiment,
    run,
    share: null,
  });
  const mixed = writeBundle(
    [
      item('newer', { ...recorded, schema: RUN_SCHEMA + 1 }),
      item('good', variant(3)),
      item('broken', { ...recorded, map: null }),
      item('settings', null),
    ],
    '0.1.0',
  ).text;
  const shared = writeBundle([{ ...item('shared', variant(4)), share: { claims: ['a'] } }], '0.1.0').text;
  const [withShare] = (await importRuns(there, file(shared), 'c.lrt.json', 0)).added;
  expect(parseBundle(await there.bundle([withShare.id], '0.1.0')).entries[0].share).toEqual({ claims: ['a'] });
  await there.restore(await there.remove(withShare.id));
  expect(parseBundle(await there.bundle([withShare.id], '0.1.0')).entries[0].share).toEqual({ claims: ['a'] });

  const partly = await importRuns(there, file(mixed), 'b.lrt.json', 0);
  expect(partly.added.map(({ name }) => name)).toEqual(['good']);
  expect(partly.refused.map(({ name, error }) => [name, error.code])).toEqual([
    ['newer', 'run-version'],
    ['broken', 'run-invalid'],
  ]);
  expect(partly.experiments.map(({ name }) => name)).toEqual(['settings']);
});

test('a run of an older version is kept as it was written, and opens as one of this version', async () => {
  const { store } = open();
  const packed = await fetch('/fixtures/experiments/run-v3.json.gz');
  const old = JSON.parse(
    await new Response(packed.body!.pipeThrough(new DecompressionStream('gzip'))).text(),
  ) as Record<string, unknown>;
  expect(old.schema).toBe(3);
  const [record] = (await importRuns(store, file(JSON.stringify(old)), 'run.json', 7)).added;
  expect(record.id).toBe(digestOf(old));
  const opened = await store.open(record.id);
  expect(opened.run.schema).toBe(RUN_SCHEMA);
  expect(opened.run).toEqual(parseRun(old));
  expect(opened.run.experimentDigest).toBe(record.experimentDigest);
  // What leaves the browser is what came in.
  expect(parseBundle(await store.bundle([record.id], '0.1.0')).entries[0].run).toEqual(old);
});

test('files of the command line come in; any other file is refused by name', async () => {
  const { store } = open();
  const run = await importRuns(store, file(JSON.stringify(variant(1))), 'run.json', 77);
  expect(run.added[0]).toMatchObject({ name: recorded.experiment.title, created: 77, from: 'file' });
  expect(
    (await importRuns(store, file(JSON.stringify(defaultExperiment('tense'))), 'experiment.json', 0)).experiments[0]
      .experiment,
  ).toEqual(defaultExperiment('tense'));
  const forged = { ...variant(2), experiment: { ...recorded.experiment, title: 'Forged' } };
  expect(await codeOf(importRuns(store, file(JSON.stringify(forged)), 'run.json', 0))).toBe('run-invalid');
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  for (const text of [deep, `{"experiment":${deep},"verdict":1}`, `{"models":${deep},"corpus":1}`])
    expect(await codeOf(importRuns(store, file(text), 'x.json', 0))).toMatch(/^(bundle|settings|run)-invalid$/);
  for (const text of ['', 'no json', '{}', '[]', '3'])
    expect(await codeOf(importRuns(store, file(text), 'x.json', 0))).toBe('bundle-invalid');
  expect(
    await codeOf(importRuns(store, file((await store.bundle([run.added[0].id], '0.1.0')).slice(0, -9)), 'x.json', 0)),
  ).toBe('bundle-invalid');
  expect((await store.list()).records).toHaveLength(1);
});
