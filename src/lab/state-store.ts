/**
 * Residual states on disk: what the small model wrote while it was alone in memory, for the pass of the large one. One
 * file a collection in the origin private file system, float32 as they came, so that nothing is rounded.
 *
 *     states/<digest>   header (HEADER_BYTES), then batch by batch, block by block: [tokens × width], unpadded
 *
 * Written from the worker, which alone has synchronous handles. A file that no worker holds and no run goes on from is
 * what a crash left: `sweep` removes it.
 */
import { digestOf } from '../experiment/digest';
import { LabError } from '../experiment/errors';
import { isLocked, named, openSync, storageRoom, writesWhole, type StorageRoom } from '../models';

/** What a file holds: known before the first state is. */
export interface StateShape {
  /** Digest of what is collected, and on what. */
  key: string;
  blocks: number;
  width: number;
  /** Tokens of each batch, padding left out. */
  tokens: readonly number[];
}

const FOLDER = 'states';
const HEADER_BYTES = 128;
const FLOAT = 4;

/** Bytes that the states take on disk. */
export function stateBytes({ blocks, width, tokens }: Omit<StateShape, 'key'>): number {
  return HEADER_BYTES + tokens.reduce((sum, count) => sum + count, 0) * blocks * width * FLOAT;
}

export class StateStore {
  #folder: FileSystemDirectoryHandle;
  #room: () => Promise<StorageRoom | null>;

  private constructor(folder: FileSystemDirectoryHandle, room: typeof storageRoom) {
    this.#folder = folder;
    this.#room = room;
  }

  /**
   * @param root where to keep states; by default this site's private file system
   * @throws LabError `storage-unavailable`
   */
  static async open(
    root?: FileSystemDirectoryHandle,
    room: () => Promise<StorageRoom | null> = storageRoom,
  ): Promise<StateStore> {
    try {
      const top = root ?? (await navigator.storage.getDirectory());
      return new StateStore(await top.getDirectoryHandle(FOLDER, { create: true }), room);
    } catch (error) {
      throw new LabError('storage-unavailable.states', { reason: (error as Error).message }, error);
    }
  }

