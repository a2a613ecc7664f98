/**
 * `npm run record -- [preset …] [options of npm run experiment]`: records the runs that the page shows before anything has
 * been run, public/recorded/<preset>.json, and the index of them. Without a preset: every preset that is measured on the
 * bundled family.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { forTheSite, recordedEntry, type RecordedIndex } from '../src/experiment/recorded';
import { parseRun } from '../src/experiment/run-schema';
import { parsePreset, type Preset } from '../src/experiment/schema';
import { ROOT } from './serve';

const PRESETS = join(ROOT, 'public/presets');
const RECORDED = join(ROOT, 'public/recorded');
/** A visitor fetches one of them with the page. */
const MOST_BYTES = 320_000;

const jsonOf = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const presetIds = (): string[] => jsonOf(join(PRESETS, 'index.json')) as string[];
const presetOf = (id: string): Preset => parsePreset(jsonOf(join(PRESETS, `${id}.json`)), id);

/** Runs the preset's default experiment and puts it where the page looks. @returns whether it ran */
function record(id: string, options: readonly string[]): boolean {
  const out = join(ROOT, 'out/recorded', id);
  const command = ['tsx', 'tools/experiment.ts', id, '--out', out, ...options];
  const { status } = spawnSync('npx', command, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) return false;
  const run = forTheSite(parseRun(jsonOf(join(out, 'run.json'))));
  writeFileSync(join(RECORDED, `${id}.json`), `${JSON.stringify(run)}\n`);
  return true;
}

/** The index of the runs that are there, in the order of the presets. */
function writeIndex(): void {
  const runs = presetIds().flatMap((id) => {
    const path = join(RECORDED, `${id}.json`);
    if (!existsSync(path)) return [];
    const text = readFileSync(path);
    return [recordedEntry(id, parseRun(JSON.parse(text.toString('utf8'))), text.length)];
  });
  const index: RecordedIndex = { schema: 1, runs };
  writeFileSync(join(RECORDED, 'index.json'), `${JSON.stringify(index, null, 1)}\n`);
  for (const { id, outcome, chain, bytes } of runs)
    console.log(
      `${id}: ${chain ?? outcome}, ${(bytes / 1000).toFixed(0)} kB${bytes > MOST_BYTES ? `, more than ${MOST_BYTES / 1000} kB` : ''}`,
    );
  const known = new Set(['index', ...runs.map(({ id }) => id)]);
  const strays = readdirSync(RECORDED).filter((name) => !known.has(name.replace(/\.json$/, '')));
  if (strays.length > 0) console.log(`Not of a preset: ${strays.join(', ')}`);
}

const given = process.argv.slice(2);
const first = given.findIndex((word) => word.startsWith('-'));
const [names, options] = first === -1 ? [given, []] : [given.slice(0, first), given.slice(first)];
const ids = names.length > 0 ? names : presetIds().filter((id) => presetOf(id).needs === undefined);
mkdirSync(RECORDED, { recursive: true });
const failed = ids.filter((id) => !record(id, options));
writeIndex();
if (failed.length > 0) {
  console.error(`Not recorded: ${failed.join(', ')}`);
  process.exitCode = 1;
}
