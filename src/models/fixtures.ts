/** Test helper: the folders under public/, served by a stand-in for fetch that can be made to fail. */
import { readFile } from 'node:fs/promises';
import { vi } from 'vitest';
import type { FolderSource } from './types';

const BASE = 'http://lab.test/';

export function folder(id: string, more: Partial<FolderSource> = {}): FolderSource {
  return { id, dtype: 'fp32', baseUrl: `${BASE}models/${id}/`, ...more };
}

/** Replaces the answer for one path (the end of the URL); null leaves it as it is. */
export type Tamper = (path: string, body: Uint8Array) => Response | Uint8Array | null;

/** Installs the stand-in. Undo with `vi.unstubAllGlobals()`. */
export function serve(tamper: Tamper = () => null): void {
  vi.stubGlobal('fetch', async (input: URL | string, init?: RequestInit) => {
    init?.signal?.throwIfAborted();
    const path = String(input).slice(BASE.length);
    const body = await readFile(new URL(`../../public/${path}`, import.meta.url)).catch(() => null);
    if (!body) return new Response('not here', { status: 404 });
    const changed = tamper(path, new Uint8Array(body));
    if (changed instanceof Response) return changed;
    const bytes = changed ?? new Uint8Array(body);
    return new Response(bytes as Uint8Array<ArrayBuffer>, {
      headers: { 'content-length': String(bytes.length), 'content-type': 'application/octet-stream' },
    });
  });
}
