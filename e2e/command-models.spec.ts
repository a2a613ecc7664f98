/** The command line with models that are not bundled: from a mirror of the hub, from a web server's folder, from a folder of the disk; and what it says of wrong arguments. */
import { message } from '../src/experiment/message';
import { expect, test } from '@playwright/test';
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultExperiment } from '../src/experiment/defaults';
import type { Run } from '../src/experiment/run';
import { readArguments } from '../tools/arguments';
import { startMirror } from '../tools/mirror';
import { serve } from '../tools/serve';
import { saidBy } from '../src/i18n/testing';

const ROOT = join(import.meta.dirname, '..');
const COMMAND = ['tsx', 'tools/experiment.ts'];

function now(...args: string[]): { code: number | null; output: string } {
  const done = spawnSync('npx', [...COMMAND, ...args], { cwd: ROOT, encoding: 'utf8', timeout: 120_000 });
  return { code: done.status, output: done.stdout + done.stderr };
}

/** While servers of this process answer. */
function meanwhile(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      'npx',
      [...COMMAND, ...args],
      { cwd: ROOT, encoding: 'utf8', maxBuffer: 2 ** 24, timeout: 300_000 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

let dir: string;
test.beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lrt-'));
});
test.afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Model folders as a hub names them: owner/name. */
function folderOfModels(): string {
  const models = join(dir, 'models');
  for (const size of ['s', 'm'])
    cpSync(join(ROOT, 'public/models', `lrt-stories-${size}`), join(models, 'stories', size), { recursive: true });
  return models;
}

test('usage, and arguments that cannot be meant', () => {
  const help = now('--help');
  expect(help.code).toBe(0);
  for (const flag of [
    '--source',
    '--target',
    '--host',
    '--layout',
    '--models',
    '--profile',
    '--out',
    '--backend',
    '--sequential',
    '--quick',
    '--site',
  ])
    expect(help.output).toContain(flag);

  const wrong: [RegExp, ...string[]][] = [
    [
      /“owner\/name” is a model of https:\/\/huggingface.co, and nothing was said about downloading it/,
      'mood',
      '--source',
      'owner/name',
    ],
    [/“owner\/\.\.” is not the name of a model/, 'mood', '--source', 'owner/..'],
    [/“q3” is not a precision\..*fp32, fp16, q4, q4f16, q8/, 'mood', '--target', 'owner/name@main:q3'],
    [/“lrt-stories-s” has no revisions/, 'mood', '--target', 'lrt-stories-s@main'],
    [/Both --host and --models/, 'mood', '--host', 'http://127.0.0.1:9', '--models', '.'],
    [/“nowhere” is not an http or https address/, 'mood', '--host', 'nowhere'],
    [/--layout was given without --host/, 'mood', '--layout', 'folder'],
    [/--layout is “tree”\. Use one of: hub, folder/, 'mood', '--host', 'http://127.0.0.1:9', '--layout', 'tree'],
    [
      /names a revision, and a plain folder has none/,
      'mood',
      '--source',
      'owner/name@main',
      '--host',
      'http://127.0.0.1:9',
      '--layout',
      'folder',
    ],
    [/There is no folder .*absent/, 'mood', '--models', join(dir, 'absent')],
  ];
  for (const [message, ...args] of wrong) {
    let error: unknown;
    try {
      readArguments(args);
    } catch (thrown) {
      error = thrown;
    }
    expect(error, args.join(' ')).toMatchObject({ code: 'settings-invalid' });
    expect(saidBy(error), args.join(' ')).toMatch(message);
  }
  const [message, ...args] = wrong[0];
  const { code, output } = now(...args);
  expect(output).toMatch(message);
  expect(output).toMatch(/error settings-invalid/);
  expect(code).toBe(2);
});

