/**
 * Fetches llama.cpp for the proof of the exported files (tools/prove-files.ts):
 *
 *   npx tsx tools/llama-cpp.ts [folder]          default folder .cache/llama.cpp
 *
 * The packages come from Debian's sid. With them come the C library and the loader that they were built for, so that
 * nothing of the system's is touched or needed. Elsewhere, build llama.cpp and name the folder of its programs in LRT_LLAMA.
 */
import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { versionOf, withDebianPackages, type Unpacked } from './debian';

const target = resolve(process.argv[2] ?? '.cache/llama.cpp');
const PACKAGES = [
  'llama.cpp-tools',
  'libllama0',
  'libggml0',
  'libc6',
  'libgcc-s1',
  'libstdc++6',
  'libgomp1',
  'libssl3t64',
  'libatomic1',
  'libzstd1',
];
const PROGRAMS = ['llama-server', 'llama-completion'];

function install({ root, packages }: Unpacked): void {
  rmSync(target, { recursive: true, force: true });
  for (const folder of ['lib', 'bin', 'libexec']) mkdirSync(join(target, folder), { recursive: true });
  // One flat folder: ggml looks for its CPU backends beside the program that runs, which is the loader.
  for (const entry of readdirSync(join(root, 'usr/lib'), { recursive: true, withFileTypes: true })) {
    if (/\.so(\.|$)/.test(entry.name) && !entry.isDirectory() && !/gconv|engines/.test(entry.parentPath))
      cpSync(join(entry.parentPath, entry.name), join(target, 'lib', entry.name), { dereference: true, force: true });
  }
  const loader = readdirSync(join(target, 'lib')).find((name) => name.startsWith('ld-linux'));
  if (!loader) throw new Error('The packages hold no loader.');
  for (const program of PROGRAMS) {
    cpSync(join(root, 'usr/bin', program), join(target, 'libexec', program), { dereference: true });
    const file = join(target, 'bin', program);
    writeFileSync(
      file,
      `#!/bin/sh\nexec '${join(target, 'lib', loader)}' --library-path '${join(target, 'lib')}' '${join(target, 'libexec', program)}' "$@"\n`,
    );
    chmodSync(file, 0o755);
  }
  console.log(`llama.cpp ${versionOf(packages, 'llama.cpp-tools')}: ${join(target, 'bin')}`);
}

try {
  console.log('Fetching llama.cpp from Debian sid …');
  withDebianPackages(
    () => ['sid'],
    () => ['download', ...PACKAGES.map((name) => `${name}/sid`)],
    install,
  );
} catch (error) {
  console.error(`${(error as Error).message}\nOr build llama.cpp and set LRT_LLAMA to the folder of its programs.`);
  process.exitCode = 1;
}
