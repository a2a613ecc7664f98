import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { startMirror, type Failure, type Mirror } from '../../tools/mirror';
import { concatenate } from '../base/bytes';
import { sha256Hex } from '../experiment/digest';
import { LabError } from '../experiment/errors';
import { editGraph } from '../onnx';
import { textField } from '../onnx/wire';
import { diskFolder, limitRoom } from './disk-fixture';
import { executeDownload, planDownload, type DownloadOptions, type DownloadPlan } from './downloads';
import { resolveRepository } from './hub';
import { openModel } from './open';
import { ModelStore } from './storage';

const ID = 'lrt-stories-s';
const GRAPH = 'onnx/model.onnx';
const folder = new URL(`../../public/models/${ID}/`, import.meta.url);
const original = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(path, folder)));

let mirror: Mirror;
let disk: string;
let store: ModelStore;

beforeAll(async () => {
  const files = Object.fromEntries(
    await Promise.all(
      ['config.json', 'tokenizer.json', 'tokenizer_config.json'].map(
        async (path) => [path, await original(path)] as const,
      ),
    ),
  );
  const graph = await original(GRAPH);
  const shard = editGraph(graph, { externalise: { path: 'model.onnx_data', minBytes: 8192 } }).bytes;
  const sharded = {
    ...files,
    [GRAPH]: editGraph(shard, { externalise: { path: 'model.onnx_data_1', minBytes: 64 } }).bytes,
    'onnx/model.onnx_data': graph,
    'onnx/model.onnx_data_1': shard,
  };
  const outside = {
    ...files,
    [GRAPH]: editGraph(graph, { externalise: { path: '../../x', minBytes: 64 } }).bytes,
    'onnx/x': graph,
  };
  const unlisted = {
    ...files,
    [GRAPH]: editGraph(graph, { externalise: { path: 'elsewhere.bin', minBytes: 64 } }).bytes,
    'onnx/elsewhere.bin': graph,
  };
  const first = editGraph(graph, { externalise: { path: 'model-00001-of-00002.data', minBytes: 8192 } }).bytes;
  const numbered = {
    ...files,
    [GRAPH]: editGraph(first, { externalise: { path: 'model-00002-of-00002.data', minBytes: 64 } }).bytes,
    'onnx/model-00001-of-00002.data': graph,
    'onnx/model-00002-of-00002.data': first,
    'onnx/other.data': graph,
  };
  const { 'onnx/model-00002-of-00002.data': _, ...lacking } = numbered;
  const { 'onnx/elsewhere.bin': __, ...bare } = unlisted;
  const short = { ...unlisted, 'onnx/elsewhere.bin': graph.slice(0, 1000) };
  // Field 4 of a model is a text of its own: as long as one likes.
  const large = {
    ...unlisted,
    [GRAPH]: concatenate([unlisted[GRAPH], textField(4, 'x'.repeat(9 * 2 ** 20))]),
  };
  const merged = { ...files, 'onnx/decoder_model_merged.onnx': graph };
  mirror = await startMirror(new URL('../../public/models', import.meta.url).pathname, {
    extra: {
      'owner/sharded': sharded,
      'owner/merged': merged,
      'owner/outside': outside,
      'owner/unlisted': unlisted,
      'owner/numbered': numbered,
      'owner/lacking': lacking,
      'owner/bare': bare,
      'owner/short': short,
      'owner/large': large,
    },
  });
});
afterAll(() => mirror.close());
beforeEach(async () => {
  disk = await mkdtemp(join(tmpdir(), 'lrt-store-'));
  store = await ModelStore.open(diskFolder(disk));
  mirror.log.length = 0;
});
afterEach(async () => {
  limitRoom(Infinity);
  for (const path of ['api', 'config.json', 'tokenizer.json', GRAPH]) mirror.fail(ID, path, null);
  await rm(disk, { recursive: true });
});

const plan = async (id = ID, dtype: 'fp32' | 'q4' = 'fp32'): Promise<DownloadPlan> =>
  planDownload(await resolveRepository({ host: mirror.url, id }), dtype, store);
const run = (agreed: DownloadPlan, options: DownloadOptions = {}): ReturnType<typeof executeDownload> =>
  executeDownload(agreed, store, { retryMilliseconds: 1, ...options });

/** What a download under a failing mirror throws. */
async function failure(path: string, failed: Failure, options: DownloadOptions = {}): Promise<LabError> {
  const agreed = await plan();
  mirror.fail(ID, path, failed);
  const thrown: unknown = await run(agreed, options).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(LabError);
  return thrown as LabError;
}
const fetched = (): string[] =>
  mirror.log
    .filter((line) => line.includes('/resolve/'))
    .map((line) => line.split('/resolve/')[1].split(' ')[0].split('/').slice(1).join('/'));

