/** The built site on a plain static host, below a path: everything is found, nothing is asked for elsewhere. */
import { expect, test } from '@playwright/test';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const DIST = join(import.meta.dirname, '../dist');
const PREFIX = '/some/where/lab/';
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
};

let server: Server;

test.beforeAll(async () => {
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const inside = path.startsWith(PREFIX) ? normalize(path.slice(PREFIX.length)) || 'index.html' : '..';
    const file = join(DIST, inside === '.' ? 'index.html' : inside);
    if (inside.startsWith('..') || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

test.afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('served below a path by a plain file server, the engine starts and loads models', async ({ page }) => {
  const failed: string[] = [];
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  page.on('response', (response) => {
    if (response.status() >= 400) failed.push(response.url());
  });
  page.on('request', (request) => {
    if (request.url().startsWith('http') && !request.url().startsWith(origin)) failed.push(request.url());
  });
  await page.goto(`${origin}${PREFIX}`);
  await expect(page.locator('main')).toHaveAttribute('data-run', 'recorded');
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('stage-models')).toHaveAttribute('data-mark', 'done', { timeout: 60_000 });
  await page.getByTestId('cancel-button').click();
  expect(failed).toEqual([]);
});
