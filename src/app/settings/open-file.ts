/** Settings out of a file of the visitor's: an experiment, or the settings of a run. */
import { saysBundle } from '../../experiment/bundle';
import { digestOf } from '../../experiment/digest';
import { LabError } from '../../experiment/errors';
import { parseExperiment, type Experiment } from '../../experiment/schema';

/** Longest file that is read here, in bytes; a run of large models has some megabytes. */
export const MAX_FILE = 64 * 1024 * 1024;

/**
 * Reads the settings that a file holds.
 * @returns the experiment, and the digest under which the file has it: what is changed from here on is a fork of that
 * @throws LabError `settings-invalid`, `settings-newer`
 */
export function experimentOfText(text: string, name: string): { experiment: Experiment; digest: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LabError('settings-invalid.file-json', { name, reason: (error as Error).message }, error);
  }
  if (saysBundle(value)) throw new LabError('settings-invalid.file-bundle', { name });
  const document =
    value !== null && typeof value === 'object' && 'experiment' in value && 'timings' in value
      ? value.experiment
      : value;
  return { experiment: parseExperiment(document), digest: digestOf(document) };
}