test('the plan says what it takes, and fetches nothing', async () => {
  const agreed = await plan();
  expect(agreed.files.map((file) => file.path)).toEqual([
    'config.json',
    'tokenizer.json',
    'tokenizer_config.json',
    'generation_config.json',
    GRAPH,
  ]);
  expect(agreed).toMatchObject({
    bytes: 681 + 124926 + 987 + 96 + 1179258,
    cached: 0,
    repository: { license: 'mit' },
    dtype: 'fp32',
  });
  expect(agreed.missing).toBe(agreed.bytes);
  expect(fetched()).toEqual([]);
  expect(await store.list()).toEqual([]);
  await expect(plan(ID, 'q4')).rejects.toMatchObject({ code: 'unknown-model' });
});

test('executes exactly the plan, checks, records, and opens without the network', async () => {
  const agreed = await plan();
  const seen: [number, number][] = [];
  const { location, files } = await run(agreed, { onProgress: (done, total) => seen.push([done, total]) });
  expect(fetched()).toEqual(agreed.files.map((file) => file.path));
  expect(files.map((file) => file.checked)).toEqual(['length', 'length', 'length', 'length', 'digest']);
  for (const file of files) expect(file.sha256).toBe(sha256Hex(await original(file.path)));
  seen.forEach(([done], i) => i > 0 && expect(done).toBeGreaterThanOrEqual(seen[i - 1][0]));
  expect(seen.at(-1)).toEqual([agreed.bytes, agreed.bytes]);

  expect(await store.list()).toMatchObject([
    { id: ID, commit: mirror.commit(ID), license: 'mit', bytes: agreed.bytes, unfinished: [] },
  ]);
  const again = await plan();
  expect([again.cached, again.missing]).toEqual([agreed.bytes, 0]);
  mirror.log.length = 0;
  await run(again);
  const opened = await openModel({ id: ID, dtype: 'fp32', location }, { store });
  expect(mirror.log).toEqual([]);
  expect(opened.config).toMatchObject({ layers: 3, hiddenSize: 64 });
  expect(sha256Hex(opened.graph)).toBe(sha256Hex(await original(GRAPH)));
  expect(opened.files).toEqual(
    files.toSorted((a, b) => order(a.path) - order(b.path)).map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
  );
  await store.delete(location);
  expect(await store.list()).toEqual([]);
  await expect(openModel({ id: ID, dtype: 'fp32', location }, { store })).rejects.toMatchObject({
    code: 'model-not-stored',
  });
});

const order = (path: string): number =>
  ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json', GRAPH].indexOf(path);

test('weights in shards are planned, stored and handed over file by file', async () => {
  const agreed = await plan('owner/sharded');
  expect(agreed.files.map((file) => file.path).slice(-3)).toEqual([
    GRAPH,
    'onnx/model.onnx_data',
    'onnx/model.onnx_data_1',
  ]);
  const { location } = await run(agreed);
  const opened = await openModel({ id: 'owner/sharded', dtype: 'fp32', location }, { store });
  expect(opened.external.map((file) => file.path)).toEqual(['model.onnx_data', 'model.onnx_data_1']);
  expect(sha256Hex(opened.external[0].data)).toBe(sha256Hex(await original(GRAPH)));
});

test('a graph under its older name opens as the precision that it is', async () => {
  const { location } = await run(await plan('owner/merged'));
  const opened = await openModel({ id: 'owner/merged', dtype: 'fp32', location }, { store });
  expect(opened.files.at(-1)!.path).toBe('onnx/decoder_model_merged.onnx');
});

test('files that are compressed on the way have the length that they have here', async () => {
  for (const path of ['api', 'config.json', 'tokenizer.json']) mirror.fail(ID, path, { kind: 'gzip' });
  expect((await run(await plan())).files).toHaveLength(5);
});

