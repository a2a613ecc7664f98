/**
 * Repositories: what is in one, before anything of it is fetched. The hub's API gives a
 * revision's commit, files, sizes, digests and licence; a plain folder over HTTP has no
 * API, and there the known paths are asked for one by one.
 */
import { z } from 'zod';
import { digestOf } from '../experiment/digest';
import { LabError } from '../experiment/errors';
import { BodyError, readBody } from '../net/body';
import { isPage, readText, request, statedLength, statedRange } from '../net/http';
import { message, type Message } from '../experiment/message';
import { problemList, problemsOf } from '../experiment/problems';
import {
  checkLayout,
  DTYPES,
  GRAPH_FOLDER,
  graphPath,
  OPTIONAL_FILES,
  REQUIRED_FILES,
  type RepositoryFile,
} from './layout';
import { parseConfig } from './config';
import { externalFiles, READABLE_GRAPH } from './external';
import { parseModelJson } from './json';
import { isRepositoryId } from '../experiment/model-ref';
import { normaliseHost } from './location';

export const HUB = 'https://huggingface.co';

export interface RepositoryRequest {
  /** Address of the hub or of a mirror with its URL layout; with `layout: 'folder'` of a folder that holds model folders. */
  host: string;
  id: string;
  /** Branch, tag or commit; default `main`. A folder has none. */
  revision?: string;
  /** `hub` has the API; `folder` is any web server. Default `hub`. */
  layout?: 'hub' | 'folder';
}

export interface Repository {
  host: string;
  layout: 'hub' | 'folder';
  id: string;
  /** Full commit; for a folder the digest of its listing, which changes when its files do. */
  commit: string;
  files: RepositoryFile[];
  /** As the host states it; null where it states none. */
  license: string | null;
  /** The host asks for a login and agreement before it gives the files. */
  gated: boolean;
}

/** A listing of a model repository takes some kilobytes. */
const LISTING_LIMIT = 8 * 2 ** 20;
/** No model that a browser can run has a larger file. */
const FILE_LIMIT = 64 * 2 ** 30;
/** Configuration and tokenizer files; the largest known is about 35 MB. */
const SMALL_FILE_LIMIT = 256 * 2 ** 20;

const size = z.int().min(0);
const listingSchema = z.looseObject({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  gated: z.union([z.boolean(), z.string()]).nullish(),
  tags: z.array(z.string()).nullish(),
  cardData: z.looseObject({ license: z.union([z.string(), z.array(z.string())]).nullish() }).nullish(),
  siblings: z.array(
    z.looseObject({
      rfilename: z.string(),
      size: size.nullish(),
      lfs: z.looseObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), size }).nullish(),
    }),
  ),
});

/**
 * Looks a repository up and pins its revision to a commit. Fetches the listing, no file.
 * @throws LabError `settings-invalid` (host or id), `model-not-found`, `model-gated`, `model-unreachable`, `model-fetch`,
 *         `model-page`, `model-layout`, `model-size`, `model-path`, `model-truncated` or `cancelled`
 */
export async function resolveRepository(
  asked: RepositoryRequest,
  { signal }: { signal?: AbortSignal } = {},
): Promise<Repository> {
  const { id, layout = 'hub' } = asked;
  if (!isRepositoryId(id) || (layout === 'hub' && id.split('/').length > 2)) {
    throw new LabError('settings-invalid.repository', { id });
  }
  const host = normaliseHost(asked.host);
  const found =
    layout === 'folder'
      ? await probeFolder(host, id, signal)
      : await askApi(host, id, asked.revision ?? 'main', signal);
  checkLayout(found.files, id);
  checkSizes(found.files, id);
  return { host, layout, id, ...found };
}

/** URL of a file at the pinned commit. */
export function fileUrl(repository: Pick<Repository, 'host' | 'layout' | 'id' | 'commit'>, path: string): string {
  const { host, layout, id, commit } = repository;
  const inside = path.split('/').map(encodeURIComponent).join('/');
  return layout === 'folder' ? `${host}/${id}/${inside}` : `${host}/${id}/resolve/${commit}/${inside}`;
}

