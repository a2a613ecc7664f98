/** A process of its own on Dawn: dawn.ts starts it with the driver's environment and reads one message. */
import { createServer } from 'vite';
import { installDawn } from '../dawn/install';
import { ROOT } from '../../tools/serve';
import type { DriverFigures } from './drivers-table';
import type { DatasetSpec } from './types';

export type ChildMessage = { figures: DriverFigures } | { error: string };

async function measure(specs: DatasetSpec[]): Promise<DriverFigures> {
  await installDawn();
  // Vite resolves the shaders' `?raw` imports.
  const server = await createServer({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    cacheDir: 'node_modules/.vite-bench-dawn',
    appType: 'custom',
    server: { middlewareMode: true, hmr: false, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    const { measureDriver } = (await server.ssrLoadModule('/bench/solver/drivers.ts')) as typeof import('./drivers');
    return await measureDriver(specs);
  } finally {
    await server.close();
  }
}

process.once('message', (specs: DatasetSpec[]) => {
  const answer = (message: ChildMessage): void => void process.send?.(message, () => process.exit(0));
  measure(specs).then(
    (figures) => answer({ figures }),
    (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
