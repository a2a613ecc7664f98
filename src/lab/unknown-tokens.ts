/** Texts that a tokenizer does not know: how many of their tokens stand for "unknown", which the model cannot tell apart. */
import { message, type Message } from '../experiment/message';
import type { ModelTokenizer } from '../runtime/types';

/** Share of unknown tokens above which a reader is warned. An opinion: one in a hundred is about one in every few sentences. */
export const UNKNOWN_LIMIT = 0.01;

export interface UnknownCount {
  unknown: number;
  tokens: number;
}

/** Counts the unknown tokens of texts, special tokens in front left out. */
export function countUnknown(
  texts: Iterable<readonly number[]>,
  { unknownId, bosId }: Pick<ModelTokenizer, 'unknownId' | 'bosId'>,
): UnknownCount {
  const count = { unknown: 0, tokens: 0 };
  for (const ids of texts)
    for (const id of ids) {
      if (id === bosId && id !== unknownId) continue;
      count.tokens++;
      if (id === unknownId) count.unknown++;
    }
  return count;
}

/** What must be said of the unknown tokens of a model in the corpus or the pairs; null below the limit. */
export function unknownWarning(
  where: 'corpus' | 'pairs',
  model: string,
  { unknown, tokens }: UnknownCount,
): Message | null {
  if (tokens === 0 || unknown / tokens <= UNKNOWN_LIMIT) return null;
  return message(`run.warn.unknown-${where}`, { model, unknown, tokens, share: (100 * unknown) / tokens });
}