  /**
   * Opens the file of a collection: a new one, or, to go on after a lost device, the one with the batches that are whole.
   * @throws LabError `storage-full` with what is missing, before anything is written; `storage-busy` where another tab collects the same
   */
  async file(shape: StateShape, goOn: boolean): Promise<StateFile> {
    const bytes = stateBytes(shape);
    const room = await this.#room();
    const there = goOn ? await this.#sizeOf(shape.key) : 0;
    if (room && bytes - there > room.free) throw statesFull(bytes, bytes - there - room.free);
    const busy = (cause: unknown): LabError => new LabError('storage-busy.states', {}, cause);
    return new StateFile(this.#folder, shape, await openSync(this.#folder, shape.key, busy), goOn);
  }

  /** Removes what is left of collections that have ended; files of other tabs at work stay. @returns bytes freed */
  async sweep(): Promise<number> {
    let freed = 0;
    for (const name of await this.#names()) {
      const bytes = await this.#sizeOf(name);
      if (await remove(this.#folder, name)) freed += bytes;
    }
    return freed;
  }

  /** Bytes that all states take on disk now. */
  async bytes(): Promise<number> {
    const sizes = await Promise.all((await this.#names()).map((name) => this.#sizeOf(name)));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async #names(): Promise<string[]> {
    const names: string[] = [];
    for await (const [name] of this.#folder.entries()) names.push(name);
    return names;
  }

  async #sizeOf(name: string): Promise<number> {
    try {
      return (await (await this.#folder.getFileHandle(name)).getFile()).size;
    } catch (error) {
      if (named(error, 'NotFoundError')) return 0;
      throw error;
    }
  }
}

/** Removes what collections have left behind. Where the browser gives no storage there is nothing. */
export async function sweepStates(root?: FileSystemDirectoryHandle): Promise<number> {
  try {
    return await (await StateStore.open(root)).sweep();
  } catch (error) {
    if (error instanceof LabError && error.code === 'storage-unavailable') return 0;
    throw error;
  }
}

/** The states of one collection. Batches are written in order and read in any. */
export class StateFile {
  #folder: FileSystemDirectoryHandle;
  #shape: StateShape;
  #handle: FileSystemSyncAccessHandle;
  /** Byte at which each batch begins; the last entry is the end of the file. */
  #starts: number[];
  /** Whole batches on disk. */
  #batches = 0;

  constructor(folder: FileSystemDirectoryHandle, shape: StateShape, handle: FileSystemSyncAccessHandle, goOn: boolean) {
    this.#folder = folder;
    this.#shape = shape;
    this.#handle = handle;
    let at = HEADER_BYTES;
    this.#starts = [at, ...shape.tokens.map((tokens) => (at += tokens * shape.blocks * shape.width * FLOAT))];
    const header = headerOf(shape);
    if (goOn && this.#sameHeader(header)) {
      const size = handle.getSize();
      this.#batches = this.#starts.findLastIndex((start) => start <= size);
      return;
    }
    handle.truncate(0);
    this.#write(header, 0);
  }

  get batches(): number {
    return this.#batches;
  }

  /** Bytes of the whole file. */
  get bytes(): number {
    return this.#starts[this.#starts.length - 1];
  }

  /**
   * Appends the next batch. Its blocks are asked for one by one, so that only one need be in memory.
   * @param block states of one block, [tokens × width]
   * @throws LabError `storage-full`; RangeError where a block has another size
   */
  async append(block: (index: number) => Promise<Float32Array>): Promise<void> {
    const { blocks, width, tokens } = this.#shape;
    const floats = tokens[this.#batches] * width;
    for (let b = 0; b < blocks; b++) {
      const states = await block(b);
      if (states.length !== floats) throw new RangeError(`Block ${b} has ${states.length} numbers, not ${floats}.`);
      this.#write(
        new Uint8Array(states.buffer, states.byteOffset, states.byteLength),
        this.#starts[this.#batches] + b * floats * FLOAT,
      );
    }
    this.#batches++;
  }

  /** States of one block of a batch, [tokens × width]. @throws LabError `storage-unavailable` where the file was cut from outside */
  read(batch: number, block: number): Float32Array {
    const floats = new Float32Array(this.#shape.tokens[batch] * this.#shape.width);
    const got = this.#handle.read(new Uint8Array(floats.buffer), {
      at: this.#starts[batch] + block * floats.byteLength,
    });
    if (got !== floats.byteLength)
      throw new LabError('storage-unavailable.damaged', { got, expected: floats.byteLength, batch });
    return floats;
  }

  /** Closes the file and leaves it for a run that goes on from it. */
  close(): void {
    this.#handle.flush();
    this.#handle.close();
  }

  /** Closes and removes the file. */
  async discard(): Promise<void> {
    this.#handle.close();
    await remove(this.#folder, this.#shape.key);
  }

  #sameHeader(header: Uint8Array): boolean {
    const there = new Uint8Array(HEADER_BYTES);
    return this.#handle.read(there, { at: 0 }) === HEADER_BYTES && there.every((byte, i) => byte === header[i]);
  }

  #write(bytes: Uint8Array, at: number): void {
    if (!writesWhole(this.#handle, bytes, at)) throw statesFull(this.bytes, null);
  }
}

/** States of another shape, or of another version of this layout, have another header. */
function headerOf(shape: StateShape): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  new TextEncoder().encodeInto(`lrt-lab states 1 ${digestOf(shape)}\n`, header);
  return header;
}

/** @returns whether it is gone */
async function remove(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.removeEntry(name);
    return true;
  } catch (error) {
    if (named(error, 'NotFoundError')) return true;
    if (isLocked(error)) return false;
    throw error;
  }
}

function statesFull(bytes: number, missing: number | null): LabError {
  const megabytes = (value: number): number => Math.ceil(value / 2 ** 20);
  const size = { bytes, megabytes: megabytes(bytes) };
  if (missing === null) return new LabError('storage-full.states', size);
  return new LabError('storage-full.states-missing', { ...size, missing, missingMegabytes: megabytes(missing) });
}
