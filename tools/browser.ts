/**
 * Finds the Chromium that the tests and the command line drive, and the flags
 * under which it offers WebGPU. Search order: LRT_BROWSER, Playwright's own
 * Chromium, the system's Chrome or Chromium, then an install: Playwright's
 * download, else Debian's `chromium` package (apt, as root).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright';

/** Where the browser came from; printed so that a test log says what it ran on. */
export type BrowserOrigin = 'LRT_BROWSER' | 'playwright' | 'system' | 'playwright-install' | 'apt-install';

export interface FoundBrowser {
  executablePath: string;
  origin: BrowserOrigin;
  version: string;
}

const SYSTEM_NAMES = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'microsoft-edge'];
const MAC_PATHS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Flags for a quiet, offline browser; the adapter flags are added where no real GPU is expected. */
const QUIET_FLAGS = [
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];
const SOFTWARE_GPU_FLAGS = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function onPath(name: string): string | null {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(dir, name);
    if (dir && isExecutable(path)) return path;
  }
  return null;
}

function playwrightsOwn(): string | null {
  const path = chromium.executablePath();
  return path && existsSync(path) ? path : null;
}

function systems(): string | null {
  for (const name of SYSTEM_NAMES) {
    const path = onPath(name);
    if (path) return path;
  }
  return MAC_PATHS.find(isExecutable) ?? null;
}

function versionOf(executablePath: string): string {
  const run = spawnSync(executablePath, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  return (run.stdout ?? '').trim().split('\n').pop() || 'unknown version';
}

function install(): { executablePath: string; origin: BrowserOrigin } {
  console.log('No browser found. Trying Playwright’s download of Chromium …');
  const download = spawnSync(process.execPath, ['node_modules/playwright/cli.js', 'install', 'chromium'], {
    stdio: 'inherit',
    timeout: 300_000,
  });
  const own = playwrightsOwn();
  if (download.status === 0 && own) return { executablePath: own, origin: 'playwright-install' };
  if (onPath('apt-get') && process.getuid?.() === 0) {
    console.log('The download failed. Installing Debian’s chromium with apt-get …');
    const quiet = {
      stdio: ['ignore', 'ignore', 'inherit'] as ('ignore' | 'inherit')[],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    execFileSync('apt-get', ['update', '-qq'], quiet);
    execFileSync('apt-get', ['install', '-y', '-qq', 'chromium'], quiet);
    const path = systems();
    if (path) return { executablePath: path, origin: 'apt-install' };
  }
  throw new Error(
    'No Chromium or Chrome was found and none could be installed. Install Chrome or Chromium, or set LRT_BROWSER to its executable.',
  );
}

let found: FoundBrowser | null = null;

/** Finds (or installs) a browser once per process. Throws with what to do if there is none. */
export function findBrowser(): FoundBrowser {
  if (found) return found;
  const fromEnv = process.env.LRT_BROWSER;
  if (fromEnv && !isExecutable(fromEnv))
    throw new Error(`LRT_BROWSER is set to ${fromEnv}, which is not an executable file.`);
  const own = fromEnv ? null : playwrightsOwn();
  const system = fromEnv || own ? null : systems();
  const hit: { executablePath: string; origin: BrowserOrigin } = fromEnv
    ? { executablePath: fromEnv, origin: 'LRT_BROWSER' }
    : own
      ? { executablePath: own, origin: 'playwright' }
      : system
        ? { executablePath: system, origin: 'system' }
        : install();
  found = { ...hit, version: versionOf(hit.executablePath) };
  return found;
}

/**
 * Launch options for Playwright. WebGPU runs on SwiftShader unless LRT_GPU=real:
 * results then depend on the machine's own adapter.
 */
export function launchOptions(): { executablePath: string; args: string[]; headless: true } {
  const browser = findBrowser();
  const args = [...QUIET_FLAGS, ...(process.env.LRT_GPU === 'real' ? ['--enable-unsafe-webgpu'] : SOFTWARE_GPU_FLAGS)];
  if (process.getuid?.() === 0) args.unshift('--no-sandbox');
  // The full browser in new headless mode: the headless shell has no WebGPU.
  args.unshift('--headless=new');
  return { executablePath: browser.executablePath, args, headless: true };
}
