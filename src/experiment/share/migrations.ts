/**
 * Migrations of shared documents, one step a version. The experiment inside has a schema and steps of its own
 * (../migrations.ts), which `parseExperiment` takes.
 */
import { LINK_SCHEMA } from './document';

type Step = (document: Record<string, unknown>) => Record<string, unknown>;

/** From version n to n + 1, by n. Version 1 is the first that was ever released. */
const STEPS: Record<number, Step> = {};

/** Takes a document of an older version to this one, a step at a time. @throws RangeError where a step is missing, which a test rules out */
export function migrateDocument(document: unknown, from: number): { document: unknown; migrated: string[] } {
  let current = document;
  const migrated: string[] = [];
  for (let version = from; version < LINK_SCHEMA; version++) {
    const step = STEPS[version];
    if (!step) throw new RangeError(`There is no migration from version ${version} of shared documents.`);
    current = { ...step(current as Record<string, unknown>), schema: version + 1 };
    migrated.push(`document ${version} → ${version + 1}`);
  }
  return { document: current, migrated };
}