/** The error of a host's refusal. The hub says in a header what it means by its status; 401 without one can mean either. */
export function refusal(response: Response, id: string, what: Message): LabError {
  const { status } = response;
  const code = response.headers.get('x-error-code') ?? '';
  const details = { status, ...(code ? { hubCode: code } : {}) };
  if (code === 'GatedRepo' || status === 403 || (status === 401 && code !== 'RepoNotFound')) {
    return new LabError('model-gated', { id, ...details });
  }
  if (status === 404 || code === 'RepoNotFound' || code === 'RevisionNotFound' || code === 'EntryNotFound') {
    return new LabError('model-not-found.host', { what, ...details });
  }
  return new LabError(status === 429 ? 'model-fetch.limited' : 'model-fetch.status', { what, ...details });
}

type Found = Pick<Repository, 'commit' | 'files' | 'license' | 'gated'>;

async function askApi(host: string, id: string, revision: string, signal?: AbortSignal): Promise<Found> {
  const what = message('model.listing', { id, revision });
  const response = await request(`${host}/api/models/${id}/revision/${encodeURIComponent(revision)}?blobs=true`, what, {
    signal,
  });
  if (!response.ok || isPage(response, '')) {
    await response.body?.cancel();
    if (!response.ok) throw refusal(response, id, message('model.revision', { id, revision }));
    throw new LabError('model-page.api', { what, host });
  }
  const text = await readText(response, what, LISTING_LIMIT, signal);
  const answer = parseJson(text, what);
  const listing = listingSchema.safeParse(answer);
  if (!listing.success) {
    throw new LabError('model-layout.listing', {
      what,
      problems: problemList(problemsOf(listing.error, answer)),
    });
  }
  const { sha, siblings, cardData, tags, gated } = listing.data;
  // A commit that was asked for in full is the pin of an experiment: another one is another model.
  if (/^[0-9a-f]{40}$/.test(revision) && sha !== revision) {
    throw new LabError('model-not-found.commit', { id, found: sha.slice(0, 12), asked: revision.slice(0, 12) });
  }
  const files = siblings.map(({ rfilename, size: own, lfs }) => ({
    path: rfilename,
    bytes: lfs?.size ?? own ?? -1,
    sha256: lfs?.sha256 ?? null,
  }));
  const licence =
    cardData?.license ?? tags?.find((tag) => tag.startsWith('license:'))?.slice('license:'.length) ?? null;
  return {
    commit: sha,
    files,
    license: Array.isArray(licence) ? licence.join(', ') : licence,
    gated: gated !== undefined && gated !== null && gated !== false,
  };
}

function parseJson(text: string, what: Message): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LabError('model-layout.json', { what }, error);
  }
}

async function probeFolder(host: string, id: string, signal?: AbortSignal): Promise<Found> {
  const etags: Record<string, string> = {};
  const probe = async (path: string): Promise<RepositoryFile | null> => {
    const found = await probeFile(fileUrl({ host, layout: 'folder', id, commit: '' }, path), path, id, signal);
    if (!found) return null;
    if (found.etag) etags[path] = found.etag;
    return { path, bytes: found.bytes, sha256: null };
  };
  const files: RepositoryFile[] = [];
  for (const path of [...REQUIRED_FILES, ...OPTIONAL_FILES]) {
    const file = await probe(path);
    if (file) files.push(file);
    else if (path === 'config.json') throw new LabError('model-not-found.folder', { id, host });
  }
  for (const dtype of DTYPES) {
    const file = (await probe(graphPath(dtype))) ?? (await probe(graphPath(dtype, 'decoder_model_merged')));
    if (!file) continue;
    const graph = file.path;
    files.push(file);
    const first = (await probe(`${graph}_data`)) ?? (await probe(`${graph}.data`));
    if (!first) {
      // Names that say nothing of the graph are in the graph alone.
      if (file.bytes > READABLE_GRAPH) continue;
      const bytes = await fetchSmallFile({ host, layout: 'folder', id, commit: '' }, graph, file.bytes, signal);
      for (const { path } of externalFiles(bytes, id)) {
        const named = files.some((each) => each.path === GRAPH_FOLDER + path) ? null : await probe(GRAPH_FOLDER + path);
        if (named) files.push(named);
      }
      continue;
    }
    files.push(first);
    for (let shard = 1; ; shard++) {
      const next = await probe(`${graph}_data_${shard}`);
      if (!next) break;
      files.push(next);
    }
  }
  return {
    commit: digestOf({ files: files.map(({ path, bytes }) => [path, bytes, etags[path] ?? '']) }).slice(0, 40),
    files,
    license: null,
    gated: false,
  };
}

