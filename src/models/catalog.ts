/** The catalogue of a model family: the site's family.json. */
import { z } from 'zod';
import { LabError } from '../experiment/errors';
import { siteUnreachable } from '../net/site';
import type { FolderSource, ModelSource } from './types';
import { problemList, problemsOf } from '../experiment/problems';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const dtype = z.enum(['fp32', 'fp16', 'q4', 'q4f16', 'q8']);

const entrySchema = z.object({
  id: z.string().min(1),
  /** Folder of the model, relative to the site's folder. */
  path: z.string().min(1),
  role: z.string(),
  title: z.string().min(1),
  params: z.int().min(1),
  nonEmbeddingParams: z.int().min(0),
  layers: z.int().min(1),
  hiddenSize: z.int().min(1),
  vocabSize: z.int().min(1),
  trainTokens: z.number().min(0).nullable(),
  validationLoss: z.number().nullable(),
  license: z.string().min(1),
  dtypes: z.array(dtype).min(1),
  files: z.array(z.object({ path: z.string().min(1), bytes: z.int().min(0), sha256 })).min(1),
});
const catalogSchema = z.object({ schema: z.literal(1), models: z.array(entrySchema).min(1) });

export type CatalogEntry = z.infer<typeof entrySchema>;
export type Catalog = z.infer<typeof catalogSchema>;

/** Models that were bundled once, with the last release that had them: what links and runs of that time name. */
export const RETIRED_MODELS: ReadonlyMap<string, string> = new Map(
  ['lrt-stories-s', 'lrt-stories-m', 'lrt-stories-l', 'lrt-stories-s-plain', 'lrt-stranger'].map((id) => [id, '0.1.0']),
);

/** Path of the bundled family's catalogue, relative to the site's folder. */
export const FAMILY_PATH = 'family.json';

/** @throws LabError `model-invalid` naming the wrong field, or an id that occurs twice */
export function parseCatalog(value: unknown): Catalog {
  const parsed = catalogSchema.safeParse(value);
  if (!parsed.success) {
    throw new LabError('model-invalid.site-file', {
      path: FAMILY_PATH,
      problems: problemList(problemsOf(parsed.error, value)),
    });
  }
  const ids = parsed.data.models.map((model) => model.id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new LabError('model-invalid.site-twice', { path: FAMILY_PATH, id: twice });
  return parsed.data;
}

/**
 * Fetches and reads the catalogue.
 * @param baseUrl absolute URL of the site's folder, ending in a slash
 * @throws LabError `model-fetch` or `model-invalid`
 */
export async function fetchCatalog(baseUrl: string, signal?: AbortSignal): Promise<Catalog> {
  const url = new URL(FAMILY_PATH, baseUrl);
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    if (signal?.aborted) throw LabError.from(error);
    throw siteUnreachable(FAMILY_PATH, error);
  }
  if (!response.ok) throw new LabError('model-fetch.site-status', { path: FAMILY_PATH, status: response.status });
  let value: unknown;
  try {
    value = JSON.parse(await response.text());
  } catch {
    throw new LabError('model-invalid.site-json', { path: FAMILY_PATH });
  }
  return parseCatalog(value);
}

export interface ResolvedModel {
  source: FolderSource;
  entry: CatalogEntry;
}

/**
 * Finds a model of the catalogue.
 * @param baseUrl absolute URL of the site's folder, ending in a slash
 * @throws LabError `unknown-model` naming the known ids or the precisions that the model has, or the release that had it
 */
export function resolveModel(
  catalog: Catalog,
  id: string,
  dtypeWanted: ModelSource['dtype'],
  baseUrl: string,
): ResolvedModel {
  const entry = catalog.models.find((model) => model.id === id);
  if (!entry) {
    const models = catalog.models.map((model) => model.id).join(', ');
    const release = RETIRED_MODELS.get(id);
    if (release !== undefined) throw new LabError('unknown-model.retired', { id, release, models });
    throw new LabError('unknown-model.id', { id, models });
  }
  if (!entry.dtypes.includes(dtypeWanted)) {
    throw new LabError('unknown-model.precision', { id, precision: dtypeWanted, precisions: entry.dtypes.join(', ') });
  }
  const source: FolderSource = {
    id,
    dtype: dtypeWanted,
    baseUrl: new URL(`${entry.path.replace(/\/+$/, '')}/`, baseUrl).href,
    sha256: Object.fromEntries(entry.files.map((file) => [file.path, file.sha256])),
    bytes: Object.fromEntries(entry.files.map((file) => [file.path, file.bytes])),
  };
  return { source, entry };
}
