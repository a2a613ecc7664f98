/**
 * Fetches a recent lavapipe (Mesa's software Vulkan driver) for the second-driver tests:
 *
 *   npx tsx tools/lavapipe.ts [folder]          default folder .cache/lavapipe
 *   LRT_ICD=.cache/lavapipe/lvp_icd.json npm run test:dawn
 *
 * The packages come from the backports of Debian 12 (Mesa 25; Dawn refuses Debian 12's own 22.3). Libraries that they need
 * and that the system has are used from there.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { versionOf, withDebianPackages, type Unpacked } from './debian';

const target = resolve(process.argv[2] ?? '.cache/lavapipe');

function install({ root, packages }: Unpacked): void {
  if (packages.length === 0)
    throw new Error(
      'apt fetched nothing: mesa-vulkan-drivers of backports is installed already. Set LRT_ICD=/usr/share/vulkan/icd.d/lvp_icd.json.',
    );
  // One flat folder, like the browser's own: the libraries beside the JSON file that names them.
  const icdFile = readdirSync(join(root, 'usr/share/vulkan/icd.d')).find((name) => name.startsWith('lvp_icd'));
  if (!icdFile) throw new Error('The packages hold no lavapipe.');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(join(root, 'usr/lib'), { recursive: true, withFileTypes: true })) {
    if (
      /^lib(vulkan_lvp|gallium|drm|vulkan|gbm)[\w.+~-]*\.so(\.|$)/.test(entry.name) &&
      !/^libvulkan_(?!lvp)/.test(entry.name)
    ) {
      cpSync(join(entry.parentPath, entry.name), join(target, entry.name), { dereference: true, force: true });
    }
  }
  const icd = JSON.parse(readFileSync(join(root, 'usr/share/vulkan/icd.d', icdFile), 'utf8')) as {
    ICD: { library_path: string };
  };
  icd.ICD.library_path = join(target, 'libvulkan_lvp.so');
  if (!existsSync(icd.ICD.library_path)) throw new Error('The packages hold no libvulkan_lvp.so.');
  const written = join(target, 'lvp_icd.json');
  writeFileSync(written, `${JSON.stringify(icd, null, 2)}\n`);
  console.log(`Mesa ${versionOf(packages, 'mesa-vulkan-drivers')}: set LRT_ICD=${written}`);
}

try {
  console.log('Fetching Mesa from Debian’s backports …');
  withDebianPackages(
    (codename) => [`${codename}-backports`, codename],
    (codename) => [
      '-y',
      '--no-install-recommends',
      '--download-only',
      '-t',
      `${codename}-backports`,
      'install',
      'mesa-vulkan-drivers',
    ],
    install,
  );
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