/**
 * Fetches a small file of a repository whole; nothing of it is kept.
 * @param limit most bytes that are taken
 * @throws LabError `model-not-found`, `model-gated`, `model-fetch`, `model-page`, `model-unreachable`, `model-truncated`,
 *   `model-size` or `cancelled`
 */
export async function fetchSmallFile(
  repository: Pick<Repository, 'host' | 'layout' | 'id' | 'commit'>,
  path: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const what = message('model.file', { path, id: repository.id });
  const response = await request(fileUrl(repository, path), what, { signal });
  if (!response.ok) throw refusal(response, repository.id, what);
  if (isPage(response, path)) throw new LabError('model-page.file', { what, path });
  try {
    return await readBody(response, { limit, signal });
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    if (error.reason === 'too-long') throw new LabError('model-size.text', { what, limit });
    throw new LabError('model-truncated.text', { what, got: error.got }, error);
  }
}

/** No configuration is larger. */
const CONFIG_LIMIT = 4 * 2 ** 20;

/**
 * Reads a repository's config.json and refuses what cannot run here: the one file that is read before anything is agreed to.
 * @param stored the file where it is here already
 * @throws LabError `graph-unsupported`, `model-invalid`, and those of `fetchSmallFile`
 */
export async function checkSupported(repository: Repository, stored: Blob | null, signal?: AbortSignal): Promise<void> {
  const { id } = repository;
  const data = stored
    ? new Uint8Array(await stored.arrayBuffer())
    : await fetchSmallFile(repository, 'config.json', CONFIG_LIMIT, signal);
  parseConfig(parseModelJson(data, 'config.json', id).value, null, id);
}

/** Size of a file on a plain web server; null where it has none. Asks for one byte where the answer to HEAD states no sure length. */
async function probeFile(
  url: string,
  path: string,
  id: string,
  signal?: AbortSignal,
): Promise<{ bytes: number; etag: string | null } | null> {
  const what = message('model.file', { path, id });
  const head = await request(url, what, { signal, method: 'HEAD' });
  if (head.status === 404 || head.status === 410 || isPage(head, path)) return null;
  if (!head.ok) throw refusal(head, id, what);
  const etag = head.headers.get('etag');
  const length = statedLength(head);
  if (length?.exact) return { bytes: length.bytes, etag };
  const one = await request(url, what, { signal, from: 0, to: 0 });
  await one.body?.cancel();
  const total = one.status === 206 ? statedRange(one)?.total : null;
  if (total !== undefined && total !== null) return { bytes: total, etag };
  // Across origins, without ranges: right unless the file is compressed on the way, which the download would then say.
  if (length) return { bytes: length.bytes, etag };
  throw new LabError('model-layout.size', { what, path });
}

/** @throws LabError `model-size` for a size that no genuine file has */
function checkSizes(files: readonly RepositoryFile[], id: string): void {
  for (const { path, bytes } of files) {
    const small = [...REQUIRED_FILES, ...OPTIONAL_FILES].some((name) => name === path);
    const used = small || path.startsWith(GRAPH_FOLDER);
    if (!used || (bytes >= 0 && bytes <= (small ? SMALL_FILE_LIMIT : FILE_LIMIT))) continue;
    throw new LabError(bytes < 0 ? 'model-size.unstated' : 'model-size.claimed', { id, path, bytes });
  }
}
