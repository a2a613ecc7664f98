/**
 * Migrations of shared documents. The experiment inside has a schema and steps of its own (../migrations.ts), which
 * `parseExperiment` takes.
 */
import { z } from 'zod';
import { LabError } from '../errors';
import type { MigrationSequence } from '../migrate';

export const DOCUMENTS: MigrationSequence = {
  of: 'document',
  steps: [
    {
      name: 'the digest of a link stands behind a slash: the document is the same',
      input: z.looseObject({ kind: z.enum(['run', 'address']) }),
      up: (document) => document,
    },
  ],
  newer: (version, readable) => new LabError('link-version', { version, readable }),
  mismatch: (version, problems) => new LabError('link-invalid.step', { version, problems }),
};
