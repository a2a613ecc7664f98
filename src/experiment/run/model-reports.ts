/** What the models stage gives. */
import { z } from 'zod';
import { messageSchema } from '../message';
import { measured, numberRows, sha256 } from './parts';

const modelSchema = z.strictObject({
  id: z.string(),
  title: z.string(),
  /** `model_type` of its config.json: "llama", "qwen2" …, what other programs know its architecture by; null where an old run does not say. */
  modelType: z.string().nullable(),
  dtype: z.string(),
  layers: z.int().min(1).max(10_000),
  hiddenSize: z.int().min(1),
  vocabSize: z.int().min(1),
  /** Null where nothing states it, as of models that are not bundled. */
  params: z.number().nullable(),
  nonEmbeddingParams: z.number().nullable(),
  validationLoss: z.number().nullable(),
  license: z.string().nullable(),
  bytes: z.number(),
  /** Whether the repository has a chat template; null where an old run does not say. */
  chatTemplate: z.boolean().nullable(),
  /** Style of the exported graph, as the structural finder read it. */
  style: z.enum(['fused', 'plain']),
  /** Short drawing of the residual spine. */
  spine: z.string(),
  digests: z.array(z.strictObject({ path: z.string(), sha256 })),
});

const match = z.strictObject({ target: z.int(), source: z.int(), cka: measured });

/** A small sample of paired states, compared before the collection. */
const homologySampleSchema = z.strictObject({
  texts: z.number(),
  /** `left`: rows left out because a state there is massive or not finite. */
  rows: z.strictObject({ train: z.number(), heldOut: z.number(), left: z.number() }),
  /** Blocks that were compared: all, or of large models some, evenly spread. */
  blocks: z.strictObject({ source: z.array(z.int()), target: z.array(z.int()) }),
  /** Debiased linear CKA, [source][target] in the order of `blocks`. */
  cka: numberRows,
  /** For each target block the source block that is most like it. */
  profile: z.array(match),
  /** The same with the later halves of both models alone: what is judged. */
  late: z.array(match),
  /** Mean of `late`. */
  meanCka: measured,
  /** One quick map: from the source block most like it to a block of the middle of the target. */
  map: z.strictObject({ source: z.int(), target: z.int(), lambda: measured, heldOutR2: measured }),
  verdict: z.enum(['alike', 'partly', 'unalike']),
});

const homologySchema = z.strictObject({
  verdict: z.enum(['homologous', 'related', 'not-homologous']),
  /** Whether the same text gives the same ids in both: only then can positions be paired one to one. */
  sameIds: z.boolean(),
  checks: z.array(z.strictObject({ name: messageSchema, passed: z.boolean(), detail: messageSchema })),
  /** How alike the states are on a small sample; null where none was taken. */
  sample: homologySampleSchema.nullable(),
  /** Why no sample could be taken; null where one was, or where an old version took none. */
  unsampled: messageSchema.nullable(),
});

export const modelsSchema = z.strictObject({
  source: modelSchema,
  target: modelSchema,
  homology: homologySchema,
  /** Why only one model was in memory at a time; null where both were. */
  sequential: messageSchema.nullable(),
});

export type ModelReport = z.infer<typeof modelSchema>;
export type HomologySample = z.infer<typeof homologySampleSchema>;
export type HomologyReport = z.infer<typeof homologySchema>;
export type ModelsResult = z.infer<typeof modelsSchema>;
