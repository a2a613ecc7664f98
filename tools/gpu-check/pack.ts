/**
 * Packs the check of a GPU into one folder, for a machine that has no network and no Node: Node itself, Dawn, the kernels
 * with their cases, tables and benches as one bundle, and the Vulkan loader with the libraries that drivers ask for.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { withDebianPackages } from '../debian';
import { ensurePeers } from '../peers';
import { ROOT } from '../serve';

/** Bytes that the folder should not exceed, and must not. */
export const GOAL_BYTES = 26 * 2 ** 20;
export const MOST_BYTES = 60 * 2 ** 20;

const CACHE = join(ROOT, '.cache/gpu-check');
/** Packages of the Vulkan loader, and of X's client side, which some drivers load even without a screen. */
const PACKAGES = {
  loader: ['libvulkan1', 'libglvnd0', 'libegl1', 'libopengl0', 'libgl1', 'libglx0', 'libgles2'],
  x: ['libx11-6', 'libxcb1', 'libxau6', 'libxdmcp6', 'libxext6', 'libbsd0', 'libmd0'],
};
/** The filter for x86 code makes a tenth less of it; 64 MiB of memory to unpack. */
const XZ = ['--x86', '--lzma2=preset=6,dict=64MiB'];

export interface Packing {
  folder: string;
  bytes: number;
  files: { name: string; bytes: number }[];
}

/**
 * @param folder is replaced
 * @throws Error where a tool (xz, tar, apt-get) is missing, this is not Linux on x86-64, or the folder becomes too large
 */
export async function pack(folder: string): Promise<Packing> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error('The check of a GPU is packed on Linux, x86-64: it takes this machine’s own Node along.');
  ensurePeers();
  const work = mkdtempSync(join(tmpdir(), 'gpu-check-'));
  try {
    const app = join(work, 'app');
    await bundle(app);
    const dawn = join(app, 'node_modules/webgpu');
    mkdirSync(join(dawn, 'dist'), { recursive: true });
    const from = join(ROOT, 'bench/node_modules/webgpu');
    for (const name of ['index.js', 'package.json', 'LICENSE.md', 'dist/linux-x64'])
      cpSync(join(from, name), join(dawn, name), { recursive: true });
    libraries(join(app, 'lib'));
    writeFileSync(
      join(app, 'packed.json'),
      `${JSON.stringify({ commit: commit(), date: new Date().toISOString() })}\n`,
    );
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    packNode(work, join(folder, 'node.tar.xz'));
    tarXz(work, 'app', join(folder, 'app.tar.xz'));
    copyFileSync(join(ROOT, 'tools/gpu-check/check.sh'), join(folder, 'check.sh'));
    chmodSync(join(folder, 'check.sh'), 0o755);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const files = readdirSync(folder).map((name) => ({ name, bytes: statSync(join(folder, name)).size }));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > MOST_BYTES) throw new Error(`${folder} has ${bytes} bytes, more than ${MOST_BYTES}.`);
  return { folder, bytes, files };
}

/** The two entries with all that they import but Dawn, as modules for Node. */
async function bundle(outDir: string): Promise<void> {
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    ssr: { noExternal: true, external: ['webgpu'] },
    build: {
      ssr: true,
      target: 'node20',
      outDir,
      emptyOutDir: true,
      minify: false,
      rolldownOptions: {
        input: {
          check: join(ROOT, 'bench/gpu-check/main.ts'),
          child: join(ROOT, 'bench/gpu-check/child.ts'),
        },
        output: { entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs', format: 'es' },
      },
    },
  });
}

/** The shared libraries of the packages, flat: `loader/` and `x/`. */
function libraries(target: string): void {
  for (const [name, packages] of Object.entries(PACKAGES)) {
    const folder = join(target, name);
    mkdirSync(folder, { recursive: true });
    withDebianPackages(
      (codename) => [codename],
      () => ['download', ...packages],
      ({ root }) => {
        for (const entry of readdirSync(join(root, 'usr/lib'), { recursive: true, withFileTypes: true }))
          if (/^lib[\w.+-]+\.so\.\d+$/.test(entry.name))
            cpSync(join(entry.parentPath, entry.name), join(folder, entry.name), { dereference: true });
      },
    );
    if (readdirSync(folder).length === 0) throw new Error(`The packages ${packages.join(', ')} hold no library.`);
  }
  if (!existsSync(join(target, 'loader/libvulkan.so.1'))) throw new Error('The packages hold no Vulkan loader.');
}

/** This Node without its debugging symbols; kept by its digest, for xz takes a minute over it. */
function packNode(work: string, target: string): void {
  const digest = createHash('sha256')
    .update(readFileSync(process.execPath))
    .update(XZ.join(' '))
    .digest('hex')
    .slice(0, 16);
  const kept = join(CACHE, `node-${process.versions.node}-${digest}.tar.xz`);
  if (!existsSync(kept)) {
    copyFileSync(process.execPath, join(work, 'node'));
    chmodSync(join(work, 'node'), 0o755);
    try {
      execFileSync('strip', ['--strip-unneeded', join(work, 'node')], { stdio: 'ignore' });
    } catch {
      console.warn('There is no strip here: Node is packed with its symbols, some 2 MiB more.');
    }
    mkdirSync(CACHE, { recursive: true });
    tarXz(work, 'node', kept);
  }
  copyFileSync(kept, target);
}

function tarXz(folder: string, name: string, target: string): void {
  const tar = `${target}.tar`;
  execFileSync('tar', ['-C', folder, '--owner=0', '--group=0', '-cf', tar, name]);
  try {
    const packed = execFileSync('xz', ['-c', '-T1', ...XZ, tar], { maxBuffer: MOST_BYTES });
    writeFileSync(target, packed);
  } finally {
    rmSync(tar, { force: true });
  }
}

/** The commit that is packed, `-dirty` where files differ from it. */
function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  try {
    return `${git('rev-parse', '--short=12', 'HEAD')}${git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '-dirty'}`;
  } catch {
    return 'unknown';
  }
}
