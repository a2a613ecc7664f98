/** Where a model's files are: part of an experiment, so a plain value with a schema. */
import { z } from 'zod';

/** A repository id: `owner/name`, or `name` for the oldest ones; a folder host may nest deeper. No segment is `.` or `..`. */
const REPOSITORY_ID = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w.-]+(?:\/[\w.-]+){0,4}$/;

/** True for `owner/name`, or up to five such segments; false for anything that could leave its place in a URL. */
export function isRepositoryId(id: string): boolean {
  return REPOSITORY_ID.test(id);
}

const bundledSchema = z.strictObject({
  kind: z.literal('bundled'),
  /** Absolute URL of the model's folder, ending in a slash. */
  baseUrl: z.url(),
});

const hubSchema = z.strictObject({
  kind: z.literal('hub'),
  /** Absolute URL of the hub, a mirror of it, or a folder served over HTTP. */
  host: z.url({ protocol: /^https?$/ }),
  id: z.string().regex(REPOSITORY_ID),
  /** Full commit of the revision; for a folder without revisions, the digest of its listing. */
  commit: z.string().regex(/^[0-9a-f]{40}$/),
});

const localSchema = z.strictObject({
  kind: z.literal('local'),
  /** What `registerLocalFolder` gave for the folder that the user opened. */
  handle: z.string().regex(/^[0-9a-f]{16}$/),
});

export const modelLocationSchema = z.discriminatedUnion('kind', [bundledSchema, hubSchema, localSchema]);

export type HubLocation = z.infer<typeof hubSchema>;
export type LocalLocation = z.infer<typeof localSchema>;
export type ModelLocation = z.infer<typeof modelLocationSchema>;

/** One form of a host, so that one place has one name: no trailing slash, no query. @throws RangeError if it is no http(s) URL */
export function normaliseHost(host: string): string {
  const url = URL.canParse(host) ? new URL(host) : null;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) throw new RangeError(`“${host}” is not an http or https address.`);
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
