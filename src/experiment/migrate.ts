/**
 * Migration of documents: experiments, runs, shared documents and bundles. Each kind has a sequence of steps, one a
 * version, and each step a frozen check of what it relies on. A step that was released is never changed: documents of
 * every version open for ever.
 */
import type { z } from 'zod';
import type { LabError } from './errors';
import type { Message } from './message';
import { problemList, problemsOf } from './problems';

export type Json = Record<string, unknown>;

export interface MigrationStep {
  /** What the step does, for those who read the sequence. */
  name: string;
  /** What the step relies on in a document of its version, frozen; the rest is carried along and judged by the present schema. */
  input: z.ZodType;
  /** A document of the next version, but for its version number. */
  up: (document: Json) => Json;
}

export interface MigrationSequence {
  /** What is migrated. */
  of: string;
  /** The step at index i leads from version i + 1 to version i + 2. */
  steps: readonly MigrationStep[];
  /** The error for a document of a later version. */
  newer: (version: number, readable: number) => LabError;
  /** The error for an older document that is not what its version says. */
  mismatch: (version: number, problems: Message[]) => LabError;
}

/** The version that a sequence leads to: one more than it has steps. */
export const versionOfSequence = (sequence: Pick<MigrationSequence, 'steps'>): number => sequence.steps.length + 1;

/**
 * A document of an older version as one of the present version, a step at a time. What is of the present version, or of
 * none, comes back as it is, for the schema to judge. The document itself is not changed.
 * @returns the document and the steps that were taken, as in “run 3 → 4”
 * @throws LabError of the sequence: `newer` for a later version, `mismatch` for an older one that is not what its version says
 */
export function migrate(document: unknown, sequence: MigrationSequence): { document: unknown; migrated: string[] } {
  const version = document !== null && typeof document === 'object' && 'schema' in document ? document.schema : null;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) return { document, migrated: [] };
  const readable = versionOfSequence(sequence);
  if (version > readable) throw sequence.newer(version, readable);
  let current = document as Json;
  const migrated: string[] = [];
  for (let from = version; from < readable; from++) {
    const step = sequence.steps[from - 1];
    const checked = step.input.safeParse(current);
    if (!checked.success) throw sequence.mismatch(from, problemList(problemsOf(checked.error, current)));
    current = { ...step.up(current), schema: from + 1 };
    migrated.push(`${sequence.of} ${from} → ${from + 1}`);
  }
  return { document: current, migrated };
}
