/** Test helper: a folder of the real disk behind the interface of the origin private file system, for tests in Node. */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openAsBlob,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

function missing(name: string): DOMException {
  return new DOMException(`${name} is not there.`, 'NotFoundError');
}

/** Files open for writing: the browser gives one such handle a file. */
const open = new Set<string>();
let room = Infinity;
let full: 'code' | 'throws' = 'code';

/** Lets only so many more bytes be written, as a quota does: Chromium then writes what fits and answers an error code, other browsers throw. */
export function limitRoom(bytes: number, then: typeof full = 'code'): void {
  room = bytes;
  full = then;
}

class DiskFile {
  readonly kind = 'file';
  constructor(
    readonly path: string,
    readonly name: string,
  ) {}

  async getFile(): Promise<File> {
    const blob = await openAsBlob(this.path);
    return new File([blob], this.name, { lastModified: statSync(this.path).mtimeMs });
  }

  async createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle> {
    const { path } = this;
    if (open.has(path)) throw new DOMException('Locked.', 'NoModificationAllowedError');
    open.add(path);
    const file = openSync(path, 'r+');
    return {
      getSize: () => fstatSync(file).size,
      truncate: (size: number) => ftruncateSync(file, size),
      flush: () => fsyncSync(file),
      read: (into: Uint8Array, at?: { at?: number }) => readSync(file, into, 0, into.length, at?.at ?? 0),
      write: (from: Uint8Array, at?: { at?: number }) => {
        if (from.length > room && full === 'throws') throw new DOMException('No room.', 'QuotaExceededError');
        const fits = Math.min(from.length, room);
        room -= fits;
        const written = fits === 0 ? 0 : writeSync(file, from, 0, fits, at?.at ?? 0);
        return fits < from.length ? 2 ** 32 - 8 : written;
      },
      close: () => {
        closeSync(file);
        open.delete(path);
      },
    } as unknown as FileSystemSyncAccessHandle;
  }
}

class DiskFolder {
  readonly kind = 'directory';
  constructor(
    readonly path: string,
    readonly name: string,
  ) {}

  async getDirectoryHandle(name: string, options: { create?: boolean } = {}): Promise<DiskFolder> {
    const path = join(this.path, name);
    if (options.create) mkdirSync(path, { recursive: true });
    else if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw missing(name);
    return new DiskFolder(path, name);
  }

  async getFileHandle(name: string, options: { create?: boolean } = {}): Promise<DiskFile> {
    const path = join(this.path, name);
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
      if (!options.create) throw missing(name);
      closeSync(openSync(path, 'w'));
    }
    return new DiskFile(path, name);
  }

  async removeEntry(name: string): Promise<void> {
    const path = join(this.path, name);
    if (!statSync(path, { throwIfNoEntry: false })) throw missing(name);
    if (open.has(path)) throw new DOMException('Locked.', 'NoModificationAllowedError');
    rmSync(path, { recursive: true });
  }

  async *entries(): AsyncGenerator<[string, DiskFile | DiskFolder]> {
    for (const item of readdirSync(this.path, { withFileTypes: true })) {
      const path = join(this.path, item.name);
      yield [item.name, item.isDirectory() ? new DiskFolder(path, item.name) : new DiskFile(path, item.name)];
    }
  }
}

/** A folder of the disk as a FileSystemDirectoryHandle. */
export function diskFolder(path: string): FileSystemDirectoryHandle {
  return new DiskFolder(path, path.split('/').at(-1)!) as unknown as FileSystemDirectoryHandle;
}
