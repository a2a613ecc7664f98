/**
 * Documents of older versions of the experiment, brought up to the present one version at a time. A step writes out what
 * the older version did without saying so: a migrated experiment asks for the same computation. Steps are never changed.
 */
import { z } from 'zod';
import { LabError } from './errors';
import { migrate, type Json, type MigrationSequence, type MigrationStep } from './migrate';

/** Version of the experiment that this lab writes: where the steps lead. */
export const EXPERIMENT_SCHEMA = 3;

const absent = z.undefined().optional();

const STEPS: MigrationStep[] = [
  {
    name: 'pairing, prompting and operation written out',
    input: z.looseObject({
      models: z.strictObject({ source: z.unknown(), target: z.unknown() }),
      transfer: z.strictObject({ addBias: z.unknown() }),
      prompting: absent,
    }),
    up: (document) => ({
      ...document,
      models: { ...(document.models as Json), alignment: 'tokens' },
      prompting: { template: 'plain', system: '' },
      transfer: { ...(document.transfer as Json), operation: 'add', scope: 'all' },
    }),
  },
  {
    name: 'operation, scope, further blocks and draws of the controls written out',
    input: z.looseObject({
      transfer: z.strictObject({ addBias: z.unknown(), operation: z.literal('add'), scope: z.literal('all') }),
      generation: z.looseObject({ randomVectors: z.unknown(), controlDraws: absent }),
    }),
    up: (document) => ({
      ...document,
      transfer: { ...(document.transfer as Json), capPercentile: 75, scopeTokens: 1, also: [] },
      generation: { ...(document.generation as Json), controlDraws: 3 },
    }),
  },
];

/** The steps of experiments. */
export const EXPERIMENTS: MigrationSequence = {
  of: 'experiment',
  steps: STEPS,
  newer: (version, readable) => new LabError('settings-newer', { version, readable }),
  mismatch: (version, problems) => new LabError('settings-invalid.version', { version, problems }),
};

/**
 * A document of an older version as one of the present version. What is of the present version, or of none, comes back
 * as it is, for the schema to judge. The document itself is not changed.
 * @throws LabError `settings-newer` for a later version; `settings-invalid` for an older one that is not what its version says
 */
export function migrateExperiment(document: unknown): unknown {
  return migrate(document, EXPERIMENTS).document;
}
