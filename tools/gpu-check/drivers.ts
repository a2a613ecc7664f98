/** In which environments a Vulkan driver is looked for, in turn: the machine's own, then with what was packed. */
export interface Environment {
  what: string;
  env: Record<string, string>;
}

/** What the machine has, asked of its file system. */
export interface Machine {
  exists(path: string): boolean;
  env: Readonly<Record<string, string | undefined>>;
}

/** Where drivers in containers, and on machines, keep the file that names them to the loader. */
export const NVIDIA_ICDS = [
  '/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json',
  '/usr/share/vulkan/icd.d/nvidia_icd.json',
  '/etc/vulkan/icd.d/nvidia_icd.json',
  '/usr/share/vulkan/icd.d/nvidia_icd.x86_64.json',
];

/** Folders of the driver's libraries, which a container may not have among the linker's. */
const NVIDIA_LIBRARIES = ['/usr/local/nvidia/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib64'];
const NVIDIA_DRIVERS = ['libGLX_nvidia.so.0', 'libEGL_nvidia.so.0'];

/** A file that names a driver where the machine has none. */
export interface MadeIcd {
  path: string;
  text: string;
}

export interface Packed {
  /** Folder with the Vulkan loader and the libraries that graphics drivers are linked with. */
  loader: string;
  /** Folder with X's client libraries, for drivers that load them even without a screen. */
  x: string;
  /** Where files may be written. */
  work: string;
}

/**
 * The environments to try, in order, and the files that some of them need.
 * LRT_ICD=FILE comes first, and alone: a driver that somebody asks for is used or named in the error.
 */
export function environments(machine: Machine, { loader, x, work }: Packed): { list: Environment[]; made: MadeIcd[] } {
  const path = (...folders: string[]): string =>
    [...folders, machine.env.LD_LIBRARY_PATH].filter((folder) => folder !== undefined && folder !== '').join(':');
  const icd = (file: string): Record<string, string> => ({ VK_DRIVER_FILES: file, VK_ICD_FILENAMES: file });
  const asked = machine.env.LRT_ICD;
  if (asked !== undefined && asked !== '') {
    const folder = asked.slice(0, Math.max(0, asked.lastIndexOf('/'))) || '.';
    const env = { LD_LIBRARY_PATH: path(folder, loader), ...icd(asked) };
    return { list: [{ what: `the driver ${asked} (LRT_ICD)`, env }], made: [] };
  }
  const list: Environment[] = [
    { what: 'the machine’s own loader and drivers', env: {} },
    { what: 'the packed loader, the machine’s drivers', env: { LD_LIBRARY_PATH: path(loader) } },
  ];
  const folders = NVIDIA_LIBRARIES.filter((folder) =>
    NVIDIA_DRIVERS.some((library) => machine.exists(`${folder}/${library}`)),
  );
  const extra = folders.filter((folder) => folder.startsWith('/usr/local/'));
  const made: MadeIcd[] = [];
  const files = NVIDIA_ICDS.filter((file) => machine.exists(file));
  for (const folder of folders) {
    for (const library of NVIDIA_DRIVERS) {
      if (!machine.exists(`${folder}/${library}`)) continue;
      const file = `${work}/${library}.json`;
      if (made.some((one) => one.path === file)) continue;
      const content = {
        file_format_version: '1.0.1',
        ICD: { library_path: `${folder}/${library}`, api_version: '1.3.0' },
      };
      made.push({ path: file, text: `${JSON.stringify(content)}\n` });
    }
  }
  for (const file of [...files, ...made.map((one) => one.path)]) {
    list.push({ what: `the packed loader, ${file}`, env: { LD_LIBRARY_PATH: path(loader, ...extra), ...icd(file) } });
    list.push({
      what: `the packed loader and X libraries, ${file}`,
      env: { LD_LIBRARY_PATH: path(loader, ...extra, x), ...icd(file) },
    });
  }
  return { list, made };
}
