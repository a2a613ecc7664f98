/**
 * The form of a Run: what comes from a file, a store or a link is a Run only if this says so. The types of run.ts are
 * inferred from it. Each thing stands in it once: results under their stage's name, sentences as messages.
 */
import { z } from 'zod';
import { digestOf } from './digest';
import { LabError } from './errors';
import { messageSchema } from './message';
import { problemList, problemsOf } from './problems';
import { RUN_SCHEMA, STAGES } from './run/stages';
import { activationsSchema } from './run/activations';
import { deviceSchema } from './run/device';
import { evidenceSchema } from './run/evidence';
import { mapSchema } from './run/map';
import { modelsSchema } from './run/model-reports';
import { every, sha256 } from './run/parts';
import { steerSchema } from './run/steer';
import { migrateRun } from './run-migrations';
import { experimentSchema, parseExperiment } from './schema';

const named = z.strictObject({ id: z.string(), sha256 });

export const runSchema = z.strictObject({
  schema: z.literal(RUN_SCHEMA),
  app: z.strictObject({ name: z.literal('lrt-lab'), version: z.string() }),
  /** Digest of the experiment: its name, and what a recorded run is compared by. */
  experimentDigest: sha256,
  experiment: experimentSchema,
  device: deviceSchema,
  /** Milliseconds per stage, and `total`. */
  timings: every([...STAGES, 'total'] as const, z.number()).partial(),
  /** Digests of what the run read beside its models; null in old runs, which did not say. */
  inputs: z
    .strictObject({
      corpus: named,
      /** The preset that the concept, or its prompts, came from: SHA-256 of its canonical JSON. */
      preset: named,
      /** SHA-256 over the WGSL sources of this version of the lab. */
      kernels: sha256,
    })
    .nullable(),
  models: modelsSchema,
  activations: activationsSchema,
  map: mapSchema,
  steer: steerSchema,
  evidence: evidenceSchema,
  /** What a reader must know, and the stage that says so; null in runs of version 1, which did not say which. */
  warnings: z.array(z.strictObject({ stage: z.enum(STAGES).nullable(), message: messageSchema })),
});

type Run = z.infer<typeof runSchema>;

/**
 * Reads a run strictly. One of an older version is brought up to the present one, and so are its settings; the settings
 * must be those that the run names.
 * @throws LabError `run-version` for a run of a later version; `run-invalid`, naming the wrong fields; `settings-*`
 */
export function parseRun(document: unknown): Run {
  const current = migrateRun(document);
  const written = current as { experiment?: unknown; experimentDigest?: unknown };
  const isObject = current !== null && typeof current === 'object';
  const experiment = isObject && 'experiment' in current ? parseExperiment(written.experiment) : undefined;
  const parsed = runSchema.safeParse(isObject && experiment ? { ...current, experiment } : current);
  if (!parsed.success) {
    throw new LabError('run-invalid.fields', { problems: problemList(problemsOf(parsed.error, current)) });
  }
  // The digest is of the settings as they were written, before any step.
  const found = digestOf((document as { experiment: object }).experiment);
  const said = parsed.data.experimentDigest;
  if (found !== said) {
    throw new LabError('run-invalid.settings', { said: said.slice(0, 12), found: found.slice(0, 12) });
  }
  // Settings that were brought up to date have another digest; a run says the one of the settings that it has.
  return { ...parsed.data, experimentDigest: digestOf(experiment!) };
}
