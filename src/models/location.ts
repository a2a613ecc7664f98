/** Where a model's files are: part of an experiment, so a plain value with a schema. */
import { LabError } from '../experiment/errors';
import { refusal } from '../experiment/problems';
import { z } from 'zod';
import { hubPlaceSchema, isRepositoryId, localPlaceSchema, type ModelRef } from '../experiment/model-ref';

const bundledSchema = z.strictObject({
  kind: z.literal('bundled'),
  /** Absolute URL of the model's folder, ending in a slash. */
  baseUrl: z.url(),
});

const hubSchema = hubPlaceSchema.extend({
  id: z.string().refine(isRepositoryId, refusal('problem.repository-id')),
});

export const modelLocationSchema = z.discriminatedUnion('kind', [bundledSchema, hubSchema, localPlaceSchema]);

export type HubLocation = z.infer<typeof hubSchema>;
export type LocalLocation = z.infer<typeof localPlaceSchema>;
export type ModelLocation = z.infer<typeof modelLocationSchema>;

/** One form of a host, so that one place has one name: no trailing slash, no query. @throws LabError `settings-invalid` if it is no http(s) URL */
export function normaliseHost(host: string): string {
  const url = URL.canParse(host) ? new URL(host) : null;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    throw new LabError('settings-invalid.host', { host });
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Where the files of a model that is not bundled are; null for one that is. */
export function locationOfRef({ id, location }: ModelRef): HubLocation | LocalLocation | null {
  if (!location) return null;
  return location.kind === 'hub' ? { ...location, id } : location;
}
