/** The mean state of every token at one block, from texts that a model reads. */
import { message } from '../experiment/message';
import type { LanguageModel } from '../runtime/types';
import type { TokenTable } from './arms/arm';
import { yieldToEventLoop, type LabContext } from './context';
import type { PreparedText } from './rows';

const BATCH_TEXTS = 16;
/** Positions that are read at most: the means of all tokens but the rare ones are settled by then. */
export const TABLE_POSITIONS = 16_000;

/**
 * Reads training texts until there are enough positions.
 * @param texts as they were collected; those held out are left out
 */
export async function readTokenTable(
  context: LabContext,
  model: LanguageModel,
  block: number,
  texts: readonly PreparedText[],
  positions = TABLE_POSITIONS,
): Promise<TokenTable> {
  const { hiddenSize: width } = model.info;
  const sums = new Map<number, { count: number; sum: Float64Array }>();
  const total = new Float64Array(width);
  let rows = 0;
  const training = texts.filter(({ heldOut }) => !heldOut);
  for (let start = 0; start < training.length && rows < positions; start += BATCH_TEXTS) {
    const batch = training.slice(start, start + BATCH_TEXTS).map(({ target }) => target);
    const states = await model.statesAt(block, { rows: batch.map(({ ids }) => ({ ids })), sites: [] });
    batch.forEach(({ ids, positions: read }, k) => {
      for (const position of read) {
        const own = sums.get(ids[position]) ?? { count: 0, sum: new Float64Array(width) };
        sums.set(ids[position], own);
        own.count++;
        rows++;
        for (let d = 0; d < width; d++) {
          const x = states[k][position * width + d];
          own.sum[d] += x;
          total[d] += x;
        }
      }
    });
    context.progress({
      stage: 'evidence',
      done: Math.min(rows, positions),
      total: positions,
      unit: 'tokens',
      note: message('progress.token-table'),
    });
    await yieldToEventLoop(context.signal);
  }
  return {
    mean: total.map((x) => x / rows),
    tokens: new Map([...sums].map(([id, { count, sum }]) => [id, sum.map((x) => x / count)])),
  };
}
