/**
 * What steering costs: the decode step of a graph with each operation against the untouched graph, in one browser,
 * interleaved; and how long it takes to read and edit a graph of 5 MB.
 */
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { OPERATIONS } from '../src/experiment/schema';
import { launchOptions } from '../tools/browser';
import { ROOT } from '../tools/serve';
import type * as Page from './taps-page';

/** A steered step may take this much of an untouched one: where a vector is added, and with any other operation. */
const GOALS = { add: 1.05, others: 1.1 };
/** Milliseconds for a graph of 5 MB. */
const EDIT_GOAL = 300;
const MODELS = [
  ['L', '/models/lrt-stories-l/onnx/model.onnx'],
  ['L q4', '/models/lrt-stories-l/onnx/model_q4.onnx'],
  ['llama fused q4', '/fixtures/exporters/llama-fused-q4-embed.onnx.gz'],
] as const;

const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

export const USAGE = `taps     the decode step with each operation beside the untouched model (goal ≤ ${GOALS.add} for add, else ≤ ${GOALS.others}), time to edit a graph of 5 MB
         --quick            WASM only, fewer rounds`;

/**
 * Runs the bench and prints its table.
 * @param args of the command line, after the bench's name
 * @returns the exit code: 1 where a goal is missed, 2 for arguments that are not understood
 */
export async function run(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== '--quick');
  if (unknown !== undefined) {
    console.error(`The argument ${unknown} is not understood.\n\n${USAGE}`);
    return 2;
  }
  const quick = args.includes('--quick');
  const server = await createServer({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    cacheDir: 'node_modules/.vite-bench-taps',
    appType: 'custom',
    // Cross-origin isolated for the finer clock; ONNX Runtime keeps to one thread all the same.
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null, headers: ISOLATED },
    optimizeDeps: {
      noDiscovery: true,
      include: ['@noble/hashes/sha2.js', '@noble/hashes/utils.js', 'canonicalize'],
      exclude: ['onnxruntime-web'],
    },
  });
  // An empty page on the server's own origin: WebGPU wants a secure context, and localhost is one.
  server.middlewares.use('/bench-taps', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html', ...ISOLATED });
    response.end('<!doctype html><title>bench</title>');
  });
  await server.listen();
  const address = server.httpServer?.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const browser = await chromium.launch(launchOptions());
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => console.error(error.message));
    await page.goto(`http://127.0.0.1:${port}/bench-taps`);
    const call = <K extends keyof typeof Page>(
      name: K,
      ...values: Parameters<(typeof Page)[K]>
    ): ReturnType<(typeof Page)[K]> =>
      page.evaluate(
        async ([key, list]) => {
          const path = '/bench/taps-page.ts'; // served by Vite: the compiler must not resolve it
          const module = (await import(/* @vite-ignore */ path)) as Record<
            string,
            (...parameters: unknown[]) => unknown
          >;
          return module[key](...list);
        },
        [name, values] as [string, unknown[]],
      ) as ReturnType<(typeof Page)[K]>;

    let missed = false;
    console.log('decode step, 32 tokens in the cache; medians of interleaved rounds, in ms');
    console.log(
      'backend  model            rows  operation      untouched  steered   ratio   fastest   same graph twice   nodes added',
    );
    for (const backend of quick ? (['wasm'] as const) : (['wasm', 'webgpu'] as const)) {
      for (const [label, url] of MODELS) {
        for (const rows of backend === 'wasm' ? [1, 8] : [1]) {
          const rounds = backend === 'wasm' ? (quick ? 60 : 300) : 30;
          for (const op of OPERATIONS) {
            const times = await call('steps', url, backend, rows, rounds, op);
            const { untouched, steered, ratio, fastest, noise, nodes, adapter } = times;
            // The fastest rounds decide: on a busy machine the median says what the machine did.
            missed ||= fastest > (op === 'add' ? GOALS.add : GOALS.others);
            console.log(
              `${backend.padEnd(8)} ${label.padEnd(16)} ${String(rows).padStart(4)}  ${op.padEnd(13)} ${untouched.toFixed(2).padStart(9)} ${steered.toFixed(2).padStart(8)}   ${ratio.toFixed(3)}   ${fastest.toFixed(3).padStart(7)}   ${noise.toFixed(3).padStart(16)}   ${nodes}${adapter ? `   ${adapter}` : ''}`,
            );
          }
        }
      }
    }
    const { bytes, nodes, read, edit } = await call('edits', '/fixtures/exporters/qwen3-plain-fp32.onnx.gz', 5, 9);
    missed ||= read + edit > EDIT_GOAL;
    console.log(
      `a graph of ${(bytes / 1e6).toFixed(1)} MB and ${nodes} nodes: read in ${read.toFixed(0)} ms, edited in ${edit.toFixed(0)} ms (goal ≤ ${EDIT_GOAL} together)`,
    );
    if (missed) console.log('A goal is missed. On a busy machine look at “same graph twice” first: it should be 1.');
    return missed ? 1 : 0;
  } finally {
    await browser.close();
    await server.close();
  }
}
