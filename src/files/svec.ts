/**
 * .svec, the steering vectors of AISteer360: JSON with `model_type`, and by 0-based block (its layers' outputs) a matrix of
 * directions, here of one row. A multiplier of 1 adds what is written. `explained_variances` and `probe_accuracies` are
 * written empty: some versions of its loader ask for them, none takes null.
 */
import { z } from 'zod';
import { LabError } from '../experiment/errors';
import { problemList, problemsOf } from '../experiment/problems';
import { requireFinite } from './bytes';

export interface Svec {
  /** `model_type` of the model's config.json. */
  modelType: string;
  /** What is added, by 0-based block. */
  directions: ReadonlyMap<number, Float32Array>;
}

/** Writes a .svec. @throws LabError `file-cannot-carry` for no direction, `file-invalid` for a value that is no number */
export function writeSvec({ modelType, directions }: Svec): string {
  if (directions.size === 0) throw new LabError('file-cannot-carry.nothing');
  const rows = [...directions].map(([block, values]): [string, number[][]] => {
    requireFinite(values, `directions.${block}`, '.svec');
    // float32 → float64 → shortest decimal: read back, it is the same float32.
    return [String(block), [Array.from(values)]];
  });
  return JSON.stringify({
    model_type: modelType,
    directions: Object.fromEntries(rows),
    explained_variances: {},
    probe_accuracies: {},
  });
}

const row = z.array(z.number());
const svecSchema = z.object({
  model_type: z.string().min(1),
  directions: z.record(z.string().regex(/^\d{1,5}$/), z.union([row, z.array(row).min(1)])),
});

/**
 * Reads a .svec with one direction a block.
 * @throws LabError `file-invalid` naming what is wrong; `file-cannot-carry` for several rows a block (positions, heads or a plane)
 */
export function readSvec(text: string, name = '.svec'): Svec {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new LabError('file-invalid.svec-json', { name, reason: (error as Error).message }, error);
  }
  const parsed = svecSchema.safeParse(value);
  if (!parsed.success) {
    throw new LabError('file-invalid.svec', { name, problems: problemList(problemsOf(parsed.error, value)) });
  }
  const directions = new Map<number, Float32Array>();
  for (const [block, found] of Object.entries(parsed.data.directions)) {
    const matrix = typeof found[0] === 'number' ? [found as number[]] : (found as number[][]);
    if (matrix.length !== 1) {
      throw new LabError('file-cannot-carry.svec-directions', { name, block: Number(block), count: matrix.length });
    }
    const values = Float32Array.from(matrix[0]);
    requireFinite(values, `directions.${block}`, name);
    directions.set(Number(block), values);
  }
  const widths = new Set([...directions.values()].map(({ length }) => length));
  if (directions.size === 0 || widths.has(0)) throw new LabError('file-invalid.empty', { name });
  if (widths.size > 1) throw new LabError('file-invalid.widths', { name, widths: [...widths].join(', ') });
  return { modelType: parsed.data.model_type, directions };
}
