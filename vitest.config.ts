import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { launchOptions } from './tools/browser.ts';

// Named up front, so that the first cold run does not find them late and reload a test.
const optimizeDeps = { exclude: ['onnxruntime-web'], include: ['@huggingface/tokenizers', '@noble/hashes/sha2.js', '@noble/hashes/utils.js', 'canonicalize', 'zod'] };

export default defineConfig({
  test: {
    projects: [
      {
        // Pure TypeScript in Node: experiment, math, onnx, codecs.
        test: { name: 'unit', environment: 'node', include: ['src/**/*.test.ts'], testTimeout: 60_000 },
      },
      {
        // A real browser with a real WebGPU adapter: kernels, runtime, lab. One file at a time: one GPU.
        optimizeDeps,
        test: {
          name: 'gpu',
          include: ['src/**/*.gpu.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: launchOptions() }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
