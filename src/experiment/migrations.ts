/**
 * Documents of older versions of the experiment, brought up to the present one version at a time. A step writes out what
 * the older version did without saying so: a migrated experiment asks for the same computation. Steps are never changed.
 */
import { z } from 'zod';
import { LabError } from './errors';
import { problemList, problemsOf } from './problems';

/** Version of the experiment that this lab writes. */
export const EXPERIMENT_SCHEMA = 3;

type Json = Record<string, unknown>;

interface Step {
  /** What the step relies on in a document of its version, frozen; the rest is carried along and judged by the present schema. */
  input: z.ZodType<Json>;
  /** A document of the next version. */
  up: (document: Json) => Json;
}

const absent = z.undefined().optional();

/** The step at index i leads from version i + 1 to version i + 2. */
const STEPS: Step[] = [
  {
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

/**
 * A document of an older version as one of the present version. What is of the present version, or of none, comes back
 * as it is, for the schema to judge. The document itself is not changed.
 * @throws LabError `settings-newer` for a later version; `settings-invalid` for an older one that is not what its version says
 */
export function migrateExperiment(document: unknown): unknown {
  const version = document !== null && typeof document === 'object' && 'schema' in document ? document.schema : null;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) return document;
  if (version > EXPERIMENT_SCHEMA) {
    throw new LabError('settings-newer', { version, readable: EXPERIMENT_SCHEMA });
  }
  return STEPS.slice(version - 1).reduce<Json>((current, step, i) => {
    const checked = step.input.safeParse(current);
    if (!checked.success) {
      throw new LabError('settings-invalid.version', {
        version: version + i,
        problems: problemList(problemsOf(checked.error, current)),
      });
    }
    return { ...step.up(current), schema: version + i + 1 };
  }, document as Json);
}
