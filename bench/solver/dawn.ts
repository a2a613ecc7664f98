/** Runs the driver table's figures in Node on Dawn, one process a driver. */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dawnEnvironment } from '../../tools/dawn';
import { ROOT } from '../../tools/serve';
import type { ChildMessage } from './dawn-child';
import type { DriverFigures } from './drivers-table';
import type { DatasetSpec } from './types';

/** Where tools/lavapipe.ts puts it. */
const LAVAPIPE = join(ROOT, '.cache/lavapipe/lvp_icd.json');

/** The second software driver: LRT_ICD, or lavapipe where it was fetched; null where there is neither. */
export function secondIcd(): string | null {
  return process.env.LRT_ICD ?? (existsSync(LAVAPIPE) ? LAVAPIPE : null);
}

/**
 * Measures on the driver of `icd`, or on SwiftShader where it is null.
 * @throws Error with what the process reported
 */
export function measureOnDawn(specs: readonly DatasetSpec[], icd: string | null): Promise<DriverFigures> {
  const { env, asks } = dawnEnvironment(icd);
  const child = fork(fileURLToPath(new URL('dawn-child.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, ...env, LRT_DAWN_ASKS: asks },
  });
  return new Promise((resolve, reject) => {
    child.once('message', (message: ChildMessage) => {
      if ('figures' in message) resolve(message.figures);
      else reject(new Error(`On Dawn (${asks}): ${message.error}`));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(
        new Error(`On Dawn (${asks}): the process ended with ${signal ?? `exit code ${code}`} before it answered.`),
      ),
    );
    child.send(specs);
  });
}
