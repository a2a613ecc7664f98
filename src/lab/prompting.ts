/**
 * How a text is put to a model: as it stands, or as the user's message in the model's own chat template, up to where
 * the assistant would begin to answer. Prompts and contrast pairs go this way; corpus and neutral texts are always
 * plain.
 */
import { LabError } from '../experiment/errors';
import type { RenderedPrompt } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { applyChatTemplate, type ChatMessage } from '../models';
import type { LanguageModel, ModelTokenizer } from '../runtime/types';
import type { Role } from './model-pair';
import { readPositions } from './prepare';
import { partingOf, READERS } from './read-positions';

export type Prompting = Experiment['prompting'];
export type ReadPosition = Experiment['vector']['readPosition'];

/** The conversation that a text becomes. */
function messagesOf(text: string, { system }: Prompting): ChatMessage[] {
  const user: ChatMessage = { role: 'user', content: text };
  return system === '' ? [user] : [{ role: 'system', content: system }, user];
}

/** The text as the model's chat template writes it out. @throws LabError `chat-template` */
export function renderChat(text: string, tokenizer: ModelTokenizer, prompting: Prompting): string {
  return applyChatTemplate(tokenizer, messagesOf(text, prompting), { addGenerationPrompt: true });
}

/**
 * Token ids of a prompt or of one side of a pair.
 * @throws LabError `chat-template` where there is no template, or it refuses the conversation
 */
export function promptIds(text: string, tokenizer: ModelTokenizer, prompting: Prompting): number[] {
  return prompting.template === 'plain'
    ? tokenizer.encode(text)
    : tokenizer.encodeRendered(renderChat(text, tokenizer, prompting));
}

/**
 * A side of a contrast pair: its ids, and the positions whose state is its state (`READERS`).
 *
 * In a chat, `last` is the last token of all, where the answer would begin: everything that was said is behind it (as
 * Arditi et al. 2024 read instructions). `mean` is over the tokens of the message itself, without those of the
 * template, which are the same in every text. `completion` is over those of them from where the ids of the two sides
 * part. Plain, none takes the first position or a special token.
 * @param twin the other side of the pair
 * @throws LabError `chat-template`, also where the template does not keep the message as it is and its tokens are asked
 *   for; `pairs-one-sided` where the completion is asked for and the text is the beginning of its twin
 */
export function readText(
  text: string,
  twin: string,
  tokenizer: ModelTokenizer,
  prompting: Prompting,
  readPosition: ReadPosition,
): { ids: number[]; read: number[] } {
  const rendered = prompting.template === 'plain' ? null : renderChat(text, tokenizer, prompting);
  const ids = rendered === null ? tokenizer.encode(text) : tokenizer.encodeRendered(rendered);
  const content = (): number[] => {
    const own =
      rendered === null ? readPositions(ids, tokenizer, 'content') : messagePositions(text, rendered, ids, tokenizer);
    return own.length > 0 ? own : [ids.length - 1];
  };
  const read = READERS[readPosition]({
    text,
    content,
    end: () => (rendered === null ? content().at(-1)! : ids.length - 1),
    parting: () => partingOf(ids, promptIds(twin, tokenizer, prompting)),
  });
  return { ids, read };
}

/**
 * Positions of a message's own tokens in a rendered conversation.
 * @throws LabError `chat-template` where it is not found
 */
function messagePositions(text: string, rendered: string, ids: readonly number[], tokenizer: ModelTokenizer): number[] {
  const message = text.trim();
  // The last place: a system message may say the same.
  const start = rendered.lastIndexOf(message);
  if (start === -1) throw new LabError('chat-template.rewrites');
  const end = start + message.length;
  const { offsets } = tokenizer.encodeWithOffsets(rendered);
  // What the tokenizer would put in front of a text is not in front of a rendered one.
  const own = offsets.slice(offsets.length - ids.length);
  return own.flatMap(([from, to], i) =>
    from < to && to > start && from < end && !tokenizer.specialIds.has(ids[i]) ? [i] : [],
  );
}

/** What is shown of a text: its tokens, which of them are special, and which are read. */
export function writtenText(
  ids: readonly number[],
  tokenizer: ModelTokenizer,
  read: readonly number[] = [],
): RenderedPrompt {
  return {
    tokens: tokenizer.pieces(ids),
    special: ids.flatMap((id, i) => (tokenizer.specialIds.has(id) ? [i] : [])),
    read: [...read],
  };
}

/** A prompt as each model is given it; null where it is plain. */
export function writtenPrompt(
  text: string,
  tokenizers: Record<Role, ModelTokenizer>,
  prompting: Prompting,
): Record<Role, RenderedPrompt> | null {
  if (prompting.template === 'plain') return null;
  const of = (tokenizer: ModelTokenizer): RenderedPrompt =>
    writtenText(promptIds(text, tokenizer, prompting), tokenizer);
  return { source: of(tokenizers.source), target: of(tokenizers.target) };
}

/**
 * That both models can be asked as the settings have it: tried before anything long is begun.
 * @throws LabError `chat-template`, naming the model
 */
export function requireTemplates(
  pair: Record<Role, Pick<LanguageModel, 'tokenizer'>>,
  titles: Record<Role, string>,
  prompting: Prompting,
): void {
  if (prompting.template === 'plain') return;
  for (const role of ['source', 'target'] as const) {
    const { tokenizer } = pair[role];
    if (tokenizer.chatTemplate === null) throw new LabError('chat-template.model-none', { model: titles[role] });
    try {
      renderChat('Hello', tokenizer, prompting);
    } catch (thrown) {
      const error = LabError.from(thrown);
      if (error.key !== 'chat-template.refused') throw error;
      throw new LabError(
        prompting.system === '' ? 'chat-template.model' : 'chat-template.model-system',
        { model: titles[role], reason: error.params.reason },
        thrown,
      );
    }
  }
}
