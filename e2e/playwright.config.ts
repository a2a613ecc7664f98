import { defineConfig } from '@playwright/test';
import { launchOptions } from '../tools/browser';

const PORT = 4199;

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: '../test-results/e2e',
  // By hand one browser at a time: there is one GPU, and timings are printed.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  // Room for a slow machine: no test asserts a time, they print it.
  timeout: 600_000,
  use: {
    baseURL: `http://127.0.0.1:${PORT}/`,
    viewport: { width: 1280, height: 900 },
    launchOptions: launchOptions(),
  },
  webServer: {
    command: 'npx tsx tools/start.ts',
    cwd: '..',
    env: { PORT: String(PORT) },
    url: `http://127.0.0.1:${PORT}/`,
    timeout: 120_000,
    reuseExistingServer: false,
  },
});
