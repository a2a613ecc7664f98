/**
 * Debian packages without root: fetched from the configured mirror, checked by apt against Debian's keys, unpacked into a
 * folder of their own and never installed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian's own keys, which sign backports and sid too. */
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export interface Unpacked {
  /** Folder that holds the packages' `usr/…`. */
  root: string;
  /** Names of the package files, `name_version_architecture.deb`; none where apt found everything installed. */
  packages: string[];
}

/**
 * Fetches and unpacks, hands the result over, and clears up after it.
 * @param suites to look in, made from the system's own codename
 * @param ask arguments of apt-get that leave package files in its archives or in the current folder
 * @throws Error where there is no apt-get or no mirror, or with what apt-get said
 */
export function withDebianPackages(
  suites: (codename: string) => string[],
  ask: (codename: string) => string[],
  use: (unpacked: Unpacked) => void,
): void {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/apt-get')) throw new Error('This needs Debian’s apt-get.');
  const { uri, codename } = mirror();
  const work = mkdtempSync(join(tmpdir(), 'debian-'));
  const archives = join(work, 'archives');
  try {
    for (const folder of ['lists/partial', 'archives/partial', 'parts', 'root'])
      mkdirSync(join(work, folder), { recursive: true });
    const key = existsSync(KEYRING) ? ` [signed-by=${KEYRING}]` : ''; // otherwise apt looks among its trusted keys
    writeFileSync(
      join(work, 'sources.list'),
      suites(codename)
        .map((suite) => `deb${key} ${uri} ${suite} main\n`)
        .join(''),
    );
    const settings = {
      'Dir::Etc::SourceList': join(work, 'sources.list'),
      'Dir::Etc::SourceParts': join(work, 'parts'),
      'Dir::State::Lists': join(work, 'lists'),
      'Dir::Cache::Archives': archives,
      'Dir::Cache::pkgcache': '',
      'Dir::Cache::srcpkgcache': '',
      'Debug::NoLocking': '1',
      'APT::Sandbox::User': '',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    const apt = (...args: string[]): void =>
      void execFileSync('apt-get', [...options, '-qq', ...args], {
        cwd: archives,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    apt('update');
    apt(...ask(codename));
    const packages = readdirSync(archives).filter((name) => name.endsWith('.deb'));
    for (const name of packages) execFileSync('dpkg-deb', ['-x', join(archives, name), join(work, 'root')]);
    use({ root: join(work, 'root'), packages });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The version in a package's file name; null where the package is not among them. */
export function versionOf(packages: readonly string[], name: string): string | null {
  const file = packages.find((item) => item.startsWith(`${name}_`));
  return file ? decodeURIComponent(file.split('_')[1]) : null;
}

/** The mirror and the name of the system's own distribution, from apt's configuration. */
function mirror(): { uri: string; codename: string } {
  const lines = execFileSync(
    'apt-get',
    ['indextargets', '--format', '$(REPO_URI)|$(CODENAME)|$(COMPONENT)|$(CREATED_BY)'],
    { encoding: 'utf8' },
  ).split('\n');
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
  const hit = lines
    .map((line) => line.split('|'))
    .find(([, name, component, createdBy]) => name === codename && component === 'main' && createdBy === 'Packages');
  if (!hit) throw new Error(`apt has no source for “${codename} main”; this needs Debian with its mirror configured.`);
  return { uri: hit[0], codename };
}
