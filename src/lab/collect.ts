/**
 * Collection: the same texts through both models, residual states of all blocks,
 * chosen positions only, streamed into the moments of the fit. Memory does not
 * grow with the tokens: only the moments and a bounded sample are kept.
 */
import { message, type Message } from '../experiment/message';
import type { ActivationsResult } from '../experiment/run';
import type { SecondPassReason, StreamingFit } from '../fit/types';
import type { TapBatch, Tokenizer } from '../runtime/types';
import { yieldToEventLoop, type LabContext } from './context';
import { rethrowNonFinite } from './fit';
import { finiteSample, rowsIn, type CollectCheckpoint, type PreparedText, type RowSink, type Sample } from './rows';

/** The smallest λ of the path: what the fit must be accurate at. */
const SMALLEST_LAMBDA = 0;
/** Texts of one batch. Kept small enough that a batch's taps stay a few megabytes. */
export const BATCH_TEXTS = 16;

export interface Collected<M> {
  fit: StreamingFit<M>;
  sample: Sample;
  secondPassReason: Message | null;
  texts: number;
  tokens: ActivationsResult['tokens'];
}

/** Least time between two checkpoints, and how many times longer than the last one took it must be at least. */
const CHECKPOINT_MS = 8_000;
const CHECKPOINT_SHARE = 20;

/** Batches of texts of one split and one fold; folds take turns, so that the first batches represent the whole. */
export function batchesOf(texts: readonly PreparedText[]): PreparedText[][] {
  const cut = (members: readonly PreparedText[]): PreparedText[][] =>
    Array.from({ length: Math.ceil(members.length / BATCH_TEXTS) }, (_, i) =>
      members.slice(i * BATCH_TEXTS, (i + 1) * BATCH_TEXTS),
    );
  const training = texts.filter((item) => !item.heldOut);
  const folds = 1 + Math.max(0, ...training.map((item) => item.fold));
  const perFold = Array.from({ length: folds }, (_, fold) => cut(training.filter((item) => item.fold === fold)));
  const longest = Math.max(0, ...perFold.map((batches) => batches.length));
  const interleaved = Array.from({ length: longest }, (_, i) =>
    perFold.flatMap((batches) => batches.slice(i, i + 1)),
  ).flat();
  return [...interleaved, ...cut(texts.filter((item) => item.heldOut))];
}

/** Where the states of a batch come from: a model that is run, or what one wrote to disk. */
export interface StateSource {
  readonly tokenizer: Tokenizer;
  /** @param batch its number in `batchesOf` */
  collect(rows: readonly (readonly number[])[], batch: number): Promise<TapBatch>;
}

/** Takes the states of the prepared texts on both sides and feeds the sink. The head of neither model is run. */
export async function collect<M>(
  context: LabContext,
  source: StateSource,
  target: StateSource,
  texts: readonly PreparedText[],
  sink: RowSink<M>,
  { key, resume, note = message('progress.corpus') }: { key: string; resume: CollectCheckpoint | null; note?: Message },
): Promise<Collected<M>> {
  const total = rowsIn(texts);
  const batches = batchesOf(texts);
  let secondPassReason = resume?.secondPassReason ?? null;
  const { checkpointMs = CHECKPOINT_MS } = context;
  let due = performance.now() + checkpointMs;
  const pass = async (note: Message, first: number): Promise<void> => {
    let kept = rowsIn(batches.slice(0, first).flat());
    for (let i = first; i < batches.length; i++) {
      await collectBatch(source, target, batches[i], i, sink);
      kept += rowsIn(batches[i]);
      context.progress({ stage: 'activations', done: kept, total, unit: 'tokens', note });
      await yieldToEventLoop(context.signal);
      if (performance.now() < due) continue;
      const began = performance.now();
      const state = await sink.checkpoint();
      if (state) context.onCheckpoint({ key, batches: i + 1, secondPassReason, sink: state });
      due =
        performance.now() +
        (state ? checkpointMs && Math.max(checkpointMs, CHECKPOINT_SHARE * (performance.now() - began)) : Infinity);
    }
  };
  const second = message('progress.second-pass');
  if (resume)
    context.warn(message('run.warn.resumed', { done: rowsIn(batches.slice(0, resume.batches).flat()), total }));
  await pass(secondPassReason ? second : note, resume?.batches ?? 0);
  const flaw = secondPassReason ? null : await sink.fit.secondPassReason(SMALLEST_LAMBDA).catch(rethrowNonFinite);
  if (flaw) {
    secondPassReason = causeOf(flaw);
    context.warn(message('run.warn.second-pass', { reason: secondPassReason }));
    await sink.fit.restart();
    sink.resetSample();
    await pass(second, 0);
  }
  context.onCheckpoint(null);
  const { train, heldOut, excluded } = await sink.fit.rows();
  if (excluded > 0) context.warn(message('run.warn.excluded', { excluded, total }));
  return {
    fit: sink.fit,
    sample: finiteSample(await sink.finishSample()),
    secondPassReason,
    texts: texts.length,
    tokens: { read: texts.reduce((n, item) => n + item.source.ids.length, 0), kept: total, train, heldOut, excluded },
  };
}

function causeOf({ sourceLayer, badPivots, meanSquare, limit }: SecondPassReason): Message {
  return badPivots > 0
    ? message('run.second-pass.pivots', { block: sourceLayer, pivots: badPivots })
    : message('run.second-pass.mean-square', {
        block: sourceLayer,
        meanSquare: meanSquare.toExponential(1),
        limit: limit.toExponential(0),
      });
}

async function collectBatch<M>(
  source: StateSource,
  target: StateSource,
  batch: readonly PreparedText[],
  number: number,
  sink: RowSink<M>,
): Promise<void> {
  let sourceTaps: TapBatch | null = null;
  let targetTaps: TapBatch | null = null;
  try {
    sourceTaps = await source.collect(
      batch.map((item) => item.source.ids),
      number,
    );
    targetTaps = await target.collect(
      batch.map((item) => item.target.ids),
      number,
    );
    await sink.add(sourceTaps, targetTaps, batch, { source: source.tokenizer, target: target.tokenizer });
  } finally {
    sourceTaps?.dispose();
    targetTaps?.dispose();
  }
}
