/** Downloads into the browser's real private file system, from the test server as a plain folder: interrupted, resumed, opened. */
import { afterEach, expect, test } from 'vitest';
import { fetchCatalog } from './catalog';
import type { DownloadOrder, DownloadReport } from './downloads-fixture.worker';
import { createRuntime } from '../runtime';
import type { ModelSource } from '../runtime/types';
import { openLocalFiles, registerLocalFolder } from './local';
import { openModel } from './open';
import { filesOfDirectory } from './picked';
import { ModelStore, readBlob } from './storage';

const ID = 'lrt-stories-l';
const ORDER: DownloadOrder = {
  repository: { host: `${location.origin}/models`, id: ID, layout: 'folder' },
  dtype: 'q4',
};
const GRAPH = 'onnx/model_q4.onnx';

const workers: Worker[] = [];
function work(order: DownloadOrder): Promise<DownloadReport> {
  const worker = new Worker(new URL('./downloads-fixture.worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<DownloadReport>) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(order);
  });
}

afterEach(async () => {
  for (const worker of workers.splice(0)) worker.terminate();
  await (await navigator.storage.getDirectory()).removeEntry('models', { recursive: true }).catch(() => undefined);
});

test('a download that is torn off goes on in a new worker, is checked, listed, opened and deleted', async () => {
  const halted = await work({ ...ORDER, haltAfter: 1_500_000 });
  expect(halted).toMatchObject({ kind: 'halted' });
  // As a reload does: the worker ends with its file open.
  workers.pop()!.terminate();

  const store = await ModelStore.open();
  const [partial] = await store.list();
  expect(partial.unfinished).toEqual([GRAPH]);
  const begun = await store.storedBytes({ ...partial }, GRAPH);
  expect(begun).toBeGreaterThan(1_000_000);

  const report = await work(ORDER);
  if (report.kind !== 'done') throw new Error(JSON.stringify(report));
  expect(report.ranges).toEqual([`bytes=${begun}-`]);
  // The small files were there: one request, for the rest of the graph.
  expect(report.requests).toBe(1);

  const catalogued = (await fetchCatalog(`${location.origin}/`)).models.find((model) => model.id === ID)!;
  for (const { path, bytes, sha256 } of report.files) expect(catalogued.files).toContainEqual({ path, bytes, sha256 });
  const [stored] = await store.list();
  expect(stored).toMatchObject({
    id: ID,
    layout: 'folder',
    unfinished: [],
    bytes: report.files.reduce((sum, file) => sum + file.bytes, 0),
  });
  expect((await store.room())!.usage).toBeGreaterThan(0);

  const opened = await openModel({ id: ID, dtype: 'q4', location: report.location });
  expect(opened.config).toMatchObject({ layers: 5, hiddenSize: 192 });
  expect(opened.graph).toHaveLength(3195837);
  const runtime = await createRuntime({ backend: 'wasm', device: null, openModel });
  const logits = async (source: ModelSource): Promise<Float32Array> => {
    const model = await runtime.load(source);
    return model.nextTokenLogits({ rows: [{ ids: model.tokenizer.encode('The old fox') }], sites: [] });
  };
  const downloaded = await logits({ id: ID, dtype: 'q4', location: report.location });
  expect(downloaded).toHaveLength(2048);
  expect(downloaded).toEqual(await logits({ id: ID, dtype: 'q4', baseUrl: `${location.origin}/models/${ID}/` }));
  await runtime.dispose();
  await store.delete(report.location);
  expect(await store.list()).toEqual([]);
});

test('a picked folder crosses to a worker and opens as the bundled model does', async () => {
  const catalogued = (await fetchCatalog(`${location.origin}/`)).models.find((model) => model.id === 'lrt-stories-s')!;
  const picked = await (await navigator.storage.getDirectory()).getDirectoryHandle('models', { create: true });
  for (const { path } of catalogued.files) {
    const parts = path.split('/');
    const folder = parts.length > 1 ? await picked.getDirectoryHandle(parts[0], { create: true }) : picked;
    const writable = await (await folder.getFileHandle(parts.at(-1)!, { create: true })).createWritable();
    await writable.write(await (await fetch(`/models/lrt-stories-s/${path}`)).blob());
    await writable.close();
  }
  const folder = openLocalFiles(await filesOfDirectory(picked));
  // What postMessage does to it on the way to the engine.
  const there = structuredClone(folder);
  const opened = await openModel({ id: 'lrt-stories-s', dtype: 'fp32', location: registerLocalFolder(there) });
  expect(opened.config.layers).toBe(3);
  for (const file of opened.files) expect(catalogued.files).toContainEqual(file);
});

test('a file that another download holds is a named error', async () => {
  expect(await work({ ...ORDER, haltAfter: 1_500_000 })).toMatchObject({ kind: 'halted' });
  expect(await work(ORDER)).toMatchObject({ kind: 'failed', code: 'storage-busy' });
});

test('a host that does not answer is told from one that is not allowed', async () => {
  const gone = { ...ORDER, repository: { ...ORDER.repository, host: 'http://127.0.0.1:9' } };
  expect(await work(gone)).toMatchObject({ kind: 'failed', code: 'model-unreachable', params: { reason: 'offline' } });
});

test('writing from the page’s own thread is refused as a mistake of the program', async () => {
  const store = await ModelStore.open();
  const identity = { host: 'http://h', id: 'a/b', commit: '0'.repeat(40), license: null, layout: 'hub' as const };
  await expect(store.write(identity, 'x')).rejects.toThrow(RangeError);
});

test('a blob larger than one slice is read whole', async () => {
  const part = Uint8Array.from({ length: 2 ** 20 }, (_, i) => i * 31);
  const blob = new Blob(Array.from({ length: 65 }, () => part));
  const read = await readBlob(blob);
  expect(read.length).toBe(65 * 2 ** 20);
  for (const at of [0, 64 * 2 ** 20 - 1, 64 * 2 ** 20, 65 * 2 ** 20 - 1]) expect(read[at]).toBe(part[at % 2 ** 20]);
});
