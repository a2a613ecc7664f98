/** Contrast pairs that a model cannot read whole, found before anything is run. */
import { LabError } from '../experiment/errors';
import type { ContrastPair, Experiment } from '../experiment/schema';
import type { LanguageModel } from '../runtime/types';
import { choosePairs } from './held-out-pairs';
import type { Role } from './model-pair';
import { promptIds } from './prompting';

interface Reader {
  tokenizer: LanguageModel['tokenizer'];
  config: Pick<LanguageModel['config'], 'maxPositions'>;
}

/**
 * Refuses pairs of which a side has more tokens than a model has positions. Only those that the run reads are looked at.
 * @throws LabError `pairs-format.too-long`, of the first such pair, with the tokens of both sides; `chat-template`
 */
export function requirePairLengths(
  readers: Record<Role, Reader>,
  titles: Record<Role, string>,
  pairs: readonly ContrastPair[],
  { prompting, vector, generation }: Pick<Experiment, 'prompting' | 'vector' | 'generation'>,
): void {
  const chosen = new Set(choosePairs(pairs, vector.maxPairs, generation.seed));
  for (const role of ['source', 'target'] as const) {
    const { tokenizer, config } = readers[role];
    const { maxPositions } = config;
    if (maxPositions === null) continue;
    const tokens = (text: string): number => promptIds(text, tokenizer, prompting).length;
    const long = pairs.flatMap((pair, i) => {
      if (!chosen.has(pair)) return [];
      const lengths = { positive: tokens(pair.positive), negative: tokens(pair.negative) };
      return Math.max(lengths.positive, lengths.negative) > maxPositions ? [{ pair: i + 1, ...lengths }] : [];
    });
    if (long.length > 0)
      throw new LabError('pairs-format.too-long', {
        pair: long[0].pair,
        positive: long[0].positive,
        negative: long[0].negative,
        others: long.length - 1,
        model: titles[role],
        maxPositions,
      });
  }
}
