/**
 * Fetches llama.cpp for the proof of the exported files (tools/prove-files.ts):
 *
 *   npx tsx tools/llama-cpp.ts [folder]          default folder .cache/llama.cpp
 *
 * Debian with apt only, without root: the packages come from the configured Debian mirror's sid, are checked by apt against
 * its keys, unpacked into the folder and never installed. With them come the C library and the loader that they were built
 * for, so that nothing of the system's is touched or needed. Elsewhere, build llama.cpp and name its folder in LRT_LLAMA.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const target = resolve(process.argv[2] ?? '.cache/llama.cpp');
const PACKAGES = ['llama.cpp-tools', 'libllama0', 'libggml0', 'libc6', 'libgcc-s1', 'libstdc++6', 'libgomp1', 'libssl3t64', 'libatomic1', 'libzstd1'];
const PROGRAMS = ['llama-server', 'llama-completion'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) fail('This script needs Debian’s apt-get. Build llama.cpp and set LRT_LLAMA to the folder of its programs.');

/** The mirror of the system's own distribution. */
function mirror(): string {
  const lines = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)|$(COMPONENT)|$(CREATED_BY)'], { encoding: 'utf8' }).split('\n');
  const hit = lines.map((line) => line.split('|')).find(([uri, component, createdBy]) => component === 'main' && createdBy === 'Packages' && uri.endsWith('/debian/'));
  if (!hit) fail('apt has no Debian mirror configured.');
  return hit[0];
}

const work = mkdtempSync(join(tmpdir(), 'llama-'));
try {
  for (const folder of ['lists/partial', 'archives/partial', 'parts', 'packages']) mkdirSync(join(work, folder), { recursive: true });
  const key = existsSync(KEYRING) ? ` [signed-by=${KEYRING}]` : ''; // otherwise apt looks among its trusted keys
  writeFileSync(join(work, 'sources.list'), `deb${key} ${mirror()} sid main\n`);
  const settings = {
    'Dir::Etc::SourceList': join(work, 'sources.list'),
    'Dir::Etc::SourceParts': join(work, 'parts'),
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::Cache::Archives': join(work, 'archives'),
    'Dir::Cache::pkgcache': '',
    'Dir::Cache::srcpkgcache': '',
    'Debug::NoLocking': '1',
    'APT::Sandbox::User': '',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const apt = (...args: string[]): void => void execFileSync('apt-get', [...options, '-qq', ...args], { cwd: join(work, 'packages'), stdio: ['ignore', 'ignore', 'inherit'] });
  console.log('Fetching llama.cpp from Debian sid …');
  apt('update');
  apt('download', ...PACKAGES.map((name) => `${name}/sid`));
  for (const name of readdirSync(join(work, 'packages'))) execFileSync('dpkg-deb', ['-x', join(work, 'packages', name), join(work, 'root')]);

  rmSync(target, { recursive: true, force: true });
  for (const folder of ['lib', 'bin', 'libexec']) mkdirSync(join(target, folder), { recursive: true });
  // One flat folder: ggml looks for its CPU backends beside the program that runs, which is the loader.
  for (const entry of readdirSync(join(work, 'root/usr/lib'), { recursive: true, withFileTypes: true })) {
    if (/\.so(\.|$)/.test(entry.name) && !entry.isDirectory() && !/gconv|engines/.test(entry.parentPath)) cpSync(join(entry.parentPath, entry.name), join(target, 'lib', entry.name), { dereference: true, force: true });
  }
  const loader = readdirSync(join(target, 'lib')).find((name) => name.startsWith('ld-linux'));
  if (!loader) fail('The packages hold no loader.');
  for (const program of PROGRAMS) {
    cpSync(join(work, 'root/usr/bin', program), join(target, 'libexec', program), { dereference: true });
    const file = join(target, 'bin', program);
    writeFileSync(file, `#!/bin/sh\nexec '${join(target, 'lib', loader)}' --library-path '${join(target, 'lib')}' '${join(target, 'libexec', program)}' "$@"\n`);
    chmodSync(file, 0o755);
  }
  const version = readdirSync(join(work, 'packages')).find((name) => name.startsWith('llama.cpp-tools_'))?.split('_')[1];
  console.log(`llama.cpp ${decodeURIComponent(version ?? '')}: ${join(target, 'bin')}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
