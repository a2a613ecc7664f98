/** Files that the user picks or drops, in the page: the engine finds the model among them (`openLocalFiles`). */
import { LabError, throwIfAborted } from '../experiment/errors';

/** A file with its path inside what the user opened. */
export interface LocalFile {
  path: string;
  file: File;
}

/** More files than any model folder has: a home folder dropped by mistake. */
const FILE_LIMIT = 5000;
/** onnx/ is one level down; the folder itself may be picked one or two levels above. */
const DEPTH_LIMIT = 4;

/** All files below a folder of the file system access API. @throws LabError `model-layout` for a folder that holds far too much */
export async function filesOfDirectory(
  directory: FileSystemDirectoryHandle,
  signal?: AbortSignal,
): Promise<LocalFile[]> {
  const files: LocalFile[] = [];
  const walk = async (folder: FileSystemDirectoryHandle, prefix: string, depth: number): Promise<void> => {
    for await (const [name, handle] of folder.entries()) {
      throwIfAborted(signal);
      if (name.startsWith('.')) continue;
      if (handle.kind === 'file') add(files, `${prefix}${name}`, await (handle as FileSystemFileHandle).getFile());
      else if (depth < DEPTH_LIMIT) await walk(handle as FileSystemDirectoryHandle, `${prefix}${name}/`, depth + 1);
    }
  };
  await walk(directory, `${directory.name}/`, 0);
  return files;
}

/** The files of an `<input type="file">`, with `webkitdirectory` or without. */
export function filesOfList(list: Iterable<File>): LocalFile[] {
  const files: LocalFile[] = [];
  for (const file of list) add(files, file.webkitRelativePath || file.name, file);
  return files;
}

/** What was dropped. Call it in the drop event itself: afterwards the items are gone. */
export async function filesOfDrop(items: Iterable<DataTransferItem>, signal?: AbortSignal): Promise<LocalFile[]> {
  const dropped = [...items]
    .filter((item) => item.kind === 'file')
    .map((item) => {
      const entry = item.webkitGetAsEntry();
      // What another program made for the drop has no place in a file system: a file without an entry.
      return { entry, file: entry ? null : item.getAsFile() };
    });
  const files: LocalFile[] = [];
  const walk = async (entry: FileSystemEntry, depth: number): Promise<void> => {
    throwIfAborted(signal);
    if (entry.name.startsWith('.')) return;
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      add(files, entry.fullPath.replace(/^\/+/, ''), file);
    } else if (depth <= DEPTH_LIMIT) {
      const reader = (entry as FileSystemDirectoryEntry).createReader();
      // A reader gives at most a hundred entries at a time, and none when it has given all.
      for (;;) {
        const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) break;
        for (const child of some) await walk(child, depth + 1);
      }
    }
  };
  for (const { entry, file } of dropped) {
    if (entry) await walk(entry, 0);
    else if (file) add(files, file.name, file);
  }
  return files;
}

function add(files: LocalFile[], path: string, file: File): void {
  if (files.length >= FILE_LIMIT) {
    throw new LabError('model-layout.files', { most: FILE_LIMIT });
  }
  files.push({ path, file });
}