describe('interrupted', () => {
  test('cancelled, and gone on with from where it was by another store', async () => {
    const controller = new AbortController();
    const agreed = await plan();
    const stop = (done: number, _: number, path: string): void => {
      if (path === GRAPH && done > 600_000) controller.abort();
    };
    await expect(run(agreed, { signal: controller.signal, onProgress: stop })).rejects.toMatchObject({
      code: 'cancelled',
    });
    // As after a reload: nothing but the disk remains.
    store = await ModelStore.open(diskFolder(disk));
    const [model] = await store.list();
    expect(model.unfinished).toEqual([GRAPH]);
    const rest = await plan();
    expect(rest.missing).toBeLessThan(1179258 - 470_000);
    mirror.log.length = 0;
    const { files } = await run(rest);
    expect(mirror.log.map((line) => line.split(' ').slice(2).join(' ')).filter(Boolean)).toContain(
      `bytes=${1179258 - rest.missing}-`,
    );
    expect(files.at(-1)).toMatchObject({ checked: 'digest', sha256: sha256Hex(await original(GRAPH)) });
  });

  test('cancelled while a slow host is being waited for: at once, and nothing more is asked for', async () => {
    const agreed = await plan();
    mirror.fail(ID, 'config.json', { kind: 'slow', milliseconds: 5000 });
    const controller = new AbortController();
    const running = run(agreed, { signal: controller.signal });
    running.catch(() => undefined);
    await vi.waitUntil(() => fetched().length > 0, { timeout: 10_000 });
    const aborted = performance.now();
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'cancelled' });
    expect(performance.now() - aborted).toBeLessThan(4000);
    expect(fetched()).toEqual(['config.json']);
  });

  test('a connection that breaks is resumed twice, then the error says how far it came', async () => {
    const error = await failure(GRAPH, { kind: 'cut', after: 300_000 });
    expect(error).toMatchObject({ code: 'model-truncated', params: { expected: 1179258 } });
    expect(fetched().filter((path) => path === GRAPH)).toHaveLength(3);
    expect(error.params.got).toBeGreaterThan(300_000);
    mirror.fail(ID, GRAPH, null);
    expect((await run(await plan())).files.at(-1)!.checked).toBe('digest');
  });

  test('a host without ranges is read from the start', async () => {
    await failure(GRAPH, { kind: 'cut', after: 200_000 });
    mirror.fail(ID, GRAPH, { kind: 'no-ranges' });
    expect((await run(await plan())).files.at(-1)).toMatchObject({
      checked: 'digest',
      sha256: sha256Hex(await original(GRAPH)),
    });
  });

  test('bytes that were spoilt on disk are found by the digest, and not kept', async () => {
    await failure(GRAPH, { kind: 'cut', after: 300_000 });
    mirror.fail(ID, GRAPH, null);
    const [name] = await readdir(join(disk, 'models'));
    const path = join(disk, 'models', name, 'f-onnx%2Fmodel.onnx');
    const bytes = await readFile(path);
    bytes[1000] ^= 1;
    await writeFile(path, bytes);
    await expect(run(await plan())).rejects.toMatchObject({ code: 'model-digest' });
    expect((await run(await plan())).files.at(-1)!.checked).toBe('digest');
  });
});

describe('a hostile host', () => {
  test('another length than agreed to: refused from the header, nothing kept', async () => {
    for (const by of [-1000, 1000, 10 * 2 ** 30]) {
      expect((await failure(GRAPH, by > 2000 ? { kind: 'claim', bytes: by } : { kind: 'length', by })).code).toBe(
        'model-length',
      );
      const [model] = await store.list();
      expect(model.unfinished).toEqual([GRAPH]);
      expect(model.bytes).toBe(681 + 124926 + 987 + 96);
    }
  });

  test('another length that no header tells: stopped at the first byte too many; or there is nothing where the rest should be', async () => {
    expect((await failure(GRAPH, { kind: 'length', by: 1000, silent: true })).code).toBe('model-length');
    expect((await plan()).cached).toBe(681 + 124926 + 987 + 96);
    expect((await failure(GRAPH, { kind: 'length', by: -1000, silent: true })).code).toBe('model-length');
  });

  test('another digest', async () => {
    expect(await failure(GRAPH, { kind: 'digest' })).toMatchObject({ code: 'model-digest', params: { path: GRAPH } });
    expect((await plan()).cached).toBe(681 + 124926 + 987 + 96);
  });

  test('a page, a refusal, nothing, a circle', async () => {
    expect((await failure('config.json', { kind: 'missing' })).code).toBe('model-not-found');
    mirror.fail(ID, 'config.json', null);
    expect((await failure(GRAPH, { kind: 'page' })).code).toBe('model-page');
    expect((await failure(GRAPH, { kind: 'gated' })).code).toBe('model-gated');
    expect(await failure(GRAPH, { kind: 'redirects' })).toMatchObject({
      code: 'model-unreachable',
      params: { reason: 'redirects' },
    });
  });

  test('external data outside the folder is refused before anything is agreed to', async () => {
    await expect(plan('owner/outside')).rejects.toMatchObject({ code: 'model-path', params: { path: '../../x' } });
    expect(fetched().filter((path) => path.includes('x') && !path.startsWith('onnx/model'))).toEqual([]);
  });
});

