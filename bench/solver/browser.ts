/** Opens the bench's page in a browser, served by Vite from the sources. */
import { join } from 'node:path';
import { chromium, type Page } from 'playwright';
import { createServer } from 'vite';
import { launchOptions } from '../../tools/browser';
import { ROOT } from '../../tools/serve';
import type { PageBench } from './page';

export interface BenchPage {
  version: string;
  /** Calls one function of the page's bench. */
  call<K extends keyof PageBench>(
    name: K,
    ...args: Parameters<PageBench[K]>
  ): Promise<Awaited<ReturnType<PageBench[K]>>>;
  close(): Promise<void>;
}

const ADDRESS = '/bench-page';
const PEERS = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu', 'ml-matrix'];

export async function openPage(): Promise<BenchPage> {
  const server = await createServer({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    cacheDir: 'node_modules/.vite-bench',
    appType: 'custom',
    // Cross-origin isolated: precise clocks, and threads for whoever wants them.
    server: {
      port: 0,
      host: '127.0.0.1',
      hmr: false,
      watch: null,
      headers: { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' },
    },
    // The optimizer looks from the root, where the bench's own packages are not.
    resolve: { alias: PEERS.map((name) => ({ find: name, replacement: join(ROOT, 'bench/node_modules', name) })) },
    optimizeDeps: {
      noDiscovery: true,
      include: [...PEERS, '@noble/hashes/sha2.js', '@noble/hashes/utils.js', 'canonicalize'],
      exclude: ['onnxruntime-web', '@jax-js/jax'],
    },
  });
  server.middlewares.use('/favicon.ico', (_request, response) => response.writeHead(204).end());
  server.middlewares.use(ADDRESS, (_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.setHeader('cross-origin-opener-policy', 'same-origin');
    response.setHeader('cross-origin-embedder-policy', 'require-corp');
    response.end('<!doctype html><title>bench</title>');
  });
  await server.listen();
  const address = server.httpServer?.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const browser = await chromium.launch(launchOptions());
  const close = async (): Promise<void> => {
    await browser.close();
    await server.close();
  };
  try {
    const page: Page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'info') console.error(message.text());
    });
    await page.goto(`http://127.0.0.1:${port}${ADDRESS}`);
    return {
      version: browser.version(),
      close,
      call: (name, ...args) =>
        page.evaluate(
          async ([key, values]) => {
            const path = '/bench/solver/page.ts'; // served by Vite: the compiler must not resolve it
            const { bench } = (await import(/* @vite-ignore */ path)) as {
              bench: Record<string, (...list: unknown[]) => unknown>;
            };
            return bench[key](...values);
          },
          [name, args] as [string, unknown[]],
        ) as never,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
