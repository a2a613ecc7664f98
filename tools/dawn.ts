/**
 * The second driver: Dawn in Node (the npm package `webgpu`), on which the kernels are
 * tested beside the browser. On Linux, Dawn speaks Vulkan, and this finds the driver:
 *
 * - LRT_ICD=<path of a Vulkan ICD's JSON file>: that driver (tools/lavapipe.ts fetches one);
 * - LRT_GPU=real: the machine's own driver and loader;
 * - otherwise SwiftShader, as the browser of `findBrowser` ships it, so that no GPU is needed.
 *
 * The loader is read when a process starts, so the environment below must be given to
 * a new process; setting it in a running one does nothing. On macOS and Windows Dawn
 * uses Metal and Direct3D, and no environment is needed.
 */
import { closeSync, existsSync, openSync, readSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { findBrowser } from './browser.ts';

const SWIFTSHADER_ICD = 'vk_swiftshader_icd.json';
const LOADER = 'libvulkan.so.1';

export interface DawnEnvironment {
  /** To be merged into the environment of a new process. */
  env: Record<string, string>;
  /** Which driver this asks for, or what was looked for in vain: printed, and part of the error where no adapter answers. */
  asks: string;
}

/** The folders that may hold the browser's files: beside its binary, and those that a wrapper script names. */
function browserFolders(executable: string): string[] {
  const real = realpathSync(executable);
  const folders = [dirname(executable), dirname(real)];
  const head = Buffer.alloc(65_536);
  const file = openSync(real, 'r');
  const text = head.toString('latin1', 0, readSync(file, head));
  closeSync(file);
  if (text.startsWith('#!')) {
    // Debian: LIBDIR=/usr/lib/$APPNAME.
    const variables = new Map([...text.matchAll(/^(\w+)=([\w./-]+)$/gm)].map(([, name, value]) => [name, value]));
    const plain = text.replace(/\$\{?(\w+)\}?/g, (whole, name: string) => variables.get(name) ?? whole);
    for (const [path] of plain.matchAll(/\/[\w./-]+/g)) folders.push(path, dirname(path));
  }
  return [...new Set(folders)];
}

/** Where the browser keeps SwiftShader and a Vulkan loader; null if it ships none. */
function swiftShaderFolder(): { folder: string | null; browser: string } {
  const browser = findBrowser().executablePath;
  const folder = browserFolders(browser).find((path) => existsSync(join(path, SWIFTSHADER_ICD))) ?? null;
  return { folder, browser };
}

/**
 * The environment in which a new Node process finds the driver.
 * @param chosen the ICD's file; null for the machine's own or SwiftShader; default LRT_ICD
 * @throws Error if there is no such file
 */
export function dawnEnvironment(chosen: string | null = process.env.LRT_ICD ?? null): DawnEnvironment {
  if (process.platform !== 'linux') return { env: {}, asks: `Dawn’s own choice on ${process.platform}` };
  if (process.env.LRT_GPU === 'real' && !chosen)
    return { env: {}, asks: 'the machine’s own Vulkan driver (LRT_GPU=real)' };
  const { folder, browser } = swiftShaderFolder();
  if (chosen) {
    const icd = resolve(chosen);
    if (!existsSync(icd)) throw new Error(`the Vulkan driver ${chosen} (LRT_ICD), where there is no file`);
    const libraries = [dirname(icd), ...(folder ? [folder] : [])];
    return {
      env: { ...libraryPath(libraries), VK_ICD_FILENAMES: icd, VK_DRIVER_FILES: icd },
      asks: `the Vulkan driver ${icd}`,
    };
  }
  if (!folder) {
    return {
      env: {},
      asks: `${SWIFTSHADER_ICD} and ${LOADER} beside the browser ${browser}, where they are not; set LRT_BROWSER, LRT_ICD or LRT_GPU=real`,
    };
  }
  const icd = join(folder, SWIFTSHADER_ICD);
  return {
    env: { ...libraryPath([folder]), VK_ICD_FILENAMES: icd, VK_DRIVER_FILES: icd },
    asks: `SwiftShader, ${icd}`,
  };
}

function libraryPath(folders: string[]): { LD_LIBRARY_PATH: string } {
  return { LD_LIBRARY_PATH: [...folders, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter) };
}

/** Environment variable that carries `asks` into the new process. */
export const ASKS = 'LRT_DAWN_ASKS';

/** `dawnEnvironment` as one record, `asks` included; an error becomes what is asked for, so that it surfaces where Dawn is used. */
export function dawnVariables(): Record<string, string> {
  try {
    const { env, asks } = dawnEnvironment();
    return { ...env, [ASKS]: asks };
  } catch (error) {
    return { [ASKS]: (error as Error).message };
  }
}
