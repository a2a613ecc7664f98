/**
 * Collection with one model in memory at a time: the source reads the whole corpus and its states go to disk as they are;
 * then the target reads it and meets them batch by batch, in the same order. The sink sees the same numbers in the same
 * order as if both had been run side by side, so the fit is the same to the last bit.
 */
import { message } from '../experiment/message';
import { digestOf } from '../experiment/digest';
import type { LanguageModel, TapBatch } from '../runtime/types';
import { batchesOf, collect, type Collected, type StateSource } from './collect';
import { yieldToEventLoop, type LabContext } from './context';
import type { ModelPair } from './model-pair';
import { rowsIn, type CollectCheckpoint, type PreparedText, type RowSink } from './rows';
import { StateStore, sweepStates, type StateFile } from './state-store';

/** A collection to be made: its key, and where a lost device broke it off. */
export interface CollectionRequest {
  key: string;
  resume: CollectCheckpoint | null;
}

/**
 * Collects the states of a pair, side by side or one after the other, as the pair is held in memory.
 * @throws LabError as `collect`; sequential also `storage-full` before anything is run, with what is missing, and `storage-*`
 */
export async function collectPair<M>(
  context: LabContext,
  pair: ModelPair,
  texts: readonly PreparedText[],
  sink: RowSink<M>,
  { key, resume }: CollectionRequest,
  root?: FileSystemDirectoryHandle,
): Promise<Collected<M>> {
  const goOn = resume?.sink ? resume : null;
  if (!resume) await sweepStates(root);
  if (pair.residence === 'together')
    return collect(context, pair.source, pair.target, texts, sink, { key, resume: goOn });
  const states = await storeSourceStates(context, pair.source, texts, { key, resume }, root);
  try {
    const collected = await collect(context, states, pair.target, texts, sink, {
      key,
      resume: goOn,
      note: message('progress.corpus-large'),
    });
    await states.discard();
    return collected;
  } catch (error) {
    await settle(context, states, error);
    throw error;
  }
}

/** States of the source, on disk: read like the model that wrote them. */
interface StoredStates extends StateSource {
  /** Removes them. */
  discard(): Promise<void>;
  /** Leaves them for a run that goes on after a lost device. */
  keep(): void;
}

/**
 * Runs the source over the prepared texts and writes its states to disk. With a checkpoint of the same collection it goes
 * on after the batches that are there.
 */
async function storeSourceStates(
  context: LabContext,
  source: LanguageModel,
  texts: readonly PreparedText[],
  { key, resume }: CollectionRequest,
  root?: FileSystemDirectoryHandle,
): Promise<StoredStates> {
  const { backend, runtime, signal } = context;
  const batches = batchesOf(texts);
  const store = await StateStore.open(root);
  const shape = {
    // Another backend gives other last digits.
    key: digestOf({ key, backend: runtime.backend }),
    blocks: source.info.layers,
    width: source.info.hiddenSize,
    tokens: batches.map((batch) => batch.reduce((sum, item) => sum + item.source.ids.length, 0)),
  };
  const file = await store.file(shape, resume !== null);
  const states = storedStates(context, source, file, batches);
  if (resume && !resume.sink && file.batches > 0)
    context.warn(message('run.warn.resumed-source', { done: file.batches, total: batches.length }));
  try {
    const total = rowsIn(texts);
    let done = rowsIn(batches.slice(0, file.batches).flat());
    // What is on disk is all that a lost device leaves of this pass.
    if (backend.device && !resume?.sink) context.onCheckpoint({ key, batches: 0, secondPassReason: null, sink: null });
    for (const batch of batches.slice(file.batches)) {
      const taps = await source.collect(batch.map((item) => item.source.ids));
      try {
        await file.append(async (block) =>
          trimmed(await backend.readTap(taps.blocks[block], taps.rows * taps.length), taps, taps.blocks[block].width),
        );
      } finally {
        taps.dispose();
      }
      done += rowsIn(batch);
      context.progress({
        stage: 'activations',
        done,
        total,
        unit: 'tokens',
        note: message('progress.corpus-small'),
      });
      await yieldToEventLoop(signal);
    }
    return states;
  } catch (error) {
    await settle(context, states, error);
    throw error;
  }
}

/** Removes the states of a collection that failed, unless the graphics device may have been lost: then a new one goes on from them. */
async function settle({ backend, signal }: LabContext, states: StoredStates, error: unknown): Promise<void> {
  const cancelled = signal.aborted || (error as { code?: string }).code === 'cancelled';
  if (backend.device && !cancelled) states.keep();
  else await states.discard();
}

function storedStates(
  { backend }: LabContext,
  { tokenizer, info }: LanguageModel,
  file: StateFile,
  batches: readonly PreparedText[][],
): StoredStates {
  return {
    tokenizer,
    collect: async (rows, batch) => {
      const lengths = batches[batch].map((item) => item.source.ids.length);
      const shape = { rows: rows.length, length: Math.max(...lengths), lengths };
      const width = info.hiddenSize;
      return backend.tapsOf(
        Array.from({ length: info.layers }, (_, block) => () => padded(file.read(batch, block), shape, width)),
        width,
        shape,
      );
    },
    discard: () => file.discard(),
    keep: () => file.close(),
  };
}

type Shape = Pick<TapBatch, 'rows' | 'length' | 'lengths'>;

/** [rows × length × width], right-padded → [tokens × width]. */
function trimmed(states: Float32Array, { length, lengths }: Shape, width: number): Float32Array {
  const out = new Float32Array(lengths.reduce((a, b) => a + b, 0) * width);
  let at = 0;
  lengths.forEach((tokens, row) => {
    out.set(states.subarray(row * length * width, (row * length + tokens) * width), at);
    at += tokens * width;
  });
  return out;
}

/** The inverse of {@link trimmed}; padding is zero. */
function padded(states: Float32Array, { rows, length, lengths }: Shape, width: number): Float32Array {
  const out = new Float32Array(rows * length * width);
  let at = 0;
  lengths.forEach((tokens, row) => {
    out.set(states.subarray(at, at + tokens * width), row * length * width);
    at += tokens * width;
  });
  return out;
}
