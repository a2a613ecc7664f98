/**
 * Records dispatches, copies and clears, and submits them together. Parameters are
 * written into one reused uniform page: queue operations are ordered, so a page may
 * be rewritten as soon as the commands that read it have been submitted.
 */
import { LabError } from '../experiment/errors';
import { deviceLost } from './device';
import { compiled, compileKernels, type Kernel, type KernelChoice, packParams } from './kernel';
import { GpuScope } from './scope';

/** WebGPU's default minUniformBufferOffsetAlignment. */
const SLOT = 256;
const SLOTS = 256;

/** A whole buffer, or the first `size` bytes of one that is larger than what it holds. */
export type Bound = GPUBuffer | { buffer: GPUBuffer; size: number };

export class Recorder {
  readonly device: GPUDevice;
  readonly #page: GPUBuffer;
  readonly #params = new ArrayBuffer(SLOT * SLOTS);
  readonly #view = new DataView(this.#params);
  readonly #scope: GpuScope;
  #scratch: GPUBuffer | null = null;
  #used = 0;
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  /** Dispatches since the recorder was made: a cheap measure of work in tests. */
  dispatches = 0;

  private constructor(device: GPUDevice) {
    this.device = device;
    this.#scope = new GpuScope(device);
    this.#page = device.createBuffer({
      label: 'parameters',
      size: SLOT * SLOTS,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
  }

  /**
   * Compiles the kernels and makes a recorder that may dispatch them.
   * @throws LabError shader-compile
   */
  static async create(device: GPUDevice, kernels: readonly (Kernel | KernelChoice)[]): Promise<Recorder> {
    await compileKernels(device, kernels);
    return new Recorder(device);
  }

  /** Records one dispatch of x×y×z workgroups; nothing if one of them is 0. */
  dispatch(kernel: Kernel, params: Record<string, number>, buffers: readonly Bound[], x: number, y = 1, z = 1): void {
    if (x === 0 || y === 0 || z === 0) return;
    if (buffers.length !== kernel.bindings.length)
      throw new RangeError(`${kernel.name}: ${buffers.length} buffers for ${kernel.bindings.length} bindings.`);
    if (this.#used === SLOTS) this.submit();
    const offset = this.#used++ * SLOT;
    packParams(kernel, params, this.#view, offset);
    const { pipeline, layout } = compiled(this.device, kernel);
    const group = this.device.createBindGroup({
      layout,
      entries: [
        { binding: 0, resource: { buffer: this.#page, offset, size: Math.ceil(kernel.params.length / 4) * 16 } },
        ...buffers.map((bound, i) => ({
          binding: i + 1,
          resource:
            'size' in bound && 'buffer' in bound
              ? { buffer: bound.buffer, size: bound.size }
              : { buffer: bound as GPUBuffer },
        })),
      ],
    });
    this.#pass ??= this.#commands().beginComputePass();
    this.#pass.setPipeline(pipeline);
    this.#pass.setBindGroup(0, group);
    this.#pass.dispatchWorkgroups(x, y, z);
    this.dispatches++;
  }

  /**
   * A buffer of at least `bytes` for what passes between one dispatch and the next: the same one at every call, so its
   * content lasts until the next caller writes to it. It grows with need and goes with the recorder.
   * @throws LabError out-of-memory when the device allows no such buffer; one that it could not give is told by `read`
   */
  scratch(bytes: number): GPUBuffer {
    if (this.#scratch && this.#scratch.size >= bytes) return this.#scratch;
    if (this.#scratch) {
      this.submit(); // what was recorded may use the old one
      this.#scope.release(this.#scratch);
    }
    this.#scratch = this.#scope.buffer(bytes, 'scratch');
    return this.#scratch;
  }

  clear(buffer: GPUBuffer): void {
    this.#endPass();
    this.#commands().clearBuffer(buffer);
  }

  copy(from: GPUBuffer, to: GPUBuffer, bytes: number, fromOffset = 0, toOffset = 0): void {
    this.#endPass();
    this.#commands().copyBufferToBuffer(from, fromOffset, to, toOffset, bytes);
  }

  /** Hands what was recorded to the GPU. */
  submit(): void {
    if (!this.#encoder) return;
    this.#endPass();
    if (this.#used > 0) this.device.queue.writeBuffer(this.#page, 0, this.#params, 0, this.#used * SLOT);
    this.device.queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#used = 0;
  }

  /**
   * Submits, then reads the first `bytes` of each buffer; one wait for all of them.
   * @throws LabError webgpu-device-lost, out-of-memory
   */
  async read(...wanted: { buffer: GPUBuffer; bytes: number }[]): Promise<ArrayBuffer[]> {
    const offsets: number[] = [];
    let total = 0;
    for (const { bytes } of wanted) {
      offsets.push(total);
      total += Math.ceil(bytes / 8) * 8;
    }
    const staging = this.device.createBuffer({
      label: 'read-back',
      size: Math.max(8, total),
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      wanted.forEach(({ buffer, bytes }, i) => this.copy(buffer, staging, Math.ceil(bytes / 4) * 4, 0, offsets[i]));
      this.submit();
      await staging.mapAsync(GPUMapMode.READ);
      await this.#scope.settled();
      const mapped = staging.getMappedRange();
      return wanted.map(({ bytes }, i) => mapped.slice(offsets[i], offsets[i] + bytes));
    } catch (error) {
      if (error instanceof LabError) throw error;
      const lost = await Promise.race([
        this.device.lost,
        new Promise<null>((resolve) => setTimeout(resolve, 50, null)),
      ]);
      if (lost) throw deviceLost(lost.message);
      throw new LabError('internal.read-back', { reason: (error as Error).message }, error);
    } finally {
      staging.destroy();
    }
  }

  async readFloats(buffer: GPUBuffer, count: number): Promise<Float32Array> {
    const [data] = await this.read({ buffer, bytes: count * 4 });
    return new Float32Array(data);
  }

  /** Drops what was not submitted and gives the parameter page and the scratch buffer back. */
  dispose(): void {
    this.#endPass();
    this.#encoder = null;
    this.#scratch = null;
    this.#scope.dispose();
    this.#page.destroy();
  }

  #commands(): GPUCommandEncoder {
    this.#encoder ??= this.device.createCommandEncoder();
    return this.#encoder;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }
}
