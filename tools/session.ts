/** The browser of one command: with storage of its own that goes when the command ends, or that stays in a profile folder. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright';
import { z } from 'zod';
import { LabError } from '../src/experiment/errors';
import { launchOptions } from './browser';
import { PeakMemory } from './memory';

/**
 * What is stored belongs to the origin that stored it, and a downloaded model to the host that it came from: a profile
 * keeps both ports.
 */
const portsSchema = z.strictObject({ site: z.int().min(1).max(65535), models: z.int().min(1).max(65535) });
export type Ports = z.infer<typeof portsSchema>;
const PORTS_FILE = 'lrt-ports.json';

export interface BrowserSession {
  page: Page;
  memory: PeakMemory;
  close(): Promise<void>;
}

/**
 * Ports of the lab and of the mirror for a profile: those of its first run, or two free ones, noted in it.
 * @throws LabError `storage-unavailable` for a folder that cannot be used, `settings-invalid` where its note is not one
 */
export async function portsOf(profile: string | null): Promise<Ports> {
  if (profile === null) return { site: 0, models: 0 };
  const file = join(profile, PORTS_FILE);
  try {
    mkdirSync(profile, { recursive: true });
  } catch (error) {
    throw new LabError('storage-unavailable.profile', { profile, reason: (error as Error).message }, error);
  }
  let text: string | null = null;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new LabError('storage-unavailable.profile-file', { file, reason: (error as Error).message }, error);
  }
  if (text !== null) {
    const ports = portsSchema.safeParse(jsonOrNull(text));
    if (!ports.success) throw new LabError('settings-invalid.ports', { file });
    return ports.data;
  }
  const ports = { site: await freePort(), models: await freePort() };
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @throws LabError `storage-unavailable` where a server could not have the profile's port */
export function requirePort(url: string, port: number, profile: string | null): void {
  if (port === 0 || Number(new URL(url).port) === port) return;
  throw new LabError('storage-unavailable.port', { port, profile: profile ?? '' });
}

/**
 * Starts the browser. Not in a private window, which would keep downloads in memory.
 * @param profile a folder that keeps the browser's storage, or null for one that is deleted at the end
 * @throws LabError `storage-busy` where another browser uses the profile
 */
export async function openSession(profile: string | null): Promise<BrowserSession> {
  const folder = profile ?? mkdtempSync(join(tmpdir(), 'lrt-profile-'));
  const forget = (): void => {
    if (profile === null) rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const context = await chromium.launchPersistentContext(folder, launchOptions()).catch((error: Error) => {
      if (!/ProcessSingleton|already in use|existing browser session/i.test(error.message)) throw error;
      throw new LabError('storage-busy.profile', { profile: folder }, error);
    });
    const memory = new PeakMemory(folder);
    return {
      page: context.pages()[0] ?? (await context.newPage()),
      memory,
      close: async () => {
        memory.stop();
        await context.close();
        forget();
      },
    };
  } catch (error) {
    forget();
    throw error;
  }
}
