/**
 * What the lab cannot run, told from a repository's listing and its config.json: before any weights are fetched, and in
 * terms of what the model is. What the lab takes is a decoder that reads token ids, keeps keys and values of every block
 * in its cache, and gives logits.
 */
import { LabError } from '../experiment/errors';

type Json = Record<string, unknown>;

/** Recurrent and hybrid architectures by `model_type`, where the configuration does not list the kinds of its layers. */
const RECURRENT = new Set([
  'mamba',
  'mamba2',
  'falcon_mamba',
  'falcon_h1',
  'rwkv',
  'rwkv5',
  'rwkv6',
  'rwkv7',
  'jamba',
  'bamba',
  'zamba',
  'zamba2',
  'recurrent_gemma',
  'lfm2',
  'lfm2_moe',
  'lfm2_vl',
  'granitemoehybrid',
  'nemotron_h',
  'qwen3_next',
  'kimi_linear',
  'plamo2',
  'minimax',
  'xlstm',
  'retnet',
]);

/** Names under which configurations list the kind of each layer. */
const LAYER_LISTS = ['layer_types', 'layers_block_type', 'block_types', 'hybrid_override_pattern'];

/** Encoder–decoders whose configuration may not say so. */
const ENCODER_DECODERS = new Set([
  't5',
  'mt5',
  'umt5',
  'longt5',
  'bart',
  'mbart',
  'marian',
  'pegasus',
  'pegasus_x',
  'm2m_100',
  'nllb-moe',
  'blenderbot',
  'blenderbot-small',
  'led',
  'prophetnet',
  'whisper',
  'speech_to_text',
  't5gemma',
]);

/** Ends of the names of architectures that give something else than the next token. */
const HEADLESS =
  /(For(MaskedLM|SequenceClassification|TokenClassification|QuestionAnswering|MultipleChoice|FeatureExtraction|ImageClassification|AudioClassification|CTC|NextSentencePrediction|RewardModeling)|(?<!LMHead)Model)$/;

/** Encoders, by `model_type`: they read a text both ways. */
const ENCODERS = new Set([
  'bert',
  'roberta',
  'xlm-roberta',
  'distilbert',
  'electra',
  'albert',
  'deberta',
  'deberta-v2',
  'mpnet',
  'modernbert',
  'nomic_bert',
  'camembert',
  'clip',
  'siglip',
  'vit',
  'wav2vec2',
]);

const object = (value: unknown): Json => (value !== null && typeof value === 'object' ? (value as Json) : {});
const words = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** The kinds of layers other than attention that a configuration lists; null where it lists none. */
function otherLayers(config: Json): string[] | null {
  for (const name of LAYER_LISTS) {
    const listed = typeof config[name] === 'string' ? [...config[name]] : words(config[name]);
    if (listed.length === 0) continue;
    // "full_attention", "sliding_attention", "attention", "global" and "local"; in patterns of letters a star.
    const attention = /^(?!linear).*attention$|^(global|local|\*|-)$/;
    return [...new Set(listed.filter((kind) => !attention.test(kind)))];
  }
  return null;
}

/**
 * Refuses a model that the lab cannot run, by its configuration.
 * @param config parsed config.json; of a repository with several parts, its language model is looked at one level down
 * @throws LabError `graph-unsupported.encoder-decoder`, `.recurrent` or `.no-head`, naming what the file says
 */
export function refuseConfig(config: unknown, id: string): void {
  const whole = object(config);
  const text = 'text_config' in whole ? { ...whole, ...object(whole.text_config) } : whole;
  const type = typeof text.model_type === 'string' ? text.model_type : '';
  const base = type.replace(/_text$/, '');
  const [architecture = ''] = words(whole.architectures);
  if (whole.is_encoder_decoder === true || text.is_encoder_decoder === true || ENCODER_DECODERS.has(base))
    throw new LabError('graph-unsupported.encoder-decoder', { id, type: type || architecture });
  const others = otherLayers(text);
  if (others === null ? RECURRENT.has(base) : others.length > 0)
    throw new LabError('graph-unsupported.recurrent', {
      id,
      type: type || architecture,
      layers: (others ?? []).join(', '),
      listed: String(others !== null),
    });
  // A causal model of an encoder's type exists (`is_decoder`): there the architecture decides.
  const encoder = ENCODERS.has(base) && text.is_decoder !== true && !/(CausalLM|LMHeadModel)$/.test(architecture);
  // Published weights of GPT-2's kind name their bare model and have a head all the same.
  const headless = HEADLESS.test(architecture) && !(type === 'gpt2' && architecture === 'GPT2Model');
  if (encoder || headless) throw new LabError('graph-unsupported.no-head', { id, type: architecture || type });
}

/**
 * Refuses a repository whose graphs are parts that the lab does not take, where none that it takes is beside them.
 * @param paths of the listing
 * @throws LabError `graph-unsupported.encoder-decoder-files` or `.embeddings-files`
 */
export function refuseListing(paths: ReadonlySet<string>, id: string): void {
  const names = [...paths].filter((path) => path.endsWith('.onnx')).map((path) => path.split('/').at(-1)!);
  const some = (pattern: RegExp): string[] => names.filter((name) => pattern.test(name));
  if (some(/^model(_(fp16|q4|q4f16|quantized))?\.onnx$/).length > 0) return;
  const encoders = some(/^encoder(_model)?(_\w+)?\.onnx$/);
  const decoders = some(/^decoder(_with_past)?(_model)?(_\w+)?\.onnx$/);
  if (encoders.length > 0 && decoders.length > 0)
    throw new LabError('graph-unsupported.encoder-decoder-files', { id, encoder: encoders[0], decoder: decoders[0] });
  const embeddings = some(/^(embed_tokens|embeddings?|language_model_embeddings)(_\w+)?\.onnx$/);
  if (embeddings.length > 0 && names.length > embeddings.length)
    throw new LabError('graph-unsupported.embeddings-files', { id, embeddings: embeddings[0] });
}
