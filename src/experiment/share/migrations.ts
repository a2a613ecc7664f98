/**
 * Migrations of shared documents. The experiment inside has a schema and steps of its own (../migrations.ts), which
 * `parseExperiment` takes.
 */
import { LabError } from '../errors';
import type { MigrationSequence } from '../migrate';

/** No step yet: version 1 is the first that was ever released. */
export const DOCUMENTS: MigrationSequence = {
  of: 'document',
  steps: [],
  newer: (version, readable) => new LabError('link-version', { version, readable }),
  mismatch: (version, problems) => new LabError('link-invalid.step', { version, problems }),
};
