/** The site's small data files that the forms offer choices from: models, corpora and presets. */
import { useEffect, useState } from 'react';
import { errorMessage, LabError } from '../../experiment/errors';
import { siteUnreachable } from '../../net/site';
import { message, verbatim, type Message } from '../../experiment/message';
import type { Preset } from '../../experiment/schema';

export interface FamilyModel {
  id: string;
  title: string;
  role: string;
  layers: number;
  hiddenSize: number;
  params: number;
  validationLoss: number | null;
  license: string;
  dtypes: string[];
  bytes: number;
}

export interface CorpusEntry {
  id: string;
  title: string;
  path: string;
  count: number;
  description: string;
}

const kept = new Map<string, Promise<unknown>>();

function fetchJson(path: string): Promise<unknown> {
  let answer = kept.get(path);
  if (!answer) {
    const asked = fetch(new URL(path, document.baseURI)).catch((error: unknown) => {
      throw new Unreadable(errorMessage(siteUnreachable(path, error)));
    });
    answer = asked.then((response) => {
      if (!response.ok || !response.headers.get('content-type')?.includes('json'))
        throw new Unreadable(message('state.file-missing', { path, status: response.status }));
      return response.json() as Promise<unknown>;
    });
    kept.set(path, answer);
    answer.catch(() => kept.delete(path));
  }
  return answer;
}

interface FamilyFile {
  models: (Omit<FamilyModel, 'bytes'> & { files: { path: string; bytes: number }[] })[];
}

/** What choosing the model downloads: the files of one precision, here the full one. */
function downloadBytes(files: { path: string; bytes: number }[]): number {
  return files.filter((file) => !/^onnx\/(?!model\.onnx)/.test(file.path)).reduce((sum, file) => sum + file.bytes, 0);
}

function familyOf(value: unknown): FamilyModel[] {
  const { models } = value as FamilyFile;
  if (!Array.isArray(models)) throw new Unreadable(message('state.no-models', { path: 'family.json' }));
  return models.map((model) => ({ ...model, bytes: downloadBytes(model.files) }));
}

/** A fetched value: null while it is on its way, `error` when it cannot be had. */
export interface Loaded<T> {
  value: T | null;
  error: Message | null;
}

/** What is wrong with a file of the site's. */
class Unreadable extends Error {
  readonly why: Message;
  constructor(why: Message) {
    super(why.key);
    this.why = why;
  }
}

const whyOf = (error: unknown): Message =>
  error instanceof Unreadable
    ? error.why
    : error instanceof LabError
      ? errorMessage(error.toJSON())
      : verbatim(error instanceof Error ? error.message : String(error));

/** A data file of the site, read once and kept; null for none. */
export function useSiteFile<T>(path: string | null, read: (value: unknown) => T): Loaded<T> {
  const [state, setState] = useState<Loaded<T> & { path: string | null }>({ value: null, error: null, path: null });
  useEffect(() => {
    if (path === null) return;
    let current = true;
    fetchJson(path)
      .then((value) => read(value))
      .then(
        (value) => current && setState({ value, error: null, path }),
        (error: unknown) => current && setState({ value: null, error: whyOf(error), path }),
      );
    return () => {
      current = false;
    };
  }, [path, read]);
  return state.path === path ? state : { value: null, error: null };
}

export const useFamily = (): Loaded<FamilyModel[]> => useSiteFile('family.json', familyOf);

const asIs = (value: unknown): unknown => value;
const readCorpora = asIs as (value: unknown) => CorpusEntry[];
const readIds = asIs as (value: unknown) => string[];
const readPreset = asIs as (value: unknown) => Preset;

export const useCorpora = (): Loaded<CorpusEntry[]> => useSiteFile('corpora/index.json', readCorpora);
export const usePresetIds = (): Loaded<string[]> => useSiteFile('presets/index.json', readIds);
/** The preset of an id; checked by the engine, so only shown here. */
export const usePreset = (id: string | null): Loaded<Preset> =>
  useSiteFile(id === null ? null : `presets/${encodeURIComponent(id)}.json`, readPreset);
