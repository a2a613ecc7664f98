/** What the lab needs from a repository's config.json and generation_config.json. */
import { z } from 'zod';
import { LabError } from '../experiment/errors';
import type { ModelConfig } from './types';
import { refuseConfig } from './supported';
import { problemList, problemsOf } from '../experiment/problems';

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
/** What the number of parameters also depends on. */
const partsSchema = z.looseObject({
  intermediate_size: count,
  tie_word_embeddings: z.boolean().nullish(),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
});

/**
 * Families with gated feed-forward blocks and RMS norms, whose number of parameters follows from the configuration: norms of
 * the hidden size a block, whether queries and keys have norms of the size of a head, whether queries, keys and values have
 * biases, and whether embedding and head are one matrix where the configuration does not say.
 */
const COUNTED: Record<string, { norms: number; headNorms: boolean; biases: boolean; tied: boolean }> = {
  llama: { norms: 2, headNorms: false, biases: false, tied: false },
  mistral: { norms: 2, headNorms: false, biases: false, tied: false },
  smollm3: { norms: 2, headNorms: false, biases: false, tied: true },
  qwen2: { norms: 2, headNorms: false, biases: true, tied: false },
  qwen3: { norms: 2, headNorms: true, biases: false, tied: false },
  gemma2: { norms: 4, headNorms: false, biases: false, tied: true },
  gemma3_text: { norms: 4, headNorms: true, biases: false, tied: true },
};

/** What it depends on in GPT-2 and GPT-NeoX. */
const gptSchema = z.looseObject({
  n_inner: count.nullish(),
  intermediate_size: count.nullish(),
  tie_word_embeddings: z.boolean().nullish(),
  attention_bias: z.literal(true).nullish(),
  add_cross_attention: z.literal(false).nullish(),
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
 * @throws LabError `model-invalid` naming the first wrong field; `graph-unsupported` for a kind of model that the lab cannot run (`refuseConfig`)
 */
export function parseConfig(config: unknown, generation: unknown, modelId: string): ModelConfig {
  refuseConfig(config, modelId);
  // Multimodal repositories keep the language model's part one level down.
  const nested =
    config !== null && typeof config === 'object' && 'text_config' in config
      ? { ...config, ...(config.text_config as object) }
      : config;
  const parsed = configSchema.safeParse(nested);
  if (!parsed.success) {
    throw new LabError('model-invalid.config', {
      id: modelId,
      problems: problemList(problemsOf(parsed.error, nested)),
    });
  }
  const generated = generationSchema.safeParse(generation ?? {});
  const c = parsed.data;
  const layers = c.num_hidden_layers ?? c.n_layer;
  const hiddenSize = c.hidden_size ?? c.n_embd;
  const heads = c.num_attention_heads ?? c.n_head;
  if (!layers || !hiddenSize || !heads) throw new LabError('model-invalid.config-sizes', { id: modelId });
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
    parameters: countParameters(
      nested,
      {
        vocabSize: c.vocab_size,
        layers,
        hiddenSize,
        heads,
        kvHeads: c.num_key_value_heads ?? heads,
        headDim: c.head_dim ?? hiddenSize / heads,
        modelType: c.model_type,
      },
      c.n_positions ?? null,
    ),
  };
}

type Shape = Pick<ModelConfig, 'modelType' | 'vocabSize' | 'layers' | 'hiddenSize' | 'heads' | 'kvHeads'> & {
  headDim: number;
};

/** Parameters of the families in COUNTED and of GPT's, embedding and head apart; null for another, or one with parts that are not counted. */
function countParameters(
  config: unknown,
  { modelType, vocabSize, layers, hiddenSize, heads, kvHeads, headDim }: Shape,
  positions: number | null,
): ModelConfig['parameters'] {
  if (modelType === 'gpt2' || modelType === 'gpt_neox')
    return countGpt(config, { modelType, vocabSize, layers, hiddenSize }, positions);
  const family = Object.hasOwn(COUNTED, modelType) ? COUNTED[modelType] : null;
  const parts = partsSchema.safeParse(config);
  if (!family || !parts.success || parts.data.attention_bias || parts.data.mlp_bias) return null;
  const { intermediate_size: inner, tie_word_embeddings: tied } = parts.data;
  const [queries, keys] = [heads * headDim, kvHeads * headDim];
  const attention =
    2 * hiddenSize * queries +
    2 * hiddenSize * keys +
    (family.biases ? queries + 2 * keys : 0) +
    (family.headNorms ? 2 * headDim : 0);
  const rest = layers * (attention + 3 * hiddenSize * inner + family.norms * hiddenSize) + hiddenSize;
  return { total: rest + vocabSize * hiddenSize * ((tied ?? family.tied) ? 1 : 2), withoutEmbeddings: rest };
}

/**
 * Two matrices in a feed-forward block, biases and norms of two vectors everywhere. GPT-2 learns an embedding of each of its
 * positions and has one matrix for embedding and head; GPT-NeoX turns its positions and has two.
 */
function countGpt(
  config: unknown,
  { modelType, vocabSize, layers, hiddenSize }: Pick<Shape, 'modelType' | 'vocabSize' | 'layers' | 'hiddenSize'>,
  positions: number | null,
): ModelConfig['parameters'] {
  const parts = gptSchema.safeParse(config);
  const first = modelType === 'gpt2';
  if (!parts.success || (first && positions === null)) return null;
  const inner = (first ? parts.data.n_inner : parts.data.intermediate_size) ?? 4 * hiddenSize;
  const tied = parts.data.tie_word_embeddings ?? first;
  const rest = layers * (4 * hiddenSize ** 2 + 2 * hiddenSize * inner + 9 * hiddenSize + inner) + 2 * hiddenSize;
  return {
    total: rest + hiddenSize * (vocabSize * (tied ? 1 : 2) + (first ? positions! : 0)),
    withoutEmbeddings: rest,
  };
}