describe('the graph says which files belong to it', () => {
  test('by any name: planned, stored and opened; its neighbours are not', async () => {
    for (const [id, names] of [
      ['owner/unlisted', ['onnx/elsewhere.bin']],
      ['owner/numbered', ['onnx/model-00001-of-00002.data', 'onnx/model-00002-of-00002.data']],
    ] as const) {
      const agreed = await plan(id);
      expect(agreed.complete).toBe(true);
      expect(agreed.files.map(({ path }) => path).slice(4 - 1)).toEqual([GRAPH, ...names]);
      const { location } = await run(agreed);
      const opened = await openModel({ id, dtype: 'fp32', location }, { store });
      expect(opened.external.map(({ path }) => `onnx/${path}`)).toEqual(names);
      await store.delete(location);
    }
  });

  test('what it needs and the repository lacks is named before the download: all of it', async () => {
    await expect(plan('owner/lacking')).rejects.toMatchObject({
      key: 'model-incomplete.external',
      params: { missing: 'onnx/model-00002-of-00002.data', graph: GRAPH },
    });
    expect(await store.list()).toEqual([]);
    // Nothing lies beside the graph: then it is read when it is there, and before it is called done.
    await expect(plan('owner/bare').then(run)).rejects.toMatchObject({
      key: 'model-incomplete.external',
      params: { missing: 'onnx/elsewhere.bin' },
    });
  });

  test('weights that are shorter than the graph says', async () => {
    await expect(plan('owner/short')).rejects.toMatchObject({ key: 'model-truncated.external' });
  });

  test('a graph too large to be read beforehand: the plan says so, stops when it is here, and is whole the next time', async () => {
    const agreed = await plan('owner/large');
    expect(agreed.complete).toBe(false);
    expect(agreed.files.map(({ path }) => path)).not.toContain('onnx/elsewhere.bin');
    await expect(run(agreed)).rejects.toMatchObject({
      key: 'model-incomplete.unplanned',
      params: { missing: 'onnx/elsewhere.bin' },
    });
    const again = await plan('owner/large');
    expect(again.complete).toBe(true);
    expect(again.files.at(-1)!.path).toBe('onnx/elsewhere.bin');
    const { location } = await run(again);
    const opened = await openModel({ id: 'owner/large', dtype: 'fp32', location }, { store });
    expect(opened.external.map(({ path }) => path)).toEqual(['elsewhere.bin']);
  });
});

describe('storage', () => {
  test.each(['code', 'throws'] as const)(
    'that fills up (%s) is a named error, and what fitted is kept',
    async (then) => {
      limitRoom(500_000, then);
      const agreed = await plan();
      const thrown = await run(agreed).catch((error: unknown) => error as LabError);
      limitRoom(Infinity);
      expect(thrown).toMatchObject({ code: 'storage-full', params: { missing: (await plan()).missing } });
      expect((await plan()).cached).toBeGreaterThan(200_000);
      expect((await run(await plan())).files).toHaveLength(5);
    },
  );

  test('that the browser says is too small is said before anything is fetched', async () => {
    const agreed = await plan();
    vi.spyOn(store, 'room').mockResolvedValue({ usage: 0, quota: 1000, free: 1000 });
    expect((await plan()).freeBytes).toBe(1000);
    await expect(run(agreed)).rejects.toMatchObject({
      code: 'storage-full',
      params: { missing: agreed.missing - 1000 },
    });
    expect(fetched()).toEqual([]);
  });

  test('a file that another holds open is waited for, and then a named error', async () => {
    const agreed = await plan();
    const held = await store.write(agreed.repository, GRAPH);
    await expect(run(agreed)).rejects.toMatchObject({ code: 'storage-busy' });
    const released = run(agreed);
    setTimeout(() => held.close(), 300);
    expect((await released).files).toHaveLength(5);
  });

  test('a record that was cut short counts as unfinished; a folder without identity is not listed', async () => {
    await run(await plan());
    const [name] = await readdir(join(disk, 'models'));
    await writeFile(join(disk, 'models', name, 'f-config.json.ok'), '{"bytes": 6');
    expect((await store.list())[0].unfinished).toEqual(['config.json']);
    expect((await run(await plan())).files[0].path).toBe('config.json');
    await writeFile(join(disk, 'models', name, 'model.json'), '');
    expect(await store.list()).toEqual([]);
  });

  test('two commits of one repository are two models', async () => {
    const { location } = await run(await plan());
    expect(await store.find({ ...location, commit: '0'.repeat(40) })).toBeNull();
    expect(await store.find({ ...location, host: 'http://other' })).toBeNull();
  });
});
