import { describe, expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { parseConfig } from './config';
import { plainJson, parseModelJson } from './json';
import { refuseConfig, refuseListing } from './supported';
import { saidBy } from '../i18n/testing';

function refused(work: () => unknown): LabError | null {
  try {
    work();
    return null;
  } catch (error) {
    return LabError.from(error);
  }
}
const keyOf = (config: unknown): string | null => refused(() => refuseConfig(config, 'm'))?.key ?? null;

describe('what config.json says cannot run here', () => {
  test.each([
    [{ model_type: 't5', architectures: ['T5ForConditionalGeneration'], is_encoder_decoder: true }, 'encoder-decoder'],
    [{ model_type: 'another', is_encoder_decoder: true }, 'encoder-decoder'],
    [{ model_type: 'marian' }, 'encoder-decoder'],
    [{ model_type: 'whisper', architectures: ['WhisperForConditionalGeneration'] }, 'encoder-decoder'],
    [{ model_type: 'mamba', architectures: ['MambaForCausalLM'] }, 'recurrent'],
    [{ model_type: 'lfm2', layer_types: ['conv', 'conv', 'full_attention'] }, 'recurrent'],
    [{ model_type: 'new', layer_types: ['linear_attention', 'full_attention'] }, 'recurrent'],
    [{ model_type: 'jamba', layers_block_type: ['mamba', 'attention'] }, 'recurrent'],
    [{ model_type: 'nemotron_h', hybrid_override_pattern: 'M-M*-' }, 'recurrent'],
    [{ model_type: 'vl', text_config: { model_type: 'qwen3_next_text' } }, 'recurrent'],
    [{ model_type: 'bert', architectures: ['BertForMaskedLM'] }, 'no-head'],
    [{ model_type: 'modernbert' }, 'no-head'],
    [{ model_type: 'llama', architectures: ['LlamaForSequenceClassification'] }, 'no-head'],
    [{ model_type: 'qwen2', architectures: ['Qwen2Model'] }, 'no-head'],
  ])('%j', (config, kind) => {
    expect(keyOf(config)).toBe(`graph-unsupported.${kind}`);
    expect(refused(() => parseConfig(config, null, 'm'))!.key).toBe(`graph-unsupported.${kind}`);
  });

  test.each([
    { model_type: 'llama', architectures: ['LlamaForCausalLM'] },
    { model_type: 'gpt2', architectures: ['GPT2LMHeadModel'] },
    { model_type: 'gpt2', architectures: ['GPT2Model'] },
    {
      model_type: 'gemma3',
      architectures: ['Gemma3ForConditionalGeneration'],
      text_config: { model_type: 'gemma3_text' },
    },
    { model_type: 'gemma3_text', layer_types: ['sliding_attention', 'full_attention'] },
    { model_type: 'granitemoehybrid', layer_types: ['attention', 'attention'] },
    { model_type: 'gpt_neo', block_types: ['global', 'local'] },
    { model_type: 'bert', is_decoder: true, architectures: ['BertLMHeadModel'] },
    { model_type: 'mixtral', num_local_experts: 8 },
    { model_type: 'constructor' },
    {},
    null,
  ])('%j is not refused', (config) => {
    expect(keyOf(config)).toBeNull();
  });

  test('in terms of what it is', () => {
    const error = refused(() => refuseConfig({ model_type: 'lfm2', layer_types: ['conv', 'full_attention'] }, 'a/b'))!;
    expect(saidBy(error)).toContain('some of its layers are conv');
    const other = refused(() => refuseConfig({ model_type: 'mamba' }, 'a/b'))!;
    expect(saidBy(other)).toContain('“a/b” (mamba) is not made of attention alone.');
  });
});

describe('what the listing says', () => {
  const listing = (...paths: string[]): string | null =>
    refused(() => refuseListing(new Set(paths.map((path) => `onnx/${path}`)), 'm'))?.key ?? null;

  test('an encoder beside a decoder, embeddings beside a decoder', () => {
    expect(listing('encoder_model.onnx', 'decoder_model_merged.onnx')).toBe('graph-unsupported.encoder-decoder-files');
    expect(listing('encoder_model_q4.onnx', 'decoder_model_q4.onnx')).toBe('graph-unsupported.encoder-decoder-files');
    expect(listing('embed_tokens_q4.onnx', 'decoder_model_merged_q4.onnx', 'vision_encoder_q4.onnx')).toBe(
      'graph-unsupported.embeddings-files',
    );
  });

  test('a graph of text generation beside them, and the older exports, are not refused', () => {
    expect(listing('decoder_model_merged.onnx', 'decoder_model.onnx', 'decoder_with_past_model.onnx')).toBeNull();
    expect(listing('model.onnx', 'embed_tokens.onnx')).toBeNull();
    expect(listing('model_q4f16.onnx', 'encoder_model.onnx', 'decoder_model.onnx')).toBeNull();
    expect(listing()).toBeNull();
  });
});

describe('JSON as Python writes it', () => {
  test('Infinity and NaN are read, in strings they stay', () => {
    const text = '{"a": Infinity, "b": [-Infinity, NaN], "c": "NaN Infinity \\" -Infinity", "NaN": 1}';
    expect(JSON.parse(plainJson(text))).toEqual({
      a: Infinity,
      b: [-Infinity, null],
      c: 'NaN Infinity " -Infinity',
      NaN: 1,
    });
  });

  test('bytes that are JSON stay as they are; what is neither is named by the first fault', () => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const plain = bytes('{"a": 1}');
    expect(parseModelJson(plain, 'config.json', 'm').data).toBe(plain);
    const { value, data } = parseModelJson(bytes('{"a": Infinity}'), 'config.json', 'm');
    expect(value).toEqual({ a: Infinity });
    expect(JSON.parse(new TextDecoder().decode(data))).toEqual({ a: Infinity });
    for (const text of ['{"a": Infinit}', '{"a": NaN', 'NaNa', '{"a": InfinityNaN}'])
      expect(refused(() => parseModelJson(bytes(text), 'config.json', 'm'))!.key).toBe('model-invalid.json');
  });

  test('a configuration with Infinity where the lab does not look is used; where it counts, the field is named', () => {
    const llama = {
      model_type: 'llama',
      vocab_size: 100,
      hidden_size: 8,
      num_hidden_layers: 2,
      num_attention_heads: 4,
    };
    expect(parseConfig({ ...llama, time_step_limit: [0, Infinity] }, null, 'm').layers).toBe(2);
    expect(saidBy(refused(() => parseConfig({ ...llama, vocab_size: Infinity }, null, 'm'))!)).toContain('vocab_size');
  });
});
