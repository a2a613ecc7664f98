import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { launchOptions } from './tools/browser.ts';
import { dawnVariables } from './tools/dawn.ts';

// Named up front, so that the first cold run does not find them late and reload a test.
const optimizeDeps = {
  entries: ['src/**/*.{gpu,browser}.ts'],
  exclude: ['onnxruntime-web'],
  include: [
    '@huggingface/transformers',
    '@noble/hashes/sha2.js',
    '@noble/hashes/utils.js',
    'canonicalize',
    'fast-check',
    'idb-keyval',
    'zod',
  ],
};

function inBrowser(name: string, include: string) {
  return {
    optimizeDeps,
    test: {
      name,
      include: [include],
      testTimeout: 240_000,
      hookTimeout: 240_000,
      fileParallelism: false,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: launchOptions() }),
        instances: [{ browser: 'chromium' as const }],
      },
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      {
        // Pure TypeScript in Node: experiment, math, onnx, codecs.
        test: {
          name: 'unit',
          environment: 'node',
          include: ['src/**/*.test.ts', 'bench/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        // The browser's GPU tests of kernels and fit once more, on a second implementation: Dawn in Node.
        test: {
          name: 'dawn',
          environment: 'node',
          pool: 'forks',
          env: dawnVariables(),
          setupFiles: ['bench/dawn/setup.ts'],
          // Where drivers can differ: the kernels, the fit and the family of maps. The rest is the same code above them.
          include: ['src/gpu/kernels/*.gpu.ts', 'src/gpu/fit/fit.gpu.ts', 'src/gpu/families.gpu.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      // What needs a browser and no GPU: WASM sessions, storage, workers.
      inBrowser('browser', 'src/**/*.browser.ts'),
      // What needs a WebGPU adapter: kernels, runtime, lab. One file at a time: one GPU.
      inBrowser('gpu', 'src/**/*.gpu.ts'),
    ],
  },
});
