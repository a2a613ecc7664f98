/** Inputs of a run, by the names that exporters give them. */
import { LabError } from '../experiment/errors';
import type { GraphInfo } from '../onnx';
import type { PaddedBatch } from './batch';
import { steerFeeds } from './interventions';
import { emptyPast } from './kv';
import type { Ort } from './ort';
import type { OpenSession } from './sessions';
import { intTensor, type Feeds, type FloatType } from './tensors';
import type { SteeredRow } from './types';

export type { Feeds };

/** Narrows an element type to those that activations come in. @throws LabError `graph-unsupported` */
export function floatType(type: string): FloatType {
  if (type === 'float32' || type === 'float16') return type;
  throw new LabError('graph-unsupported.cache-type', { type });
}

/** Inputs that a run has whether or not there is a past: ids, positions, steering, number of logits. */
export function tokenFeeds(
  ort: Ort,
  info: GraphInfo,
  ids: BigInt64Array,
  positions: BigInt64Array,
  rows: number,
  steer: Feeds,
): Feeds {
  const columns = ids.length / rows;
  const feeds: Feeds = { input_ids: intTensor(ort, ids, [rows, columns]), ...steer };
  if (info.hasPositionIds) feeds.position_ids = intTensor(ort, positions, [rows, columns]);
  return feeds;
}

/** All inputs of a run over whole texts, without a past. @param steered the rows of the batch; empty where the graph is not steered */
export function wholeFeeds(
  ort: Ort,
  info: GraphInfo,
  open: OpenSession,
  batch: PaddedBatch,
  steered: readonly SteeredRow[],
): Feeds {
  const { rows, length } = batch;
  const past = emptyPast(ort, {
    blocks: info.blocks,
    rows,
    kvHeads: info.kvHeads,
    headDim: info.headDim,
    type: floatType(info.cacheType),
  });
  const feeds: Feeds = {
    ...tokenFeeds(
      ort,
      info,
      batch.ids,
      batch.positions,
      rows,
      steerFeeds(
        ort,
        info.width,
        open.steers,
        steered,
        length,
        steered.map(() => 0),
      ),
    ),
    attention_mask: intTensor(ort, batch.mask, [rows, length]),
    ...past,
  };
  return only(ort, feeds, open);
}

/**
 * Leaves out what this session's graph no longer takes, and gives it every input it does take.
 * @throws LabError `graph-unsupported` for an input that we do not know
 */
export function only(ort: Ort, feeds: Feeds, open: OpenSession): Feeds {
  const wanted: Feeds = {};
  for (const name of open.session.inputNames) {
    if (name in feeds) wanted[name] = feeds[name];
    else if (name === 'num_logits_to_keep') wanted[name] = intTensor(ort, BigInt64Array.of(open.logitsToKeep), []);
    else throw new LabError('graph-unsupported.input', { input: name });
  }
  return wanted;
}
