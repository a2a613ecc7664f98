/**
 * Fetches a recent lavapipe (Mesa's software Vulkan driver) for the second-driver tests:
 *
 *   npx tsx tools/lavapipe.ts [folder]          default folder .cache/lavapipe
 *   LRT_ICD=.cache/lavapipe/lvp_icd.json npm run test:dawn
 *
 * Debian 12 with apt only, without root: the packages come from the configured Debian
 * mirror's bookworm-backports (Mesa 25; Dawn refuses Debian 12's own 22.3), are checked
 * by apt against its keys, unpacked into the folder and never installed. Libraries that
 * they need and that the system has are used from there.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const target = resolve(process.argv[2] ?? '.cache/lavapipe');

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

/** Debian's own keys, which sign backports too. */
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** The mirror and the name of the system's own distribution, from apt's configuration. */
function mirror(): { uri: string; codename: string } {
  const lines = execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI)|$(CODENAME)|$(COMPONENT)|$(CREATED_BY)'], { encoding: 'utf8' }).split('\n');
  const os = readFileSync('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(os)?.[1] ?? '';
  const hit = lines.map((line) => line.split('|')).find(([, name, component, createdBy]) => name === codename && component === 'main' && createdBy === 'Packages');
  if (!hit) fail(`apt has no source for “${codename} main”; this script needs Debian 12 with its mirror configured.`);
  return { uri: hit[0], codename };
}

if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) fail('This script needs Debian’s apt-get.');
const { uri, codename } = mirror();
const work = mkdtempSync(join(tmpdir(), 'lavapipe-'));
try {
  for (const folder of ['lists/partial', 'archives/partial', 'parts']) mkdirSync(join(work, folder), { recursive: true });
  const key = existsSync(KEYRING) ? ` [signed-by=${KEYRING}]` : ''; // otherwise apt looks among its trusted keys
  writeFileSync(join(work, 'sources.list'), [`${codename}-backports`, codename].map((suite) => `deb${key} ${uri} ${suite} main\n`).join(''));
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
  const apt = (...args: string[]): void => void execFileSync('apt-get', [...options, '-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  console.log(`Fetching Mesa from ${codename}-backports …`);
  apt('update');
  apt('-y', '--no-install-recommends', '--download-only', '-t', `${codename}-backports`, 'install', 'mesa-vulkan-drivers');
  const packages = readdirSync(join(work, 'archives')).filter((name) => name.endsWith('.deb'));
  if (packages.length === 0) fail('apt fetched nothing: mesa-vulkan-drivers of backports is installed already. Set LRT_ICD=/usr/share/vulkan/icd.d/lvp_icd.json.');
  for (const name of packages) execFileSync('dpkg-deb', ['-x', join(work, 'archives', name), join(work, 'root')]);

  // One flat folder, like the browser's own: the libraries beside the JSON file that names them.
  const icdFile = readdirSync(join(work, 'root/usr/share/vulkan/icd.d')).find((name) => name.startsWith('lvp_icd'));
  if (!icdFile) fail('The packages hold no lavapipe.');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const libraries = join(work, 'root/usr/lib');
  for (const entry of readdirSync(libraries, { recursive: true, withFileTypes: true })) {
    if (/^lib(vulkan_lvp|gallium|drm|vulkan|gbm)[\w.+~-]*\.so(\.|$)/.test(entry.name) && !/^libvulkan_(?!lvp)/.test(entry.name)) {
      cpSync(join(entry.parentPath, entry.name), join(target, entry.name), { dereference: true, force: true });
    }
  }
  const icd = JSON.parse(readFileSync(join(work, 'root/usr/share/vulkan/icd.d', icdFile), 'utf8')) as { ICD: { library_path: string } };
  icd.ICD.library_path = join(target, 'libvulkan_lvp.so');
  if (!existsSync(icd.ICD.library_path)) fail('The packages hold no libvulkan_lvp.so.');
  const written = join(target, 'lvp_icd.json');
  writeFileSync(written, `${JSON.stringify(icd, null, 2)}\n`);
  const version = packages.find((name) => name.startsWith('mesa-vulkan-drivers_'))?.split('_')[1];
  console.log(`Mesa ${version}: set LRT_ICD=${written}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
