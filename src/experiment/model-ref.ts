/**
 * How an experiment names a model. A model of the bundled family is `{ id, dtype }` and nothing else; any other also says
 * where it is from. The absent `location` is the form of a bundled reference and stands for no default: there is no host
 * that could be meant, and experiments and runs written before other models existed keep their digests.
 */
import { z } from 'zod';
import { refusal } from './problems';

/** A repository id: `owner/name`, or `name` for the oldest ones; a folder host may nest deeper. No segment is `.` or `..`. */
const REPOSITORY_ID = /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w.-]+(?:\/[\w.-]+){0,4}$/;

/** True for `owner/name`, or up to five such segments; false for anything that could leave its place in a URL. */
export function isRepositoryId(id: string): boolean {
  return REPOSITORY_ID.test(id);
}

/** A hub and a revision of the repository that the reference's id names. */
export const hubPlaceSchema = z.strictObject({
  kind: z.literal('hub'),
  /** Absolute URL of the hub, a mirror of it, or a folder served over HTTP. */
  host: z.url({ protocol: /^https?$/ }),
  /** Full commit of the revision; for a folder without revisions, the digest of its listing. */
  commit: z.string().regex(/^[0-9a-f]{40}$/),
});

/** A folder of the user's disk. */
export const localPlaceSchema = z.strictObject({
  kind: z.literal('local'),
  /** Digest of the names, sizes and dates of the folder's files. */
  handle: z.string().regex(/^[0-9a-f]{16}$/),
});

export const modelRefSchema = z
  .strictObject({
    /** Id in the family catalogue, e.g. "lrt-stories-s"; of a hub, the repository; of a folder, its name. */
    id: z.string().min(1).max(200),
    dtype: z.enum(['fp32', 'fp16', 'q4', 'q4f16', 'q8']),
    location: z.discriminatedUnion('kind', [hubPlaceSchema, localPlaceSchema]).optional(),
  })
  .refine((ref) => ref.location?.kind !== 'hub' || isRepositoryId(ref.id), refusal('problem.repository-id', ['id']));

export type ModelRef = z.infer<typeof modelRefSchema>;
export type HubPlace = z.infer<typeof hubPlaceSchema>;

/** True where two references name the same files. */
export function sameModel(a: ModelRef, b: ModelRef): boolean {
  const key = ({ id, dtype, location }: ModelRef): string =>
    [
      id,
      dtype,
      location?.kind,
      location?.kind === 'hub' ? `${location.host} ${location.commit}` : location?.handle,
    ].join('\n');
  return key(a) === key(b);
}
