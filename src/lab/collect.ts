/**
 * Collection: the same texts through both models, residual states of all blocks,
 * chosen positions only, streamed into the moments of the fit. Memory does not
 * grow with the tokens: only the moments and a bounded sample are kept.
 */
import { LabError } from '../experiment/errors';
import type { Experiment } from '../experiment/schema';
import { Random } from '../math/random';
import type { StreamingFit } from '../math/fit-types';
import type { LanguageModel, TapBatch, Tokenizer } from '../runtime/types';
import { breathe, type LabContext } from './context';
import type { PreparedText, RowSink, Sample } from './rows';

/** The smallest λ of the path: what the fit must be accurate at. */
const SMALLEST_LAMBDA = 0;
/** Texts of one batch. Kept small enough that a batch's taps stay a few megabytes. */
const BATCH_TEXTS = 16;

/**
 * Tokenises the corpus in a seeded order and splits it by whole texts, so that held-out tokens never share a story
 * with training tokens.
 * @throws LabError `corpus-empty` when fewer than two texts or fewer than 64 positions are left
 */
export function prepareTexts(texts: readonly string[], tokenizer: Tokenizer, corpus: Experiment['corpus']): PreparedText[] {
  const order = new Random(corpus.seed).permutation(texts.length);
  const prepared: PreparedText[] = [];
  let tokens = 0;
  for (const text of order) {
    if (tokens >= corpus.maxTokens) break;
    const ids = tokenizer.encode(texts[text]);
    const positions = readPositions(ids, tokenizer, corpus.positions).slice(0, corpus.maxTokens - tokens);
    if (positions.length === 0) continue;
    tokens += positions.length;
    prepared.push({ text, ids, positions, heldOut: false });
  }
  if (prepared.length < 2 || tokens < 64) {
    throw new LabError('corpus-empty', `The corpus gives only ${tokens} token positions in ${prepared.length} texts.`, 'Choose a larger corpus; at least two texts and 64 positions are needed.');
  }
  // Every k-th text is held out: both splits then run through the whole collection.
  const every = Math.max(2, Math.round(1 / corpus.heldOutFraction));
  prepared.forEach((item, i) => (item.heldOut = i % every === every - 1));
  return prepared;
}

/** `content`: neither the first position (an attention sink in most models) nor special tokens. */
export function readPositions(ids: readonly number[], tokenizer: Tokenizer, positions: Experiment['corpus']['positions']): number[] {
  const all = ids.map((_, i) => i);
  if (positions === 'all') return all;
  return all.filter((i) => i > 0 && !tokenizer.specialIds.has(ids[i]));
}

export interface Collected<M> {
  fit: StreamingFit<M>;
  sample: Sample;
  texts: number;
  tokens: { read: number; kept: number; train: number; heldOut: number };
}

/** Runs both models over the prepared texts and feeds the sink. The head of neither model is run. */
export async function collect<M>(
  context: LabContext,
  source: LanguageModel,
  target: LanguageModel,
  texts: readonly PreparedText[],
  sink: RowSink<M>,
): Promise<Collected<M>> {
  const total = texts.reduce((n, item) => n + item.positions.length, 0);
  const pass = async (note: string): Promise<void> => {
    let kept = 0;
    for (const split of [false, true]) {
      const members = texts.filter((item) => item.heldOut === split);
      for (let start = 0; start < members.length; start += BATCH_TEXTS) {
        const batch = members.slice(start, start + BATCH_TEXTS);
        await collectBatch(source, target, batch, sink, split);
        kept += batch.reduce((n, item) => n + item.positions.length, 0);
        context.progress({ stage: 'activations', done: kept, total, unit: 'tokens', note });
        await breathe(context.signal);
      }
    }
  };
  await pass('Reading the corpus with both models');
  if (await sink.fit.needsSecondPass(SMALLEST_LAMBDA)) {
    context.warn('The first rows did not represent the corpus; the states were collected a second time for an accurate fit.');
    await sink.fit.restart();
    sink.resetSample();
    await pass('Second pass: the first rows did not represent the corpus');
  }
  const counts = sink.fit.rows();
  const sample = await sink.finishSample();
  return {
    fit: sink.fit,
    sample,
    texts: texts.length,
    tokens: { read: texts.reduce((n, item) => n + item.ids.length, 0), kept: total, train: counts.train, heldOut: counts.heldOut },
  };
}

async function collectBatch<M>(source: LanguageModel, target: LanguageModel, batch: readonly PreparedText[], sink: RowSink<M>, heldOut: boolean): Promise<void> {
  const ids = batch.map((item) => item.ids);
  let sourceTaps: TapBatch | null = null;
  let targetTaps: TapBatch | null = null;
  try {
    sourceTaps = await source.collect(ids);
    targetTaps = await target.collect(ids);
    await sink.add(sourceTaps, targetTaps, batch, heldOut, source.tokenizer);
  } finally {
    sourceTaps?.dispose();
    targetTaps?.dispose();
  }
}
