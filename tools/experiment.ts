/** `npm run experiment -- <preset | file.json> [options]`: a whole experiment headless in the built lab. Writes every file of the run (src/files/outputs.ts). */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../src/experiment/run';
import { renderReport } from '../src/files/report';
import type { HeadlessResult } from '../src/headless';
import { USAGE, pinned, readArguments, type Arguments } from './arguments';
import { exitCodeOf, printError, sayError } from './errors';
import { ok, stageDone, withHeadless } from './headless';
import { startMirror } from './mirror';
import { CASES, checkCases, printCase } from './real';
import { portsOf } from './session';
import { equalBlocks, knownTruth } from './truth';

/** What the command measured beside the run. */
interface Measured {
  /** Milliseconds; null where nothing was to be downloaded. */
  download: number | null;
  memory: { tab: number; all: number } | null;
  /** Bytes of models and fit by the memory plan. */
  planned: number;
}

async function runHeadless(args: Arguments): Promise<HeadlessResult & { measured: Measured }> {
  const { backend, sequential, site, origin, profile } = args;
  const ports = await portsOf(profile);
  const mirror = origin?.kind === 'folder' ? await startMirror(origin.path, { port: ports.models }) : null;
  try {
    const host = mirror
      ? { url: mirror.url, layout: 'hub' as const }
      : origin?.kind === 'host'
        ? { url: origin.host, layout: origin.layout }
        : null;
    return await withHeadless(
      site,
      async (page, memory) => {
        const experiment = await pinned(args, host, async (request) =>
          ok(await page.evaluate((r) => window.lrtHeadless!.commitOf(r), request)),
        );
        console.log(`Experiment: ${experiment.title}`);
        let download: number | null = null;
        if (host) {
          const started = performance.now();
          ok(
            await page.evaluate(([e, b, l]) => window.lrtHeadless!.fetchModels(e, b, l), [
              experiment,
              backend,
              host.layout,
            ] as const),
          );
          download = performance.now() - started;
          stageDone('download', download);
        }
        const result = ok(
          await page.evaluate(([e, b, r]) => window.lrtHeadless!.run(e, b, r), [
            experiment,
            backend,
            sequential ? 'sequential' : 'auto',
          ] as const),
        );
        return { ...result, measured: { download, memory: memory.bytes, planned: result.planned } };
      },
      { profile, port: ports.site },
    );
  } finally {
    await mirror?.close();
  }
}

/** Time of each stage, speed of the collection, and memory. */
function costs({ timings, activations: { tokens } }: Run, { download, memory, planned }: Measured): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  const stages = Object.entries({ ...(download === null ? {} : { download }), ...timings }).map(
    ([stage, ms]) => `${stage} ${seconds(ms ?? 0)}`,
  );
  const speed = timings.activations
    ? ` Both models read ${tokens.read.toLocaleString('en')} tokens: ${Math.round((2000 * tokens.read) / timings.activations).toLocaleString('en')} tokens/s, moments and panels included.`
    : '';
  const taken = memory
    ? ` Memory at most: ${mebibytes(memory.tab)} in the tab, ${mebibytes(memory.all)} in the whole browser.`
    : ' Memory is not measured on this system.';
  const plan = ` Planned for models and fit, without the page itself: ${mebibytes(planned)}.`;
  return `Time: ${stages.join(', ')}.${speed}${taken}${plan}`;
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString('en')} MiB`;

/** Checks of the models against PyTorch, before a run whose result is known. */
async function checkModels(): Promise<boolean> {
  console.log('Taps, logits and steering against PyTorch:');
  const results = await checkCases(CASES.smollm2, printCase);
  return results.every(({ passed }) => passed);
}

/** Prints what must have come out beside what did. @returns whether all of it did */
function compareWithTruth(run: Run): boolean {
  console.log(equalBlocks(run));
  const known = knownTruth(run);
  for (const { what, found, passed } of known) console.log(`${passed ? '✓' : '✗'} ${what}: ${found}`);
  return known.every(({ passed }) => passed);
}

try {
  const args = readArguments(process.argv.slice(2));
  if (!args) console.log(USAGE);
  else {
    const checked = !args.real || (await checkModels());
    const { run, files, missing, measured } = await runHeadless(args);
    mkdirSync(args.out, { recursive: true });
    for (const { name, base64 } of files) writeFileSync(join(args.out, name), Buffer.from(base64, 'base64'));
    console.log(`\n${renderReport(run).split('\n## What was run')[0].trim()}\n`);
    for (const { name, error } of missing) console.log(`${name} could not be made (${error.code}). ${sayError(error)}`);
    console.log(costs(run, measured));
    console.log(
      `Total ${((run.timings.total ?? 0) / 1000).toFixed(1)} s. Wrote ${files.map(({ name }) => name).join(', ')} to ${args.out}`,
    );
    if (args.real) {
      if (!checked) console.log('✗ the models are not what PyTorch says: see above');
      if (!compareWithTruth(run) || !checked) process.exitCode = 1;
    }
  }
} catch (thrown) {
  const error = printError(thrown);
  process.exitCode = exitCodeOf(error.code);
}
