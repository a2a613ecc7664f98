/**
 * The check of a GPU, on the machine that has it: finds the driver, runs every stage in a process of its own, writes
 * OUT/gpu-check.json after every step and OUT/gpu-check.txt beside it. Started by check.sh of the packed folder.
 *
 *   node check.mjs OUT [--small] [--software] [--seconds N] [--only a,b]
 */
import { execFileSync, fork } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { cardFrom, SMI_QUERY } from '../../tools/gpu-check/cards';
import { environments } from '../../tools/gpu-check/drivers';
import { parseCheck } from '../../tools/gpu-check/options';
import {
  type Attempt,
  type Card,
  failuresOf,
  type GpuReport,
  type NamedError,
  namedError,
  type Stage,
  type StageData,
  type StageName,
} from '../../tools/gpu-check/report';
import { reportText, stageText } from '../../tools/gpu-check/text';
import type { ChildAsk, ChildMessage } from './child';
import { partsOf } from './stages';

const HERE = dirname(process.argv[1]);
/** Most seconds of each stage; what is left of the whole counts too. */
const LIMITS: Record<StageName, number> = {
  adapter: 20,
  kernels: 75,
  products: 90,
  fit: 75,
  drivers: 60,
  accuracy: 170,
};
const PROBE_SECONDS = 25;

interface Ended {
  state: Stage['state'];
  error: NamedError | null;
}

/** Runs one child to its end, or to its limit. */
function runChild(
  ask: ChildAsk,
  env: Record<string, string>,
  seconds: number,
  told: (message: ChildMessage) => void,
): Promise<Ended> {
  return new Promise((resolve) => {
    let found: Ended | null = null;
    let said = '';
    const child = fork(join(HERE, 'child.mjs'), {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    const keep = (data: Buffer): void => void (said = (said + data.toString()).slice(-2000));
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    const limit = setTimeout(() => {
      found ??= {
        state: 'stopped',
        error: { name: 'time-limit', message: `It was stopped after ${seconds.toFixed(0)} seconds.` },
      };
      child.kill('SIGKILL');
    }, 1000 * seconds);
    child.on('message', (message: ChildMessage) => {
      if (message.kind === 'done') found ??= { state: 'done', error: null };
      else if (message.kind === 'failed') found ??= { state: 'failed', error: message.error };
      else told(message);
    });
    child.on('error', (error) => void (found ??= { state: 'failed', error: namedError(error) }));
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      const how = signal ? `signal ${signal}` : `exit code ${code}`;
      resolve(
        found ?? {
          state: 'stopped',
          error: {
            name: 'process-ended',
            message: `Its process ended with ${how}. It said: ${said.trim() || 'nothing'}`,
          },
        },
      );
    });
    child.send(ask);
  });
}

/** The card by nvidia-smi; null where that is not there. */
function readCard(): Card | null {
  for (const tool of ['nvidia-smi', '/usr/local/nvidia/bin/nvidia-smi']) {
    try {
      return cardFrom(
        execFileSync(tool, SMI_QUERY, { encoding: 'utf8', timeout: 20_000, stdio: ['ignore', 'pipe', 'ignore'] }),
      );
    } catch {
      // Not there, or it has no card: the adapter's own name is told all the same.
    }
  }
  return null;
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseCheck(args);
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  mkdirSync(options.out, { recursive: true });
  const packed = JSON.parse(readFileSync(join(HERE, 'packed.json'), 'utf8')) as { commit: string };
  const report: GpuReport = {
    format: 'lrt-gpu-check',
    version: 1,
    date: new Date().toISOString(),
    commit: packed.commit,
    small: options.small,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      node: process.versions.node,
    },
    card: readCard(),
    attempts: [],
    error: null,
    seconds: 0,
    stages: {},
  };
  const file = join(options.out, 'gpu-check.json');
  const write = (): void => {
    report.seconds = Math.round(10 * seconds()) / 10;
    // Renamed into place: a kill in the middle leaves the last whole file.
    writeFileSync(`${file}.part`, `${JSON.stringify(report, null, 1)}\n`);
    renameSync(`${file}.part`, file);
    writeFileSync(join(options.out, 'gpu-check.txt'), reportText(report));
  };
  write();
  const env = await findDriver(report, options.software, write);
  if (!env) {
    report.error = {
      name: 'webgpu-no-adapter',
      message: `No ${options.software ? '' : 'hardware '}adapter answers. Tried: ${report.attempts.map((one) => `${one.what}: ${one.adapter ?? one.error}`).join('; ')}`,
    };
    write();
    console.error(`${report.error.name}: ${report.error.message}`);
    return 3;
  }
  for (const name of options.only) {
    await runStage(report, name, options, env, () => options.seconds - seconds(), write);
    console.log(stageText(report, name));
  }
  write();
  const failures = failuresOf(report);
  console.log(
    failures.length === 0
      ? `All passed, ${seconds().toFixed(0)} s. Written to ${file}.`
      : `${failures.length} failed:\n${failures.map((line) => `  ${line}`).join('\n')}\n${seconds().toFixed(0)} s. Written to ${file}.`,
  );
  return failures.length === 0 ? 0 : 1;
}

