/** Builds the site when it is out of date and serves it on the loopback interface. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
const INPUTS = ['src', 'public', 'index.html', 'headless.html', 'vite.config.ts', 'package-lock.json'];

function newest(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return readdirSync(path).reduce((latest, name) => Math.max(latest, newest(join(path, name))), stat.mtimeMs);
}

/** Builds into dist/ unless nothing that it is made from has changed since. */
export async function ensureBuilt(): Promise<void> {
  const index = join(ROOT, 'dist/index.html');
  const sources = Math.max(...INPUTS.map((name) => newest(join(ROOT, name))));
  if (existsSync(index) && statSync(index).mtimeMs > sources) return;
  console.log('Building the site …');
  await build({ root: ROOT, logLevel: 'warn' });
}

export interface Served {
  url: string;
  close: () => Promise<void>;
}

/**
 * Serves a built site on the loopback interface.
 * @param port a fixed port, or 0 for any free one @param site its folder, dist/ unless said otherwise
 */
export async function serve(port: number, site = 'dist'): Promise<Served> {
  const server = await preview({
    root: ROOT,
    logLevel: 'warn',
    build: { outDir: site },
    preview: { host: '127.0.0.1', port, strictPort: false },
  });
  const url = server.resolvedUrls?.local[0];
  if (!url) throw new Error('The server did not say where it listens.');
  return { url, close: () => server.close() };
}
