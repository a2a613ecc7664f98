/**
 * `npm run peers`: installs what only the bench and some tests need (bench/package.json: the libraries that the lab is
 * compared with, and Dawn), 211 MB, into bench/node_modules. `npm run bench` and `npm test` do so by themselves; where it
 * is installed already, nothing happens.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BENCH = fileURLToPath(new URL('../bench', import.meta.url));
/** A copy of the lock file that was installed from. */
const STAMP = join(BENCH, 'node_modules/.installed-from.json');

/** @throws Error if npm fails */
export function ensurePeers(): void {
  const lock = readFileSync(join(BENCH, 'package-lock.json'), 'utf8');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lock) return;
  console.log('Installing the peers of the bench into bench/node_modules …');
  const npm = process.env.npm_execpath;
  const rest = ['ci', '--no-audit', '--no-fund'];
  // npm's own script where npm started this process: on Windows `npm` is not a program.
  const done = npm
    ? spawnSync(process.execPath, [npm, ...rest], { cwd: BENCH, stdio: 'inherit' })
    : spawnSync('npm', rest, { cwd: BENCH, stdio: 'inherit', shell: process.platform === 'win32' });
  if (done.status !== 0) throw new Error('npm could not install the peers of the bench (bench/package.json).');
  writeFileSync(STAMP, lock);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensurePeers();
