/** What the lab needs from a repository's config.json and generation_config.json. */
import { z } from 'zod';
import { LabError } from '../experiment/errors';
import type { ModelConfig } from '../runtime/types';

const count = z.int().min(1);
const ids = z.union([z.int().min(0), z.array(z.int().min(0))]).nullish();

/** Field names differ between families; the first that is present counts. */
const configSchema = z.looseObject({
  model_type: z.string().min(1),
  architectures: z.array(z.string()).nullish(),
  vocab_size: count,
  hidden_size: count.nullish(),
  n_embd: count.nullish(),
  num_hidden_layers: count.nullish(),
  n_layer: count.nullish(),
  num_attention_heads: count.nullish(),
  n_head: count.nullish(),
  num_key_value_heads: count.nullish(),
  head_dim: count.nullish(),
  max_position_embeddings: count.nullish(),
  n_positions: count.nullish(),
  bos_token_id: ids,
  eos_token_id: ids,
});
const generationSchema = z.looseObject({ eos_token_id: ids });

function list(value: number | number[] | null | undefined): number[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/**
 * Reads a model's configuration.
 * @param config     parsed config.json
 * @param generation parsed generation_config.json, or null where the folder has none
 * @throws LabError `model-invalid` naming the first wrong field
 */
export function parseConfig(config: unknown, generation: unknown, modelId: string): ModelConfig {
  // Multimodal repositories keep the language model's part one level down.
  const nested = config !== null && typeof config === 'object' && 'text_config' in config ? { ...config, ...(config.text_config as object) } : config;
  const parsed = configSchema.safeParse(nested);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(modelId, `${issue.path.join('.') || 'the document'}: ${issue.message}`);
  }
  const generated = generationSchema.safeParse(generation ?? {});
  const c = parsed.data;
  const layers = c.num_hidden_layers ?? c.n_layer;
  const hiddenSize = c.hidden_size ?? c.n_embd;
  const heads = c.num_attention_heads ?? c.n_head;
  if (!layers || !hiddenSize || !heads) throw invalid(modelId, 'the number of layers, the hidden size or the number of heads is missing');
  return {
    modelType: c.model_type,
    architecture: c.architectures?.[0] ?? c.model_type,
    vocabSize: c.vocab_size,
    layers,
    hiddenSize,
    heads,
    kvHeads: c.num_key_value_heads ?? heads,
    ...(c.head_dim ? { headDim: c.head_dim } : {}),
    maxPositions: c.max_position_embeddings ?? c.n_positions ?? null,
    bosIds: list(c.bos_token_id),
    eosIds: [...new Set([...list(c.eos_token_id), ...list(generated.success ? generated.data.eos_token_id : null)])],
  };
}

function invalid(modelId: string, detail: string): LabError {
  return new LabError('model-invalid', `The config.json of “${modelId}” cannot be used: ${detail}.`, 'Use a decoder language model exported for transformers.js, with its config.json unchanged.');
}
