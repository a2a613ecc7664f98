/** Chat templates: how a repository wants a conversation written out for its model. */
import { LabError } from '../experiment/errors';
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

/** Some templates write the date into the system message. A run must not depend on its day: for them it is always the day that Llama 3.2 falls back to. */
const TODAY = '26 Jul 2024';
const PARTS: Record<string, string> = {
  '%d': '26',
  '%b': 'Jul',
  '%B': 'July',
  '%m': '07',
  '%y': '24',
  '%Y': '2024',
  '%H': '12',
  '%M': '00',
  '%S': '00',
  '%%': '%',
};
const formatToday = (format: string): string => format.replace(/%[a-zA-Z%]/g, (part) => PARTS[part] ?? '');

/**
 * Writes a conversation out as the model's template has it. The text has its special tokens spelt out: encode it with
 * `encodeRendered`, which puts nothing in front.
 * @throws LabError `chat-template` if there is none, if it is not valid, or if it refuses the conversation
 */
export function applyChatTemplate(
  tokenizer: Pick<ModelTokenizer, 'chatTemplate' | 'specialTokens' | 'render'>,
  messages: readonly ChatMessage[],
  options: ChatTemplateOptions,
): string {
  const { chatTemplate, specialTokens } = tokenizer;
  if (chatTemplate === null) throw new LabError('chat-template.none');
  try {
    // The engine declares its own strftime_now, of the real day, and lets nobody declare it again.
    const template = chatTemplate.replace(/\bstrftime_now\b/g, 'strftime_fixed');
    return tokenizer.render(template, messages, {
      ...specialTokens,
      ...options.variables,
      date_string: TODAY,
      strftime_fixed: formatToday,
      add_generation_prompt: options.addGenerationPrompt,
    });
  } catch (error) {
    throw new LabError('chat-template.refused', { reason: (error as Error).message }, error);
  }
}
