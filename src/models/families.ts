/** The curated families: hub repositories known to make good pairs, with what is known of each before its listing is fetched. */
import { z } from 'zod';
import { LabError } from '../experiment/errors';
import { wordsOf } from '../i18n/text';
import { message } from '../experiment/message';
import { problemList, problemsOf } from '../experiment/problems';
import { parseConfig } from './config';
import { readText, request } from '../net/http';
import { fileUrl, resolveRepository } from './hub';
import { variantsOf, type Dtype } from './layout';
import { isRepositoryId } from '../experiment/model-ref';

const count = z.int().min(1);
const dtype = z.enum(['fp32', 'fp16', 'q4', 'q4f16', 'q8']);

const modelSchema = z.strictObject({
  /** Hub id of the repository with the ONNX files. */
  id: z.string().refine(isRepositoryId),
  title: z.string().min(1),
  /** Place in a pair: small ones are sources, large ones targets. */
  role: z.enum(['source', 'target', 'both']),
  instruct: z.boolean(),
  /** As the hub spells it. */
  license: z.string().min(1),
  params: count,
  layers: count,
  hiddenSize: count,
  vocabSize: count,
  /** One matrix serves as embedding and head. */
  tied: z.boolean(),
  /** Precisions; bytes of graph and weights as last verified, null where never. */
  dtypes: z.array(z.strictObject({ dtype, bytes: count.nullable() })).min(1),
  /** Date on which the checker last found all of this on the hub; null: taken from public sources, never checked. */
  verified: z.iso.date().nullable(),
  /** Commit that was verified. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .nullable(),
});

const familySchema = z.strictObject({
  id: z.string().min(1),
  title: z.string().min(1),
  /** What the members share, and what to mind of the models. */
  about: z.string().min(1),
  /** A doubt about the repositories that only a look at them resolves. */
  note: z.string().min(1).nullable(),
  models: z.array(modelSchema).min(1),
});

const familiesSchema = z.strictObject({ schema: z.literal(1), families: z.array(familySchema).min(1) });

export type CuratedModel = z.infer<typeof modelSchema>;
export type CuratedFamily = z.infer<typeof familySchema>;
export type CuratedFamilies = z.infer<typeof familiesSchema>;

/** Path of the data file, relative to the site's folder. */
export const FAMILIES_PATH = 'families.json';

/** @throws LabError `model-invalid` naming the wrong field, or an id that occurs twice */
export function parseFamilies(value: unknown): CuratedFamilies {
  const parsed = familiesSchema.safeParse(value);
  if (!parsed.success)
    throw new LabError('model-invalid.site-file', {
      path: FAMILIES_PATH,
      problems: problemList(problemsOf(parsed.error, value)),
    });
  const ids = parsed.data.families.flatMap((family) => [family.id, ...family.models.map((model) => model.id)]);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) throw new LabError('model-invalid.site-twice', { path: FAMILIES_PATH, id: twice });
  return parsed.data;
}

/** Bytes a weight: in blocks of 32 a 4-bit weight has a scale and half a byte of zero point a block. */
const BYTES_PER_WEIGHT: Record<Dtype, { matrix: number; embedding: number }> = {
  fp32: { matrix: 4, embedding: 4 },
  fp16: { matrix: 2, embedding: 2 },
  q4: { matrix: 0.5 + 4.5 / 32, embedding: 4 },
  q4f16: { matrix: 0.5 + 2.5 / 32, embedding: 2 },
  q8: { matrix: 1, embedding: 1 },
};

/**
 * About how many bytes a model takes at a precision, from its shape, for the time before its sizes are verified.
 * 4-bit exports leave the embedding as it is and quantise the head, which is then a second matrix even where it is tied.
 */
