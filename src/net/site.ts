/** Files of the lab's own site: what it means that one cannot be had. */
import { LabError } from '../experiment/errors';

/** Whether the browser itself says that there is no connection. */
export const isOffline = (): boolean => typeof navigator === 'object' && navigator.onLine === false;

/** The error of a file of the site that no answer came for. A missing file would have been answered. */
export function siteUnreachable(path: string, cause: unknown): LabError {
  return new LabError(
    isOffline() ? 'model-fetch.offline' : 'model-fetch.site',
    { path, reason: (cause as Error).message },
    cause,
  );
}
