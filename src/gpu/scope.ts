/**
 * Ownership of GPU memory. Whoever makes a scope disposes it, and with it every
 * buffer made through it. Live buffers and bytes are counted per device, so that a
 * test can compare before and after.
 */
import { LabError } from '../experiment/errors';
import type { GpuMatrix } from './types';

export interface MemoryCount {
  buffers: number;
  bytes: number;
}

const ledgers = new WeakMap<GPUDevice, MemoryCount>();

function ledgerOf(device: GPUDevice): MemoryCount {
  let ledger = ledgers.get(device);
  if (!ledger) {
    ledger = { buffers: 0, bytes: 0 };
    ledgers.set(device, ledger);
  }
  return ledger;
}

/** Buffers and bytes that scopes hold on this device at this moment. */
export function liveMemory(device: GPUDevice): MemoryCount {
  return { ...ledgerOf(device) };
}

export class GpuScope {
  readonly device: GPUDevice;
  readonly #ledger: MemoryCount;
  readonly #owned = new Set<GPUBuffer>();
  readonly #parent: GpuScope | null;
  #pending: Promise<void>[] = [];
  #failure: string | null = null;
  #disposed = false;

  /** @param parent learns of failed allocations too: a scope of passing scratch space may be gone before they are known */
  constructor(device: GPUDevice, parent: GpuScope | null = null) {
    this.device = device;
    this.#parent = parent;
    this.#ledger = ledgerOf(device);
  }

  /**
   * A storage buffer of at least `bytes`, zeroed. Whether the memory was really there
   * is known only after `settled()`.
   * @throws LabError out-of-memory when the size exceeds what the device allows at all
   */
  buffer(
    bytes: number,
    label: string,
    usage: number = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  ): GPUBuffer {
    if (this.#disposed) throw new LabError('internal.disposed', { what: label });
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    const most = Math.min(maxBufferSize, usage & GPUBufferUsage.STORAGE ? maxStorageBufferBindingSize : maxBufferSize);
    if (size > most) throw outOfMemory(label, size, most);
    this.device.pushErrorScope('out-of-memory');
    const buffer = this.device.createBuffer({ size, usage, label });
    const outcome = this.device.popErrorScope().then(
      (error) => {
        if (error) this.#failure ??= error.message;
      },
      () => {}, // a lost device reports itself elsewhere
    );
    this.#watch(outcome, this);
    this.#owned.add(buffer);
    this.#ledger.buffers++;
    this.#ledger.bytes += size;
    return buffer;
  }

  /** A zeroed rows×cols float32 matrix. */
  matrix(rows: number, cols: number, label: string): GpuMatrix {
    return { buffer: this.buffer(rows * cols * 4, label), rows, cols };
  }

  /** A buffer with this content. */
  upload(data: Float32Array | Uint32Array, label: string): GPUBuffer {
    const buffer = this.buffer(data.byteLength, label);
    this.device.queue.writeBuffer(buffer, 0, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
    return buffer;
  }

  /** @throws RangeError if the data does not have rows·cols numbers */
  uploadMatrix(data: Float32Array, rows: number, cols: number, label: string): GpuMatrix {
    if (data.length !== rows * cols)
      throw new RangeError(`${label}: ${rows}×${cols} needs ${rows * cols} numbers, not ${data.length}.`);
    return { buffer: this.upload(data, label), rows, cols };
  }

  /**
   * Waits until every allocation so far, those of child scopes included, is known to have worked.
   * @throws LabError out-of-memory, from then on at every call: what was computed since is worthless
   */
  async settled(): Promise<void> {
    await Promise.all(this.#pending.splice(0));
    if (this.#failure !== null)
      throw new LabError('out-of-memory.gpu', {
        reason: this.#failure,
        megabytes: Math.round(this.#ledger.bytes / 2 ** 20),
      });
  }

  /** Makes `settled` of this scope and of those above wait for an allocation of `origin`. */
  #watch(outcome: Promise<void>, origin: GpuScope): void {
    if (this.#parent) this.#parent.#watch(outcome, origin);
    this.#pending.push(
      outcome.then(() => {
        this.#failure ??= origin.#failure;
      }),
    );
  }

  /** Gives one buffer back early. A buffer of another scope is left alone. */
  release(buffer: GPUBuffer): void {
    if (!this.#owned.delete(buffer)) return;
    this.#ledger.buffers--;
    this.#ledger.bytes -= buffer.size;
    buffer.destroy();
  }

  /** Gives every buffer back. May be called twice. */
  dispose(): void {
    for (const buffer of this.#owned) this.release(buffer);
    this.#disposed = true;
  }
}
function outOfMemory(label: string, size: number, most: number): LabError {
  return new LabError('out-of-memory.buffer', {
    label,
    needed: Math.round(size / 2 ** 20),
    limit: Math.round(most / 2 ** 20),
  });
}
