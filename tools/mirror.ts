/**
 * A model hub on the loopback interface: serves a folder of model folders with the hub's URL
 * layout (API, `resolve` with redirects to a content path, ranges, ETags, LFS digests), and can
 * be made to fail in the ways that hosts do. `npx tsx tools/mirror.ts FOLDER [--port N]`.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

/** What a path of a repository does instead of answering as it should. `api` is the path of the listing. */
export type Failure =
  /** The connection closes after so many bytes of the body. */
  | { kind: 'cut'; after: number }
  /** The body has so many bytes more (or fewer) than the listing says; the header agrees with the body, or says nothing. */
  | { kind: 'length'; by: number; silent?: boolean }
  /** The last byte is another one. */
  | { kind: 'digest' }
  /** A web page with status 200. */
  | { kind: 'page' }
  | { kind: 'redirects' }
  /** Content-Length and, unless `answer` alone is named, the listing say so many bytes. */
  | { kind: 'claim'; bytes: number; where?: 'answer' }
  | { kind: 'missing' }
  | { kind: 'gated' }
  /** Pauses before every piece of 16 KiB. */
  | { kind: 'slow'; milliseconds: number }
  /** Answers the whole file to a range request. */
  | { kind: 'no-ranges' }
  /** Compressed on the way, as hosts do with texts: no failure, but Content-Length is then of the compressed body. */
  | { kind: 'gzip' }
  /** Other bytes: a listing, a configuration, a graph. */
  | { kind: 'body'; body: Uint8Array | string }
  /** Without the headers that let a page of another site read the answer. */
  | { kind: 'no-cors' };

export interface Mirror {
  url: string;
  /** Every request so far: `METHOD path [range]`. */
  log: string[];
  /** Commit of a repository's only revision. */
  commit(id: string): string;
  /** Makes a path of a repository fail from now on; null mends it. */
  fail(id: string, path: string, failure: Failure | null): void;
  close(): Promise<void>;
}

export interface MirrorOptions {
  port?: number;
  /** Further repositories, as files in memory. */
  extra?: Record<string, Record<string, Uint8Array>>;
  license?: string;
}

const LFS = /\.(onnx|onnx_data(_\d+)?|data|bin|safetensors)$/;
const HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'X-Repo-Commit,X-Error-Code,X-Error-Message,ETag,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag',
};

interface Entry {
  bytes: number;
  sha256: string;
  blob: string;
  read: (from: number, to: number) => AsyncIterable<Uint8Array>;
}
type Repository = { commit: string; files: Map<string, Entry> };

