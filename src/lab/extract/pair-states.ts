/**
 * What the extraction methods work on: the states of both sides of the contrast pairs, at the positions that are read.
 */
import type { Message } from '../../experiment/message';
import { LabError } from '../../experiment/errors';
import type { ContrastPair } from '../../experiment/schema';
import type { LanguageModel } from '../../runtime/types';
import { yieldToEventLoop, type LabContext } from '../context';
import { readText, type Prompting, type ReadPosition } from '../prompting';

const BATCH_TEXTS = 32;

/** Read states of one side of the pairs, one row a pair. */
export interface PairStates {
  width: number;
  /** Row-major [pairs × width]. */
  positive: Float32Array;
  negative: Float32Array;
}

/**
 * Checks the contrast pairs before any model is run.
 * @throws LabError `pairs-one-sided` when a pair lacks a side or both sides are the same, `pairs-too-few` under two
 */
export function checkPairs(pairs: readonly ContrastPair[]): void {
  pairs.forEach((pair, i) => {
    const missing = pair.positive.trim() === '' ? 'positive' : pair.negative.trim() === '' ? 'negative' : null;
    if (missing) {
      throw new LabError('pairs-one-sided.pair', { pair: i + 1, missing });
    }
    if (pair.positive.trim() === pair.negative.trim()) {
      throw new LabError('pairs-one-sided.same-pair', { pair: i + 1 });
    }
  });
  if (pairs.length < 2) {
    throw new LabError('pairs-too-few.experiment', { count: pairs.length });
  }
}

/**
 * Reads the residual stream after `block` for both sides of every pair.
 * @throws LabError `chat-template`, `pairs-one-sided`
 */
export async function collectPairStates(
  context: LabContext,
  model: LanguageModel,
  block: number,
  pairs: readonly ContrastPair[],
  readPosition: ReadPosition,
  prompting: Prompting,
  note: Message,
): Promise<PairStates> {
  const width = model.info.hiddenSize;
  const positive = new Float32Array(pairs.length * width);
  const negative = new Float32Array(pairs.length * width);
  const items = [
    ...pairs.map((p, i) => ({ text: p.positive, twin: p.negative, into: positive, i })),
    ...pairs.map((p, i) => ({ text: p.negative, twin: p.positive, into: negative, i })),
  ];
  for (let start = 0; start < items.length; start += BATCH_TEXTS) {
    const batch = items.slice(start, start + BATCH_TEXTS);
    const rows = batch.map((item) => readText(item.text, item.twin, model.tokenizer, prompting, readPosition));
    const states = await model.statesAt(block, { rows: rows.map(({ ids }) => ({ ids })), sites: [] });
    batch.forEach((item, k) => {
      const { read } = rows[k];
      const into = item.into.subarray(item.i * width, (item.i + 1) * width);
      for (const position of read)
        for (let d = 0; d < width; d++) into[d] += states[k][position * width + d] / read.length;
    });
    context.progress({
      stage: 'steer',
      done: Math.min(start + BATCH_TEXTS, items.length),
      total: items.length,
      unit: 'texts',
      note,
    });
    await yieldToEventLoop(context.signal);
  }
  return { width, positive, negative };
}