/** The first environment in which an adapter of the wanted kind answers; null where none does. */
async function findDriver(
  report: GpuReport,
  software: boolean,
  write: () => void,
): Promise<Record<string, string> | null> {
  const lib = process.env.LRT_GPU_CHECK_LIB ?? join(HERE, 'lib');
  const { list, made } = environments(
    { exists: existsSync, env: process.env },
    { loader: join(lib, 'loader'), x: join(lib, 'x'), work: process.env.LRT_GPU_CHECK_WORK ?? tmpdir() },
  );
  for (const { path, text } of made) writeFileSync(path, text);
  for (const { what, env: variables } of list) {
    const env = { ...variables, LRT_DAWN_ASKS: what };
    const attempt: Attempt = { what, adapter: null, software: false, error: null };
    const { error } = await runChild({ what: 'probe' }, env, PROBE_SECONDS, (message) => {
      if (message.kind === 'adapter') Object.assign(attempt, { adapter: message.name, software: message.software });
    });
    if (attempt.adapter === null) attempt.error = error ? `${error.name}: ${error.message}` : 'no answer';
    report.attempts.push(attempt);
    write();
    console.log(`${what}: ${attempt.adapter ?? attempt.error}`);
    if (attempt.adapter !== null && (software || !attempt.software)) return env;
  }
  return null;
}

async function runStage(
  report: GpuReport,
  name: StageName,
  { small, seconds }: { small: boolean; seconds: number },
  env: Record<string, string>,
  left: () => number,
  write: () => void,
): Promise<void> {
  const stage: Stage = { state: 'not reached', seconds: 0, error: null, data: null };
  (report.stages as Record<StageName, Stage>)[name] = stage;
  if (left() < 3) {
    stage.error = { name: 'time-limit', message: `The ${seconds} seconds of the whole check were over.` };
    write();
    return;
  }
  const start = performance.now();
  const found = new Map<number, StageData[StageName]>();
  let written = 0;
  const told = (part: number) => (message: ChildMessage) => {
    if (message.kind !== 'data') return;
    found.set(part, message.data);
    const parts = [...found.keys()].sort((a, b) => a - b).map((key) => found.get(key));
    stage.data = (parts.length === 1 ? parts[0] : parts.flat()) as StageData[StageName];
    stage.seconds = Math.round((performance.now() - start) / 10) / 100;
    if (performance.now() - written < 500) return;
    written = performance.now();
    write();
  };
  const parts = partsOf(name, small);
  const ends: Ended[] = [];
  const next = async (part: number): Promise<void> => {
    const ask: ChildAsk = {
      what: 'stage',
      stage: name,
      context: { small, sheet: report.card?.peakFlops ?? null, part },
    };
    ends.push(await runChild(ask, env, Math.max(1, Math.min(LIMITS[name] * (small ? 2 : 1), left())), told(part)));
  };
  let waiting = 0;
  const lane = async (): Promise<void> => {
    while (waiting < parts && left() > 2) await next(waiting++);
  };
  await Promise.all(Array.from({ length: Math.max(1, availableParallelism() - 1) }, lane));
  if (waiting < parts)
    ends.push({
      state: 'stopped',
      error: { name: 'time-limit', message: `${parts - waiting} parts were not reached.` },
    });
  const worst = ends.find((end) => end.state === 'failed') ?? ends.find((end) => end.state === 'stopped') ?? ends[0];
  stage.state = worst.state;
  stage.error = worst.error;
  stage.seconds = Math.round((performance.now() - start) / 10) / 100;
  write();
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof RangeError ? error.message : error);
    process.exit(2);
  },
);
