/**
 * The affine fit, side by side: WGSL on the browser's adapter against float64 on one
 * CPU thread of the same browser, with the error between them.
 *
 *   npx tsx bench/solver.ts [dS dT rows]
 *
 * WebGPU runs on SwiftShader unless LRT_GPU=real. Trust the ratios, not the seconds.
 */
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright';
import { createServer } from 'vite';
import { launchOptions } from '../tools/browser';
import type { SolverBenchResult } from './solver-page';

const [sourceWidth = 192, targetWidth = 256, rows = 16384] = process.argv.slice(2).map(Number);
for (const value of [sourceWidth, targetWidth, rows]) {
  if (!Number.isInteger(value) || value < 1) {
    console.error('Usage: npx tsx bench/solver.ts [dS dT rows], three whole numbers.');
    process.exit(2);
  }
}

const root = fileURLToPath(new URL('..', import.meta.url));
const server = await createServer({ root, configFile: false, logLevel: 'error', server: { port: 0, host: '127.0.0.1' }, optimizeDeps: { noDiscovery: true }, appType: 'custom' });
// An empty page on the server's own origin: WebGPU wants a secure context, and localhost is one.
server.middlewares.use('/bench-page', (_request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><title>bench</title>');
});
await server.listen();
const address = server.httpServer?.address();
const port = typeof address === 'object' && address ? address.port : 0;
const browser = await chromium.launch(launchOptions());
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(error.message));
  await page.goto(`http://127.0.0.1:${port}/bench-page`);
  const result = await page.evaluate(
    async ([d, m, n]) => {
      const path = '/bench/solver-page.ts'; // served by Vite: the compiler must not resolve it
      const bench = (await import(/* @vite-ignore */ path)) as { run(d: number, m: number, n: number): Promise<SolverBenchResult> };
      return bench.run(d, m, n);
    },
    [sourceWidth, targetWidth, rows],
  );
  console.log(`${sourceWidth} → ${targetWidth}, ${rows} rows, on ${result.adapter}${result.software ? ' (software)' : ''}`);
  console.log('              WGSL      float64   WGSL/float64');
  for (const { step, gpu, cpu } of result.steps) {
    console.log(`${step.padEnd(12)} ${gpu.toFixed(2).padStart(6)} s  ${cpu.toFixed(2).padStart(6)} s   ${(gpu / cpu).toFixed(2)}`);
  }
  console.log(`compiling the kernels took ${result.compile.toFixed(2)} s; error of W ${result.errorW.toExponential(1)}, of R² ${result.deltaR2.toExponential(1)}`);
} finally {
  await browser.close();
  await server.close();
}
