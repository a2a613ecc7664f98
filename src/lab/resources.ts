/** Presets and corpora: data files of the site, fetched once and checked. */
import { z } from 'zod';
import { sha256Hex } from '../experiment/digest';
import { LabError } from '../experiment/errors';
import { siteUnreachable } from '../net/site';
import { parsePreset, type Preset } from '../experiment/schema';

const corpusIndexSchema = z.array(
  z.strictObject({
    id: z.string(),
    title: z.string(),
    path: z.string(),
    count: z.int(),
    sha256: z.string(),
    description: z.string(),
  }),
);

export interface Corpus {
  id: string;
  title: string;
  sha256: string;
  texts: string[];
}

/** Fetches and keeps the data files under one base URL. */
export class Resources {
  #baseUrl: string;
  #presets = new Map<string, Promise<Preset>>();
  #corpora = new Map<string, Promise<Corpus>>();

  /** @param baseUrl absolute URL of the site's folder, ending in a slash */
  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  /** @throws LabError `unknown-preset` naming the presets there are, or `settings-invalid` for a malformed file */
  preset(id: string): Promise<Preset> {
    return remember(this.#presets, id, async () => {
      const ids = z.array(z.string()).parse(JSON.parse(await this.#text('presets/index.json')));
      if (!ids.includes(id)) {
        throw new LabError('unknown-preset.site', { id, presets: ids.join(', ') });
      }
      return parsePreset(JSON.parse(await this.#text(`presets/${id}.json`)), id);
    });
  }

  /** @throws LabError `corpus-invalid` or `corpus-empty` */
  corpus(id: string): Promise<Corpus> {
    return remember(this.#corpora, id, async () => {
      const index = corpusIndexSchema.parse(JSON.parse(await this.#text('corpora/index.json')));
      const entry = index.find((item) => item.id === id);
      if (!entry) {
        throw new LabError('corpus-invalid.unknown', { id, corpora: index.map((item) => item.id).join(', ') });
      }
      const text = await this.#text(entry.path);
      const texts = parseCorpus(text);
      const digest = sha256Hex(new TextEncoder().encode(text));
      if (digest !== entry.sha256) {
        throw new LabError('corpus-invalid.digest', { id });
      }
      return { id, title: entry.title, sha256: digest, texts };
    });
  }

  async #text(path: string): Promise<string> {
    let response: Response;
    try {
      response = await fetch(new URL(path, this.#baseUrl));
    } catch (error) {
      throw siteUnreachable(path, error);
    }
    if (!response.ok) throw new LabError('model-fetch.site-status', { path, status: response.status });
    return response.text();
  }
}

/** Keeps the promise under its key; a failure is forgotten, so that the next call tries again. */
function remember<T>(map: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = map.get(key);
  if (known) return known;
  const made = make();
  map.set(key, made);
  made.catch(() => map.delete(key));
  return made;
}

/**
 * Texts of a JSONL corpus, one `{"text": …}` a line.
 * @throws LabError `corpus-empty` if there is none, `corpus-invalid` naming the line that is wrong
 */
export function parseCorpus(jsonl: string): string[] {
  const texts: string[] = [];
  jsonl.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    let text: unknown;
    try {
      text = (JSON.parse(line) as { text?: unknown }).text;
    } catch {
      text = undefined;
    }
    if (typeof text !== 'string') {
      throw new LabError('corpus-invalid.line', { line: i + 1 });
    }
    if (text.trim() !== '') texts.push(text);
  });
  if (texts.length === 0) throw new LabError('corpus-empty.text');
  return texts;
}
