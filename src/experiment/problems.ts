/** What zod found wrong with a document, for an error message. */
import type { z } from 'zod';

/** Problems that one message lists. */
const LISTED = 8;

/** The first problems in one line, and the path of the first. */
export function problemsOf(error: z.ZodError): { list: string; field: string } {
  const list = error.issues
    .slice(0, LISTED)
    .map((issue) => `${issue.path.join('.') || '(document)'}: ${issue.message}`)
    .join(' · ');
  return { list, field: error.issues[0].path.join('.') };
}
