import { expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { parseConfig } from './config';
import { saying } from '../i18n/testing';

const llama = {
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  vocab_size: 100,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 64,
  bos_token_id: 1,
  eos_token_id: 2,
};

test('reads the usual names, and all end tokens of both files once', () => {
  expect(parseConfig(llama, { eos_token_id: [2, 7] }, 'm')).toEqual({
    modelType: 'llama',
    architecture: 'LlamaForCausalLM',
    vocabSize: 100,
    layers: 2,
    hiddenSize: 8,
    heads: 4,
    kvHeads: 2,
    maxPositions: 64,
    bosIds: [1],
    eosIds: [2, 7],
    parameters: null,
  });
});

test('reads GPT-2’s names, and the language part of a multimodal model', () => {
  const gpt2 = {
    model_type: 'gpt2',
    vocab_size: 100,
    n_embd: 8,
    n_layer: 2,
    n_head: 4,
    n_positions: 32,
    eos_token_id: null,
  };
  expect(parseConfig(gpt2, null, 'm')).toMatchObject({
    hiddenSize: 8,
    layers: 2,
    heads: 4,
    kvHeads: 4,
    maxPositions: 32,
    bosIds: [],
    eosIds: [],
  });
  expect(parseConfig({ model_type: 'both', text_config: llama }, null, 'm')).toMatchObject({
    modelType: 'llama',
    layers: 2,
  });
});

test('a head may be wider than its share of the hidden size', () => {
  expect(parseConfig({ ...llama, head_dim: 256 }, null, 'm').headDim).toBe(256);
});

test('names the field that is missing', () => {
  const { vocab_size: _, ...rest } = llama;
  expect(() => parseConfig(rest, null, 'm')).toThrow('vocab_size');
  expect(() => parseConfig({ ...llama, num_hidden_layers: undefined }, null, 'm')).toThrow(LabError);
  expect(() => parseConfig(null, null, 'm')).toThrow(saying('the document'));
});

test.each([
  // As transformers counts the parameters of these configurations.
  [
    'SmolLM2 135M',
    {
      model_type: 'llama',
      vocab_size: 49152,
      hidden_size: 576,
      intermediate_size: 1536,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      tie_word_embeddings: true,
    },
    134_515_008,
    49152 * 576,
  ],
  [
    'Gemma 3 270M',
    {
      model_type: 'gemma3_text',
      vocab_size: 262144,
      hidden_size: 640,
      intermediate_size: 2048,
      num_hidden_layers: 18,
      num_attention_heads: 4,
      num_key_value_heads: 1,
      head_dim: 256,
    },
    268_098_176,
    262144 * 640,
  ],
  [
    'Qwen2.5 0.5B',
    {
      model_type: 'qwen2',
      vocab_size: 151936,
      hidden_size: 896,
      intermediate_size: 4864,
      num_hidden_layers: 24,
      num_attention_heads: 14,
      num_key_value_heads: 2,
      tie_word_embeddings: true,
    },
    494_032_768,
    151936 * 896,
  ],
  [
    'GPT-2',
    { model_type: 'gpt2', vocab_size: 50257, n_embd: 768, n_layer: 12, n_head: 12, n_positions: 1024, n_inner: null },
    124_439_808,
    (50257 + 1024) * 768,
  ],
  [
    'Pythia 70M',
    {
      model_type: 'gpt_neox',
      vocab_size: 50304,
      hidden_size: 512,
      intermediate_size: 2048,
      num_hidden_layers: 6,
      num_attention_heads: 8,
      max_position_embeddings: 2048,
      tie_word_embeddings: false,
      attention_bias: true,
    },
    70_426_624,
    2 * 50304 * 512,
  ],
])('counts the parameters of %s', (_name, config, total, embedding) => {
  expect(parseConfig(config, null, 'm').parameters).toEqual({ total, withoutEmbeddings: total - embedding });
});

test('counts no parameters where the configuration does not determine them', () => {
  const known = { ...llama, intermediate_size: 16 };
  expect(parseConfig(known, null, 'm').parameters).not.toBeNull();
  // Two matrices where head and embedding are not one.
  expect(
    parseConfig(known, null, 'm').parameters!.total -
      parseConfig({ ...known, tie_word_embeddings: true }, null, 'm').parameters!.total,
  ).toBe(100 * 8);
  for (const other of [
    { ...known, model_type: 'another' },
    { ...known, model_type: 'constructor' },
    { ...known, mlp_bias: true },
    llama,
    { ...llama, model_type: 'gpt2' },
    { ...known, model_type: 'gpt_neox', attention_bias: false },
  ])
    expect(parseConfig(other, null, 'm').parameters).toBeNull();
});
