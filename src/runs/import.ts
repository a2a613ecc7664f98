/** Files brought into the list of kept runs: a bundle, a run as the command line writes it, or settings alone. */
import { MAX_BUNDLE_LENGTH, parseBundle, saysBundle } from '../experiment/bundle';
import { LabError, type LabErrorJson } from '../experiment/errors';
import type { Run } from '../experiment/run';
import { parseExperiment, type Experiment } from '../experiment/schema';
import type { RunRecord } from './record';
import type { NewRun, RunStore } from './store';

export interface ImportReport {
  added: RunRecord[];
  /** Those that were kept already. */
  known: RunRecord[];
  /** Settings without a run. */
  experiments: { name: string; experiment: Experiment; parent: string | null }[];
  refused: { name: string; error: LabErrorJson }[];
}

const has = (value: unknown, ...keys: string[]): boolean =>
  value !== null && typeof value === 'object' && keys.every((key) => key in value);

const TOO_DEEP = new LabError('bundle-invalid.deep');

/**
 * Takes in all of a file that can be read. What is kept is never changed by it; what is refused is named.
 * @throws LabError for a file of which nothing can be read: `bundle-*`, `run-*`, `settings-*`
 */
export async function importRuns(store: RunStore, file: Blob, fileName: string, now: number): Promise<ImportReport> {
  try {
    return await take(store, file, fileName, now);
  } catch (error) {
    // Checks and digests call themselves once a level.
    throw error instanceof RangeError ? TOO_DEEP : error;
  }
}

async function take(store: RunStore, file: Blob, fileName: string, now: number): Promise<ImportReport> {
  const report: ImportReport = { added: [], known: [], experiments: [], refused: [] };
  if (file.size > MAX_BUNDLE_LENGTH)
    throw new LabError('bundle-invalid.file-size', {
      name: fileName,
      megabytes: Math.round(file.size / 1e6),
      most: Math.round(MAX_BUNDLE_LENGTH / 1e6),
    });
  const text = await file.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LabError('bundle-invalid.file-json', { name: fileName, reason: (error as Error).message }, error);
  }

  async function keep(entry: NewRun): Promise<void> {
    const { record, added } = await store.keep(entry);
    (added ? report.added : report.known).push(record);
  }

  if (saysBundle(value)) {
    for (const { name, created, parent, run, experiment, experimentDigest, share } of parseBundle(text).entries) {
      try {
        if (run !== null && (run as Partial<Run>).experimentDigest !== experimentDigest)
          throw new LabError('bundle-invalid.run-settings', { name });
        if (run === null) report.experiments.push({ name, experiment: parseExperiment(experiment), parent });
        else
          await keep({
            run: run as object,
            name,
            created: created.getTime(),
            parent,
            from: 'file',
            share: share as object | null,
          });
      } catch (error) {
        report.refused.push({ name, error: LabError.from(error).toJSON() });
      }
    }
  } else if (has(value, 'experiment', 'timings')) {
    // A run does not say when it was made: its day is that of the import.
    await keep({
      run: value as Run,
      name: (value as Run).experiment?.title || fileName,
      created: now,
      parent: null,
      from: 'file',
    });
  } else if (has(value, 'models', 'corpus')) {
    const experiment = parseExperiment(value);
    report.experiments.push({ name: experiment.title, experiment, parent: null });
  } else {
    throw new LabError('bundle-invalid.unknown', { name: fileName });
  }
  return report;
}
