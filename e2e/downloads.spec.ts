/** Downloads from a mirror, across origins, by a worker on a page of its own: a download is torn off by a reload and goes on; hostile answers are named. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test, type Page } from '@playwright/test';
import { build, type Rollup } from 'vite';
import type { DownloadOrder, DownloadReport } from '../src/models/downloads-fixture.worker';
import { startMirror, type Failure, type Mirror } from '../tools/mirror';

const ID = 'lrt-stories-l';
const GRAPH = 'onnx/model_q4.onnx';

let mirror: Mirror;
let site: Server;
let page: Page;

test.beforeAll(async ({ browser }) => {
  const worker = await bundle(new URL('../src/models/downloads-fixture.worker.ts', import.meta.url).pathname);
  site = createServer(({ url }, response) => {
    const script = url === '/worker.js';
    response
      .writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html' })
      .end(script ? worker : '<!doctype html><title>Downloads</title>');
  });
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
  mirror = await startMirror(new URL('../public/models', import.meta.url).pathname);
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
});

test.afterAll(async () => {
  await page?.close();
  await mirror?.close();
  site?.closeAllConnections();
  await new Promise((resolve) => site?.close(resolve));
});

test.afterEach(async () => {
  for (const path of ['api', 'config.json', 'tokenizer.json', GRAPH]) mirror.fail(ID, path, null);
  // A reload ends the workers; the files that they held come free a little later.
  await page.reload();
  await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    for (let tries = 0; tries < 50; tries++) {
      try {
        return await root.removeEntry('models', { recursive: true });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  });
});

async function bundle(entry: string): Promise<string> {
  const output = (await build({
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    build: { write: false, minify: false, target: 'esnext', lib: { entry, formats: ['es'], fileName: 'worker' } },
  })) as Rollup.RollupOutput[];
  return output[0].output[0].code;
}

function download(more: Partial<DownloadOrder> = {}): Promise<DownloadReport> {
  const order: DownloadOrder = { repository: { host: mirror.url, id: ID }, dtype: 'q4', ...more };
  return page.evaluate(
    (wanted) =>
      new Promise<DownloadReport>((resolve, reject) => {
        const worker = new Worker('/worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
        worker.postMessage(wanted);
      }),
    order,
  );
}

test('interrupted by a reload, resumed by a range, verified', async () => {
  expect(await download({ haltAfter: 1_500_000 })).toMatchObject({ kind: 'halted' });
  await page.reload();
  mirror.log.length = 0;
  const report = await download();
  if (report.kind !== 'done') throw new Error(JSON.stringify(report));
  expect(report.missing).toBeLessThan(3195837 - 1_000_000);
  const from = 3195837 - report.missing;
  // Nothing but the listing and the rest of the graph: the redirect keeps the range.
  expect(mirror.log).toEqual([
    `GET /api/models/${ID}/revision/main?blobs=true`,
    `GET /${ID}/resolve/${mirror.commit(ID)}/${GRAPH} bytes=${from}-`,
    `GET /cdn/${ID}/${encodeURIComponent(GRAPH)} bytes=${from}-`,
  ]);
  expect(report.files.at(-1)).toEqual({
    path: GRAPH,
    bytes: 3195837,
    sha256: 'cc172b380ccdcd66754480c05f6a5a7d6719251cf9a21d93fbf17ed58c1be6f9',
    checked: 'digest',
  });
  expect(report.license).toBe('mit');
});

test('files that are compressed on the way: a page of another site cannot see it, and takes them all the same', async () => {
  for (const path of ['api', 'config.json', 'tokenizer.json']) mirror.fail(ID, path, { kind: 'gzip' });
  const report = await download();
  expect(report).toMatchObject({ kind: 'done', missing: expect.any(Number) });
});

test('a quota that is met on the way is named, with what is missing; what fitted is kept', async () => {
  const quota = await page.context().newCDPSession(page);
  const { origin } = new URL(page.url());
  await quota.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
  const report = await download();
  await quota.send('Storage.overrideQuotaForOrigin', { origin });
  const all = 3195837 + 124926 + 682 + 987 + 96;
  expect(report).toMatchObject({ kind: 'failed', code: 'storage-full' });
  const { missing } = (report as Extract<DownloadReport, { kind: 'failed' }>).params as { missing: number };
  expect(missing).toBeGreaterThanOrEqual(all - 1_000_000);
  expect(missing).toBeLessThan(all - 900_000);
  expect(await download()).toMatchObject({ kind: 'done', missing });
});

const hostile: [string, string, Failure, { code: string; reason?: string }][] = [
  ['a listing that is a page', 'api', { kind: 'page' }, { code: 'model-page' }],
  ['a listing that is no JSON', 'api', { kind: 'body', body: '<' }, { code: 'model-layout' }],
  ['redirects without end', GRAPH, { kind: 'redirects' }, { code: 'model-unreachable', reason: 'redirects' }],
  ['a host that forbids reading', 'api', { kind: 'no-cors' }, { code: 'model-unreachable', reason: 'blocked' }],
  ['a gated file', GRAPH, { kind: 'gated' }, { code: 'model-gated' }],
  ['a page in place of weights', GRAPH, { kind: 'page' }, { code: 'model-page' }],
  ['weights that are longer', GRAPH, { kind: 'length', by: 1 }, { code: 'model-length' }],
  ['weights that are shorter', GRAPH, { kind: 'length', by: -1 }, { code: 'model-length' }],
  ['weights of another digest', GRAPH, { kind: 'digest' }, { code: 'model-digest' }],
  ['weights that break off', GRAPH, { kind: 'cut', after: 100_000 }, { code: 'model-truncated' }],
];

for (const [what, path, failure, { code, reason }] of hostile) {
  test(`${what}: named, and the page lives on`, async () => {
    mirror.fail(ID, path, failure);
    const report = await download();
    expect(report).toMatchObject({ kind: 'failed', code, ...(reason ? { params: { reason } } : {}) });
    expect(await page.title()).toBe('Downloads');
  });
}

test('a claim of 10 GB: one that the plan does not have is refused before a byte is stored; one that it has, for want of room or of bytes', async () => {
  mirror.fail(ID, GRAPH, { kind: 'claim', bytes: 10 * 2 ** 30, where: 'answer' });
  expect(await download()).toMatchObject({ kind: 'failed', code: 'model-length', params: { expected: 3195837 } });
  mirror.fail(ID, GRAPH, { kind: 'claim', bytes: 10 * 2 ** 30 });
  const free = await page.evaluate(async () => {
    const { quota, usage } = await navigator.storage.estimate();
    return quota! - usage!;
  });
  expect(await download()).toMatchObject({
    kind: 'failed',
    code: free < 10 * 2 ** 30 ? 'storage-full' : 'model-length',
  });
});
