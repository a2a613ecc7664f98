/**
 * A sentence as data: the key of a catalogue entry and what fills its places. Everything that a run, an error or a
 * warning says is kept in this form and becomes words where it is shown, in the reader's language (`src/i18n`).
 */
import { z } from 'zod';
import type { MessageKey } from '../i18n/keys';

/** What fills a place of a message: a value, or further messages, which are joined by " · ". */
export type MessageParam = string | number | boolean | Message | Message[];
export type MessageParams = Record<string, MessageParam>;

export interface Message {
  /** Key of the catalogue. Of a document it may be one that this version of the lab does not have. */
  key: string;
  params: MessageParams;
}

/** A message of this version's catalogue. */
export function message(key: MessageKey, params: MessageParams = {}): Message {
  return { key, params };
}

/** A text that was written elsewhere or by an older version, word for word. */
export function verbatim(text: string): Message {
  return message('verbatim', { text });
}

/** Key prefix of a message that says what an error says. */
export const ERROR_PREFIX = 'error:';

/** Several messages as one. */
export const listed = (items: Message[]): Message => message('list', { items });

/** Whether two messages say the same. */
export const sameMessage = (a: Message, b: Message): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The form of a message in a document. */
export const messageSchema: z.ZodType<Message> = z.lazy(() =>
  z.strictObject({
    key: z.string().min(1).max(120),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), messageSchema, z.array(messageSchema)])),
  }),
);
