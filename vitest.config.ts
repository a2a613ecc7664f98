import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { launchOptions } from './tools/browser.ts';
import { dawnVariables } from './tools/dawn.ts';

// All that the tests reach is named, and nothing is discovered: a package that is found late reloads a running test, and
// the addresses of those that are loaded on demand are then of another time.
const optimizeDeps = {
  noDiscovery: true,
  exclude: ['onnxruntime-web'],
  include: [
    '@huggingface/transformers',
    '@noble/hashes/sha2.js',
    '@noble/hashes/utils.js',
    'canonicalize',
    'fast-check',
    'idb-keyval',
    'intl-messageformat',
    'pako',
    'papaparse',
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

// `npm run test:fast`: neither the browser is looked for, nor are these files run.
const FAST = process.env.LRT_FAST === '1';
const SLOW = [
  'src/app/state/stages.test.ts',
  'bench/**',
  'src/experiment/bundle.test.ts',
  'src/experiment/share/{repair,share}.test.ts',
  'src/fit/**',
  'src/lab/extract/extract.test.ts',
  'src/lab/state-store.test.ts',
  'src/lab/verdict/known-truths.test.ts',
  'src/math/{evidence-statistics,families,map-statistics}.test.ts',
  'src/models/{downloads,local,offsets}.test.ts',
  'src/onnx/{edit,family,fixtures.*,model,operations,perturb,reference,run,shuffle-weights}.test.ts',
];

// `npm run truth`: hours of runs whose answer is known, and nothing else.
const TRUTH = process.env.LRT_TRUTH === '1';

export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['src/**/*.{ts,tsx}'],
      exclude: ['src/**/*.{test,gpu,browser}.ts', 'src/**/testing/**', 'src/**/*{testing,fixture,fixtures}.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
    },
    projects: [
      {
        // Pure TypeScript in Node: experiment, math, onnx, codecs.
        test: {
          name: 'unit',
          environment: 'node',
          include: ['src/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...(FAST ? SLOW : [])],
          // The fast tier loads each module once for all files: its tests leave no state behind.
          isolate: !FAST,
          testTimeout: 60_000,
        },
      },
      ...(TRUTH ? [truth()] : []),
      ...(FAST || TRUTH ? [] : withBrowser()),
    ],
  },
});

function truth() {
  return {
    test: {
      name: 'truth',
      environment: 'node' as const,
      include: ['src/**/*.truth.ts'],
      testTimeout: 24 * 3_600_000,
      disableConsoleIntercept: true,
    },
  };
}

function withBrowser() {
  return [
    {
      // The browser's GPU tests of kernels and fit once more, on a second implementation: Dawn in Node.
      test: {
        name: 'dawn',
        environment: 'node',
        pool: 'forks',
        env: dawnVariables(),
        setupFiles: ['bench/dawn/setup.ts'],
        // Where drivers can differ: the kernels, the fit and the kinds of map. The rest is the same code above them.
        include: ['src/gpu/kernels/*.gpu.ts', 'src/gpu/fit/fit.gpu.ts', 'src/lab/maps/maps.gpu.ts'],
        testTimeout: 240_000,
        hookTimeout: 240_000,
        fileParallelism: false,
      },
    },
    // What needs a browser and no GPU: WASM sessions, storage, workers.
    inBrowser('browser', 'src/**/*.browser.ts'),
    // What needs a WebGPU adapter: kernels, runtime, lab. One file at a time: one GPU.
    inBrowser('gpu', 'src/**/*.gpu.ts'),
  ];
}
