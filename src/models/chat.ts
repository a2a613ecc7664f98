/** Chat templates: how a repository wants a conversation written out for its model. */
import { LabError } from '../experiment/errors';
import { renderTemplate } from './template';
import type { ModelTokenizer } from './types';

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface ChatTemplateOptions {
  /** End with what opens the assistant's answer. */
  addGenerationPrompt: boolean;
  /** Further variables that some templates read, such as `enable_thinking` of Qwen3. */
  variables?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * The template of a repository: a file of its own, or a field of tokenizer_config.json, which is a string or a list of
 * named ones (then the one called “default”).
 * @param file contents of chat_template.jinja, or null
 */
export function readChatTemplate(tokenizerConfig: unknown, file: string | null): string | null {
  if (file !== null) return file;
  const field =
    tokenizerConfig !== null && typeof tokenizerConfig === 'object' && 'chat_template' in tokenizerConfig
      ? tokenizerConfig.chat_template
      : null;
  if (typeof field === 'string') return field;
  if (!Array.isArray(field)) return null;
  const named = (field as unknown[]).filter(
    (item): item is { name: string; template: string } =>
      item !== null && typeof item === 'object' && 'template' in item && typeof item.template === 'string',
  );
  return (named.find((item) => item.name === 'default') ?? named[0])?.template ?? null;
}

/** The day of `template.ts`, as Llama's templates ask for it. */
const TODAY = '26 Jul 2024';

/**
 * Writes a conversation out as the model's template has it. The text has its special tokens spelt out: encode it with
 * `encodeRendered`, which puts nothing in front.
 * @throws LabError `chat-template` if there is none, if it uses what is not supported, or if it refuses the conversation
 */
export function applyChatTemplate(
  tokenizer: Pick<ModelTokenizer, 'chatTemplate' | 'specialTokens'>,
  messages: readonly ChatMessage[],
  options: ChatTemplateOptions,
): string {
  const { chatTemplate, specialTokens } = tokenizer;
  if (chatTemplate === null) throw new LabError('chat-template.none');
  return renderTemplate(chatTemplate, messages, {
    ...specialTokens,
    ...options.variables,
    date_string: TODAY,
    add_generation_prompt: options.addGenerationPrompt,
  });
}
