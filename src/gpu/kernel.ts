/**
 * WGSL kernels: their declaration, compilation and per-device cache.
 *
 * A kernel is one .wgsl file with `struct Params` at binding 0 (u32 and f32 members
 * only) and storage buffers at bindings 1, 2, … The layout of its bind group and of
 * its parameters is read from that text, so that neither is written down twice. A line
 * `// #include NAME` stands for a part that several kernels or variants share.
 */
import { LabError } from '../experiment/errors';
import { deviceLost } from './device';

export interface Kernel {
  name: string;
  code: string;
  params: { name: string; type: 'u32' | 'f32' }[];
  /** In the order of the bindings 1, 2, … */
  bindings: ('read' | 'read_write')[];
}

/** A kernel that is another one on another device. */
export interface KernelChoice {
  name: string;
  of(device: GPUDevice): Kernel;
}

export interface CompiledKernel {
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
}

/**
 * Declares a kernel.
 * @param constants replace the values of `const NAME: … = …;` declarations of the same name
 * @param parts texts of the lines `// #include NAME`; a part may include others
 * @throws RangeError if the text does not have the form above, or a part is missing or includes itself
 */
export function defineKernel(
  name: string,
  source: string,
  constants: Record<string, number | boolean> = {},
  parts: Record<string, string> = {},
): Kernel {
  let code = include(name, source, parts, []);
  for (const [constant, value] of Object.entries(constants)) {
    const declaration = new RegExp(`^const ${constant}: (u32|bool) = [^;]*;`, 'm');
    const match = declaration.exec(code);
    if (!match) throw new RangeError(`${name}: there is no const ${constant}.`);
    code = code.replace(declaration, `const ${constant}: ${match[1]} = ${value}${match[1] === 'u32' ? 'u' : ''};`);
  }
  const struct = /struct Params \{([^}]*)\}/.exec(code);
  if (!struct) throw new RangeError(`${name}: there is no struct Params.`);
  const params = [...struct[1].replace(/\/\/.*$/gm, '').matchAll(/(\w+)\s*:\s*(\w+)/g)].map(([, member, type]) => {
    if (type !== 'u32' && type !== 'f32')
      throw new RangeError(`${name}: parameter ${member} is ${type}; only u32 and f32 are packed.`);
    return { name: member, type: type as 'u32' | 'f32' };
  });
  const bindings = [...code.matchAll(/@group\(0\) @binding\((\d+)\) var<storage, (read|read_write)>/g)].map(
    ([, index, access], i) => {
      if (Number(index) !== i + 1) throw new RangeError(`${name}: storage bindings must be 1, 2, …`);
      return access as 'read' | 'read_write';
    },
  );
  return { name, code, params, bindings };
}

/** Resolves the lines `// #include NAME`; `within` are the parts being included. */
function include(kernel: string, text: string, parts: Record<string, string>, within: string[]): string {
  return text.replace(/^([ \t]*)\/\/ #include (\S+)[ \t]*$/gm, (_, indent: string, part: string) => {
    if (!Object.hasOwn(parts, part)) throw new RangeError(`${kernel}: there is no part ${part}.`);
    if (within.includes(part)) throw new RangeError(`${kernel}: the part ${part} includes itself.`);
    const lines = include(kernel, parts[part].trimEnd(), parts, [...within, part]);
    return lines.replace(/^(?=.)/gm, indent);
  });
}

interface Cache {
  ready: Map<Kernel, CompiledKernel>;
  building: Map<Kernel, Promise<CompiledKernel>>;
}

const caches = new WeakMap<GPUDevice, Cache>();

function cacheOf(device: GPUDevice): Cache {
  let cache = caches.get(device);
  if (!cache) {
    cache = { ready: new Map(), building: new Map() };
    caches.set(device, cache);
  }
  return cache;
}

/** The compiled kernel, if `compileKernels` has made it. */
export function compiled(device: GPUDevice, kernel: Kernel): CompiledKernel {
  const hit = cacheOf(device).ready.get(kernel);
  if (!hit) throw new LabError('internal.kernel', { kernel: kernel.name });
  return hit;
}

/**
 * Compiles the kernels that this device does not have yet, all at once.
 * @throws LabError shader-compile naming the kernel and line, or webgpu-device-lost
 */
export async function compileKernels(device: GPUDevice, kernels: readonly (Kernel | KernelChoice)[]): Promise<void> {
  const { ready, building } = cacheOf(device);
  await Promise.all(
    kernels.map((entry) => {
      const kernel = 'of' in entry ? entry.of(device) : entry;
      if (ready.has(kernel)) return undefined;
      let work = building.get(kernel);
      if (!work) {
        work = compile(device, kernel).then(
          (result) => {
            ready.set(kernel, result);
            building.delete(kernel);
            return result;
          },
          (error: unknown) => {
            building.delete(kernel); // so that a later call tries again
            throw error;
          },
        );
        building.set(kernel, work);
      }
      return work;
    }),
  );
}

async function compile(device: GPUDevice, kernel: Kernel): Promise<CompiledKernel> {
  // Compilation errors come back through getCompilationInfo; the scope keeps them out of the uncaptured ones.
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label: kernel.name, code: kernel.code });
  const scoped = device.popErrorScope().catch(() => null);
  const { messages } = await module.getCompilationInfo();
  await scoped;
  const bad = messages.find((message) => message.type === 'error');
  if (bad) throw shaderError(kernel, bad.message, bad.lineNum);
  const layout = device.createBindGroupLayout({
    label: kernel.name,
    entries: [
      { binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'uniform' } },
      ...kernel.bindings.map((access, i): GPUBindGroupLayoutEntry => ({
        binding: i + 1,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: access === 'read' ? 'read-only-storage' : 'storage' },
      })),
    ],
  });
  try {
    const pipeline = await device.createComputePipelineAsync({
      label: kernel.name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    return { pipeline, layout };
  } catch (error) {
    const lost = await Promise.race([device.lost, Promise.resolve(null)]);
    throw lost ? deviceLost(lost.message) : shaderError(kernel, (error as Error).message, 0);
  }
}

function shaderError(kernel: Kernel, message: string, line: number): LabError {
  return new LabError(line > 0 ? 'shader-compile.line' : 'shader-compile.whole', {
    kernel: kernel.name,
    line,
    reason: message,
  });
}

/** Packs parameter values in the order and types of the kernel's `struct Params`. @throws RangeError on a missing or unknown name */
export function packParams(kernel: Kernel, values: Record<string, number>, out: DataView, offset: number): void {
  const given = Object.keys(values).length;
  if (given !== kernel.params.length)
    throw new RangeError(
      `${kernel.name}: ${given} parameters, expected ${kernel.params.map((p) => p.name).join(', ')}.`,
    );
  kernel.params.forEach(({ name, type }, i) => {
    const value = values[name];
    if (value === undefined) throw new RangeError(`${kernel.name}: parameter ${name} is missing.`);
    if (type === 'f32') out.setFloat32(offset + 4 * i, value, true);
    else out.setUint32(offset + 4 * i, value, true);
  });
}