const hex = (algorithm: string, ...parts: (string | Uint8Array)[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash(algorithm)).digest('hex');

function entryOf(body: Uint8Array, read: Entry['read']): Entry {
  return { bytes: body.length, sha256: hex('sha256', body), blob: hex('sha1', `blob ${body.length}\0`, body), read };
}

function memoryEntry(body: Uint8Array): Entry {
  return entryOf(body, async function* (from, to) {
    yield body.subarray(from, to + 1);
  });
}

function filesBelow(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((item) => {
    const path = prefix ? `${prefix}/${item.name}` : item.name;
    return item.isDirectory() ? filesBelow(folder, path) : [path];
  });
}

/** Reads a model folder once per start: digests are of the bytes that are there. */
function readRepository(folder: string): Repository {
  const files = new Map(
    filesBelow(folder)
      .toSorted()
      .map((path) => {
        const file = join(folder, path);
        return [path, entryOf(readFileSync(file), (start, end) => createReadStream(file, { start, end }))];
      }),
  );
  return { commit: commitOf(files), files };
}

function commitOf(files: ReadonlyMap<string, Entry>): string {
  return hex('sha1', [...files].map(([path, file]) => `${path} ${file.sha256}`).join('\n'));
}

/**
 * Starts a mirror of the model folders below `root`; `owner/name` is a folder two levels down, `name` one level.
 * @param root a folder, or null for a mirror of `extra` alone
 */
export async function startMirror(root: string | null, options: MirrorOptions = {}): Promise<Mirror> {
  const repositories = new Map<string, Repository>();
  for (const [id, contents] of Object.entries(options.extra ?? {})) {
    const files = new Map(Object.entries(contents).map(([path, body]) => [path, memoryEntry(body)]));
    repositories.set(id, { commit: commitOf(files), files });
  }
  const find = (id: string): Repository | null => {
    const known = repositories.get(id);
    if (known || !root) return known ?? null;
    const folder = join(root, id);
    if (!existsSync(join(folder, 'config.json')) || !realpathSync(folder).startsWith(realpathSync(root) + sep))
      return null;
    const read = readRepository(folder);
    repositories.set(id, read);
    return read;
  };
  const failures = new Map<string, Failure>();
  const log: string[] = [];

  const server = createServer((incoming, response) => {
    log.push([incoming.method, incoming.url, incoming.headers.range].filter(Boolean).join(' '));
    answer(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(incoming.url ?? '/', 'http://mirror');
    const api = /^\/api\/models\/((?:[^/]+\/)?[^/]+)\/revision\/([^/]+)$/.exec(pathname);
    const file = /^\/((?:[^/]+\/)?[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname);
    const content = /^\/cdn\/([^/]+)\/(.+)$/.exec(pathname);
    const [id, path] = api
      ? [api[1], 'api']
      : file
        ? [file[1], decodeURIComponent(file[3])]
        : content
          ? [decodeURIComponent(content[1]), decodeURIComponent(content[2])]
          : ['', ''];
    const failure = failures.get(`${id} ${path}`) ?? null;
    const headers: Record<string, string> = failure?.kind === 'no-cors' ? {} : { ...HEADERS };
    const refuse = (status: number, code: string): void =>
      void response.writeHead(status, { ...headers, 'x-error-code': code }).end();
    if (incoming.method !== 'GET' && incoming.method !== 'HEAD') return refuse(405, 'MethodNotAllowed');
    const repository = id ? find(id) : null;
    // As the hub answers: it does not tell a stranger whether a private repository is there.
    if (!repository) return refuse(401, 'RepoNotFound');
    if (failure?.kind === 'missing') return refuse(404, 'EntryNotFound');
    if (failure?.kind === 'gated') return refuse(401, 'GatedRepo');
    if (failure?.kind === 'redirects')
      return void response.writeHead(302, { ...headers, location: `${pathname}?again=${Math.random()}` }).end();
    if (failure?.kind === 'page')
      return void response
        .writeHead(200, { ...headers, 'content-type': 'text/html; charset=utf-8' })
        .end('<!doctype html><title>Sign in</title>');
    if (api && decodeURIComponent(api[2]) !== 'main' && api[2] !== repository.commit)
      return refuse(404, 'RevisionNotFound');
    if (api)
      return send(incoming, response, memoryEntry(Buffer.from(JSON.stringify(listing(id, repository)))), failure, {
        ...headers,
        'content-type': 'application/json; charset=utf-8',
      });
    if (file && file[2] !== 'main' && file[2] !== repository.commit) return refuse(404, 'RevisionNotFound');
    const entry = repository.files.get(path);
    if (!entry) return refuse(404, 'EntryNotFound');
    if (file && LFS.test(path)) {
      const location = `/cdn/${encodeURIComponent(id)}/${encodeURIComponent(path)}`;
      return void response
        .writeHead(302, {
          ...headers,
          location,
          'x-repo-commit': repository.commit,
          'x-linked-etag': `"${entry.sha256}"`,
          'x-linked-size': String(entry.bytes),
        })
        .end();
    }
    return send(incoming, response, entry, failure, {
      ...headers,
      etag: `"${LFS.test(path) ? entry.sha256 : entry.blob}"`,
      'content-type': path.endsWith('.json') ? 'application/json' : 'application/octet-stream',
    });
  }

  function listing(id: string, { commit, files }: Repository): unknown {
    const siblings = [...files].map(([path, file]) => {
      const failure = failures.get(`${id} ${path}`);
      const size = failure?.kind === 'claim' && failure.where !== 'answer' ? failure.bytes : file.bytes;
      return {
        rfilename: path,
        size,
        blobId: file.blob,
        ...(LFS.test(path) ? { lfs: { sha256: file.sha256, size, pointerSize: 134 } } : {}),
      };
    });
    return {
      id,
      modelId: id,
      sha: commit,
      private: false,
      gated: false,
      disabled: false,
      tags: ['onnx'],
      cardData: { license: options.license ?? 'mit' },
      siblings,
    };
  }

  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    commit: (id) =>
      find(id)?.commit ??
      (() => {
        throw new RangeError(`The mirror has no repository “${id}”.`);
      })(),
    fail: (id, path, failure) =>
      void (failure ? failures.set(`${id} ${path}`, failure) : failures.delete(`${id} ${path}`)),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function send(
  incoming: IncomingMessage,
  response: ServerResponse,
  original: Entry,
  failure: Failure | null,
  headers: Record<string, string>,
): Promise<void> {
  const entry = failure?.kind === 'body' ? memoryEntry(Buffer.from(failure.body)) : original;
  const total = entry.bytes + (failure?.kind === 'length' ? failure.by : 0);
  if (failure?.kind === 'gzip' && !incoming.headers.range) {
    const parts: Uint8Array[] = [];
    for await (const piece of body(entry, 0, total - 1, null)) parts.push(piece);
    const packed = gzipSync(Buffer.concat(parts));
    return void response
      .writeHead(200, { ...headers, 'content-encoding': 'gzip', 'content-length': String(packed.length) })
      .end(incoming.method === 'HEAD' ? undefined : packed);
  }
  const asked = failure?.kind === 'no-ranges' ? null : /^bytes=(\d+)-(\d*)$/.exec(incoming.headers.range ?? '');
  const from = asked ? Number(asked[1]) : 0;
  const to = asked?.[2] ? Math.min(Number(asked[2]), total - 1) : total - 1;
  if (from > to && total > 0)
    return void response.writeHead(416, { ...headers, 'content-range': `bytes */${total}` }).end();
  const length = failure?.kind === 'claim' ? failure.bytes : to - from + 1;
  const silent = failure?.kind === 'length' && failure.silent;
  response.writeHead(asked ? 206 : 200, {
    ...headers,
    'accept-ranges': 'bytes',
    ...(silent ? {} : { 'content-length': String(length) }),
    ...(asked ? { 'content-range': `bytes ${from}-${to}/${total}` } : {}),
  });
  if (incoming.method === 'HEAD') return void response.end();
  let at = from;
  for await (const piece of body(entry, from, to, failure)) {
    if (response.destroyed) return;
    const rest = failure?.kind === 'cut' ? failure.after - (at - from) : Infinity;
    if (piece.length >= rest) {
      // Destroyed only after what was written has left, so that a cut has the length that it says.
      response.write(piece.subarray(0, rest), () => setTimeout(() => response.destroy(), 100));
      return;
    }
    at += piece.length;
    if (!response.write(piece)) await drained(response);
  }
  if (failure?.kind === 'claim') response.destroy();
  else response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const proceed = (): void => {
      response.off('drain', proceed).off('close', proceed);
      resolve();
    };
    response.on('drain', proceed).on('close', proceed);
  });
}

/** The bytes from `from` to `to` inclusive, with what the failure does to them. */
async function* body(entry: Entry, from: number, to: number, failure: Failure | null): AsyncGenerator<Uint8Array> {
  let at = from;
  for await (const chunk of entry.read(from, Math.min(to, entry.bytes - 1))) {
    for (let start = 0; start < chunk.length; start += 16384) {
      const piece = Uint8Array.from(chunk.subarray(start, start + 16384));
      at += piece.length;
      if (failure?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, failure.milliseconds));
      if (failure?.kind === 'digest' && at === entry.bytes) piece[piece.length - 1] ^= 1;
      yield piece;
    }
  }
  if (to + 1 > at) yield new Uint8Array(to + 1 - at);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { port: { type: 'string' } } });
  const folder = positionals[0];
  if (!folder || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    console.error('Usage: tsx tools/mirror.ts FOLDER [--port N]');
    process.exitCode = 2;
  } else {
    const mirror = await startMirror(folder, { port: Number(values.port ?? 0) });
    console.log(`Mirror of ${folder}: ${mirror.url}`);
  }
}