test('models of a mirror by name and revision: a whole run, one model in memory at a time; with a profile the second run downloads nothing', async () => {
  const mirror = await startMirror(folderOfModels());
  try {
    const profile = join(dir, 'profile');
    const revision = mirror.commit('stories/m');
    const first = await meanwhile(
      'mood',
      '--quick',
      '--backend',
      'wasm',
      '--source',
      'stories/s',
      '--target',
      `stories/m@${revision}:fp32`,
      '--host',
      mirror.url,
      '--profile',
      profile,
      '--sequential',
      '--out',
      join(dir, 'out'),
    );
    expect(first.code, first.output).toBe(0);
    expect(first.output).toMatch(/✓ download [\d.]+ s/);
    expect(first.output).toMatch(/Time: download [\d.]+ s, models .*tokens\/s/);
    const run = JSON.parse(readFileSync(join(dir, 'out/run.json'), 'utf8')) as Run;
    expect(run.experiment.models).toMatchObject({
      source: {
        id: 'stories/s',
        dtype: 'fp32',
        location: { kind: 'hub', host: mirror.url, commit: mirror.commit('stories/s') },
      },
      target: { id: 'stories/m', dtype: 'fp32', location: { kind: 'hub', host: mirror.url, commit: revision } },
    });
    expect(run.experiment.title).toBe('stories/s → stories/m: mood');
    expect(run.models.sequential).toEqual(message('run.sequential.asked'));
    expect(first.output).toContain('stories/s unloaded, loading stories/m');

    const before = mirror.log.length;
    const second = await meanwhile(
      'mood',
      '--quick',
      '--backend',
      'wasm',
      '--source',
      'stories/s',
      '--target',
      'lrt-stranger',
      '--host',
      mirror.url,
      '--profile',
      profile,
    );
    // The source came out of the profile: the pair was refused after both were loaded.
    expect(second.output).toMatch(/error not-homologous/);
    expect(second.code).toBe(5);
    expect(mirror.log.slice(before).filter((line) => !line.includes('/api/'))).toEqual([]);

    const absent = await meanwhile('mood', '--quick', '--source', 'stories/s@v9', '--host', mirror.url);
    expect(absent.output).toMatch(/error model-not-found: .*v9/);
    expect(absent.code).toBe(4);
    const precision = await meanwhile('mood', '--quick', '--source', 'stories/s:q8', '--host', mirror.url);
    expect(precision.output).toMatch(/error unknown-model: .*q8/);
  } finally {
    await mirror.close();
  }
});

test('a folder of models on the disk, and one on a web server; a changed folder is not the one that an experiment names', async () => {
  const models = folderOfModels();
  const { code, output } = now(
    'mood',
    '--quick',
    '--backend',
    'wasm',
    '--source',
    'stories/s',
    '--target',
    'lrt-stranger',
    '--models',
    models,
  );
  expect(output).toMatch(/✓ download/);
  expect(output).toMatch(/error not-homologous/);
  expect(code).toBe(5);

  const site = await serve(0);
  try {
    const common = [
      '--quick',
      '--backend',
      'wasm',
      '--target',
      'lrt-stranger',
      '--host',
      site.url,
      '--layout',
      'folder',
    ];
    const served = await meanwhile('mood', '--source', 'models/lrt-stories-s', ...common);
    expect(served.output).toMatch(/✓ download/);
    expect(served.output).toMatch(/error not-homologous/);

    const file = join(dir, 'pinned.json');
    const settings = defaultExperiment('mood');
    writeFileSync(
      file,
      JSON.stringify({
        ...settings,
        models: {
          ...settings.models,
          source: {
            id: 'models/lrt-stories-s',
            dtype: 'fp32',
            location: { kind: 'hub', host: site.url, commit: '0'.repeat(40) },
          },
        },
      }),
    );
    const other = await meanwhile(file, '--host', site.url, '--layout', 'folder');
    expect(other.output).toMatch(
      /error model-not-found: The files of “models\/lrt-stories-s” are not those that the experiment names/,
    );
  } finally {
    await site.close();
  }
});

test('a profile that cannot be used is told', async () => {
  writeFileSync(join(dir, 'file'), '');
  expect(now('mood', '--quick', '--profile', join(dir, 'file')).output).toMatch(
    /error storage-unavailable: .* cannot be a profile/,
  );
  mkdirSync(join(dir, 'strange'));
  writeFileSync(join(dir, 'strange/lrt-ports.json'), '{}');
  expect(now('mood', '--quick', '--profile', join(dir, 'strange')).output).toMatch(
    /error settings-invalid: .* is not the note of a profile’s ports/,
  );

  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  mkdirSync(join(dir, 'busy'));
  writeFileSync(
    join(dir, 'busy/lrt-ports.json'),
    JSON.stringify({ site: port, models: port === 65535 ? port - 1 : port + 1 }),
  );
  try {
    expect((await meanwhile('mood', '--quick', '--profile', join(dir, 'busy'))).output).toMatch(
      new RegExp(`error storage-unavailable: Port ${port}, .* is taken`),
    );
  } finally {
    await new Promise((resolve) => taken.close(resolve));
  }
});