export function estimateModelBytes(
  model: Pick<CuratedModel, 'params' | 'vocabSize' | 'hiddenSize' | 'tied'>,
  precision: Dtype,
): number {
  const { matrix, embedding } = BYTES_PER_WEIGHT[precision];
  const table = model.vocabSize * model.hiddenSize;
  const head = model.tied && matrix !== embedding ? table : 0;
  return Math.round((model.params - table + head) * matrix + table * embedding);
}

export interface CheckResult {
  id: string;
  outcome: 'verified' | 'changed' | 'failed';
  /** What was found to be otherwise than listed, or the error. */
  details: string[];
}

export interface CheckOptions {
  host: string;
  /** ISO date to note. */
  today: string;
  signal?: AbortSignal;
  onResult?: (result: CheckResult) => void;
}

const CONFIG_LIMIT = 2 ** 20;

/**
 * Looks every entry up and compares it with its listing and its config.json. Fetches no weights.
 * @returns the families with sizes, commits and dates as found; an entry that failed for what it is (not for the network) loses its date
 */
export async function checkFamilies(
  curated: CuratedFamilies,
  options: CheckOptions,
): Promise<{ families: CuratedFamilies; results: CheckResult[] }> {
  const results: CheckResult[] = [];
  const families: CuratedFamily[] = [];
  for (const family of curated.families) {
    const models: CuratedModel[] = [];
    for (const listed of family.models) {
      const { model, result } = await checkModel(listed, options);
      models.push(model);
      results.push(result);
      options.onResult?.(result);
    }
    families.push({ ...family, models });
  }
  return { families: { ...curated, families }, results };
}

async function checkModel(
  listed: CuratedModel,
  { host, today, signal }: CheckOptions,
): Promise<{ model: CuratedModel; result: CheckResult }> {
  try {
    const repository = await resolveRepository({ host, id: listed.id }, { signal });
    const what = message('model.file', { path: 'config.json', id: listed.id });
    const response = await request(fileUrl(repository, 'config.json'), what, { signal });
    if (!response.ok) throw new LabError('model-fetch.status', { what, status: response.status });
    const config = parseConfig(JSON.parse(await readText(response, what, CONFIG_LIMIT, signal)), null, listed.id);
    const dtypes = variantsOf(repository.files).map((variant) => ({ dtype: variant.dtype, bytes: variant.bytes }));
    const license = repository.license ?? listed.license;
    const { layers, hiddenSize, vocabSize } = config;
    const model: CuratedModel = {
      ...listed,
      license,
      layers,
      hiddenSize,
      vocabSize,
      dtypes,
      verified: today,
      commit: repository.commit,
    };
    const details = differences(listed, model);
    if (repository.gated) details.push('is gated');
    return { model, result: { id: listed.id, outcome: details.length > 0 ? 'changed' : 'verified', details } };
  } catch (error) {
    const failure = LabError.from(error);
    if (failure.code === 'cancelled') throw failure;
    const passing =
      failure.code === 'model-unreachable' || failure.code === 'model-fetch' || failure.code === 'model-truncated';
    return {
      model: passing ? listed : { ...listed, verified: null, commit: null },
      result: {
        id: listed.id,
        outcome: 'failed',
        details: [`${failure.code}: ${wordsOf('en').error(failure.toJSON()).what}`],
      },
    };
  }
}

function differences(before: CuratedModel, after: CuratedModel): string[] {
  const fields = (['license', 'layers', 'hiddenSize', 'vocabSize'] as const)
    .filter((field) => before[field] !== after[field])
    .map((field) => `${field} ${before[field]} → ${after[field]}`);
  const size = (model: CuratedModel, of: Dtype): string => {
    const found = model.dtypes.find((entry) => entry.dtype === of);
    return found ? `${found.bytes ?? 'of unknown size'}` : 'absent';
  };
  const all = new Set([...before.dtypes, ...after.dtypes].map((entry) => entry.dtype));
  return [
    ...fields,
    ...[...all]
      .filter((of) => size(before, of) !== size(after, of))
      .map((of) => `${of} ${size(before, of)} → ${size(after, of)}`),
  ];
}
