/** `npm run experiment -- <preset | file.json> [options]`: a whole experiment headless in the built lab. Writes every file of the run (src/files/outputs.ts). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError, type ErrorCode, type LabErrorJson } from '../src/experiment/errors';
import type { Run } from '../src/experiment/run';
import { renderReport } from '../src/files/report';
import type { HeadlessResult } from '../src/headless';
import type { Progress } from '../src/worker/protocol';
import { USAGE, pinned, readArguments, type Arguments } from './arguments';
import { findBrowser } from './browser';
import { startMirror } from './mirror';
import { CASES, checkCases, printCase } from './real';
import { ensureBuilt, serve } from './serve';
import { openSession, portsOf, requirePort } from './session';
import { knownTruth } from './truth';

/** Exit codes by kind of failure; 0 only for a completed experiment. */
export function exitCodeOf(code: ErrorCode): number {
  if (code.startsWith('settings-') || code === 'unknown-preset' || code === 'unknown-model') return 2;
  if (code.startsWith('corpus-') || code.startsWith('pairs-')) return 3;
  if (code.startsWith('model-') || code.startsWith('storage-') || code === 'graph-unsupported' || code === 'tokenizer-mismatch') return 4;
  if (code === 'not-homologous') return 5;
  if (code.startsWith('webgpu-') || code === 'shader-compile' || code === 'self-test' || code === 'out-of-memory' || code === 'worker-crashed' || code === 'runtime-failed') return 6;
  if (code === 'ill-conditioned' || code === 'non-finite' || code === 'no-effect') return 7;
  if (code === 'cancelled') return 130;
  return 1;
}

/** One line that is rewritten on a terminal; on a pipe a line per stage and quarter. */
function progressPrinter(): (progress: Progress) => void {
  let last = '';
  return ({ stage, done, total, unit, note }) => {
    const share = total > 0 ? Math.floor((100 * done) / total) : 0;
    const line = `${stage}: ${note} ${done.toLocaleString('en')}/${total.toLocaleString('en')} ${unit} (${share} %)`;
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${line}`);
    else {
      const key = `${stage} ${note} ${Math.floor(share / 25)}`;
      if (key !== last) console.log(line);
      last = key;
    }
  };
}

/** What the command measured beside the run. */
interface Measured {
  /** Milliseconds; null where nothing was to be downloaded. */
  download: number | null;
  memory: { tab: number; all: number } | null;
}

async function runHeadless(args: Arguments): Promise<HeadlessResult & { measured: Measured }> {
  const { backend, site, origin, profile } = args;
  const ports = await portsOf(profile);
  const mirror = origin?.kind === 'folder' ? await startMirror(origin.path, { port: ports.models }) : null;
  const closing: (() => Promise<void>)[] = mirror ? [() => mirror.close()] : [];
  try {
    const host = mirror ? { url: mirror.url, layout: 'hub' as const } : origin?.kind === 'host' ? { url: origin.host, layout: origin.layout } : null;
    if (!site) await ensureBuilt();
    const browser = findBrowser();
    console.log(`Browser: ${browser.version} (${browser.origin})`);
    const served = await serve(ports.site, site ?? undefined);
    closing.push(() => served.close());
    requirePort(served.url, ports.site, profile);
    const { page, memory, close } = await openSession(profile);
    closing.push(close);
    const print = progressPrinter();
    await page.exposeFunction('lrtReport', (event: { progress?: Progress; stage?: string; milliseconds?: number; device?: string }) => {
      if (event.progress) print(event.progress);
      else if (event.stage) done(event.stage, event.milliseconds ?? 0);
      else if (event.device) console.log(`Backend: ${event.device}`);
    });
    const crashed = new Promise<never>((_, reject) => page.on('crash', () => reject(new LabError('worker-crashed', 'The browser’s page crashed.', 'Use a smaller model or fewer continuations.'))));
    await page.goto(new URL('headless.html', served.url).href);
    await page.waitForFunction(() => window.lrtHeadless !== undefined);
    const experiment = await pinned(args, host, async (request) => {
      const found = await page.evaluate((r) => window.lrtHeadless!.commitOf(r), request);
      if ('error' in found) throw LabError.fromJSON(found.error as LabErrorJson);
      return found.ok;
    });
    console.log(`Experiment: ${experiment.title}`);
    let download: number | null = null;
    if (host) {
      const started = performance.now();
      const fetched = await Promise.race([page.evaluate(([e, b, l]) => window.lrtHeadless!.fetchModels(e, b, l), [experiment, backend, host.layout] as const), crashed]);
      if ('error' in fetched) throw LabError.fromJSON(fetched.error as LabErrorJson);
      download = performance.now() - started;
      done('download', download);
    }
    const answer = await Promise.race([page.evaluate(([e, b]) => window.lrtHeadless!.run(e, b), [experiment, backend] as const), crashed]);
    if ('error' in answer) throw LabError.fromJSON(answer.error as LabErrorJson);
    return { ...answer.ok, measured: { download, memory: memory.bytes } };
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

function done(stage: string, milliseconds: number): void {
  console.log(`${process.stdout.isTTY ? '\r\x1b[2K' : ''}✓ ${stage} ${(milliseconds / 1000).toFixed(1)} s`);
}

/** Time of each stage, speed of the collection, and memory. */
function costs({ timings, tokens }: Run, { download, memory }: Measured): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const stages = Object.entries({ ...(download === null ? {} : { download }), ...timings }).map(([stage, ms]) => `${stage} ${seconds(ms ?? 0)}`);
  const speed = timings.activations ? ` Both models read ${tokens.read.toLocaleString('en')} tokens: ${Math.round((2000 * tokens.read) / timings.activations).toLocaleString('en')} tokens/s.` : '';
  const taken = memory ? ` Memory at most: ${mebibytes(memory.tab)} in the tab, ${mebibytes(memory.all)} in the whole browser.` : ' Memory is not measured on this system.';
  return `Time: ${stages.join(', ')}.${speed}${taken}`;
}

/** Checks of the models against PyTorch, before a run whose result is known. */
async function checkModels(): Promise<boolean> {
  console.log('Taps, logits and steering against PyTorch:');
  const results = await checkCases(CASES.smollm2, printCase);
  return results.every(({ passed }) => passed);
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;

try {
  const args = readArguments(process.argv.slice(2));
  if (!args) console.log(USAGE);
  else {
    const checked = !args.real || (await checkModels());
    const { run, files, missing, measured } = await runHeadless(args);
    mkdirSync(args.out, { recursive: true });
    for (const { name, base64 } of files) writeFileSync(join(args.out, name), Buffer.from(base64, 'base64'));
    console.log(`\n${renderReport(run).split('\n## What was run')[0].trim()}\n`);
    for (const { name, error } of missing) console.log(`${name} could not be made (${error.code}). ${error.what} ${error.remedy}`);
    console.log(costs(run, measured));
    console.log(`Total ${((run.timings.total ?? 0) / 1000).toFixed(1)} s. Wrote ${files.map(({ name }) => name).join(', ')} to ${args.out}`);
    if (args.real) {
      const known = knownTruth(run);
      for (const { what, found, passed } of known) console.log(`${passed ? '✓' : '✗'} ${what}: ${found}`);
      if (!checked) console.log('✗ the models are not what PyTorch says: see above');
      if (!checked || known.some(({ passed }) => !passed)) process.exitCode = 1;
    }
  }
} catch (thrown) {
  const error = LabError.from(thrown);
  console.error(`\nerror ${error.code}: ${error.message}\n${error.remedy}`);
  process.exitCode = exitCodeOf(error.code);
}
