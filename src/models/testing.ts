/** Test helper: a tokenizer of parsed files, without a folder to open. */
import { PreTrainedTokenizer } from '@huggingface/transformers';
import type { ModelConfig, ModelTokenizer } from './types';
import { createTokenizer } from './tokenizer';

/**
 * @param tokenizerJson parsed tokenizer.json
 * @param tokenizerConfig parsed tokenizer_config.json
 * @param templateFile contents of chat_template.jinja
 */
export function tokenizerOf(
  tokenizerJson: unknown,
  tokenizerConfig: unknown,
  config: Pick<ModelConfig, 'bosIds' | 'eosIds'>,
  modelId: string,
  templateFile: string | null = null,
): ModelTokenizer {
  const auto = new PreTrainedTokenizer(tokenizerJson as object, tokenizerConfig as object);
  return createTokenizer(auto, config, modelId, templateFile);
}
