/** Inputs of a run, by the names that exporters give them. */
import { LabError } from '../experiment/errors';
import type { GraphInfo } from '../onnx';
import type { PaddedBatch } from './batch';
import { emptyPast } from './kv';
import type { Ort, Tensor } from './ort';
import type { OpenSession } from './sessions';
import { intTensor, type FloatType } from './tensors';

export type Feeds = Record<string, Tensor>;

/** Narrows an element type to those that activations come in. @throws LabError `graph-unsupported` */
export function floatType(type: string): FloatType {
  if (type === 'float32' || type === 'float16') return type;
  throw new LabError('graph-unsupported.cache-type', { type });
}

/**
 * Steering input [rows, 1, width] from one vector a row; rows without a vector get zero.
 * @throws LabError `internal` if a vector has another length
 */
export function steerTensor(ort: Ort, info: GraphInfo, vectors: readonly (Float32Array | undefined)[]): Tensor {
  const data = new Float32Array(vectors.length * info.width);
  vectors.forEach((vector, row) => {
    if (!vector) return;
    if (vector.length !== info.width)
      throw new LabError('internal.vector-width', { values: vector.length, width: info.width });
    data.set(vector, row * info.width);
  });
  return new ort.Tensor('float32', data, [vectors.length, 1, info.width]);
}

/** Inputs that a run has whether or not there is a past: ids, positions, steering, number of logits. */
export function tokenFeeds(
  ort: Ort,
  info: GraphInfo,
  open: OpenSession,
  ids: BigInt64Array,
  positions: BigInt64Array,
  rows: number,
  steer: Tensor | null,
): Feeds {
  const columns = ids.length / rows;
  const feeds: Feeds = { input_ids: intTensor(ort, ids, [rows, columns]) };
  if (info.hasPositionIds) feeds.position_ids = intTensor(ort, positions, [rows, columns]);
  if (open.steer !== null && steer) feeds[open.steer] = steer;
  return feeds;
}

/** All inputs of a run over whole texts, without a past. */
export function wholeFeeds(
  ort: Ort,
  info: GraphInfo,
  open: OpenSession,
  batch: PaddedBatch,
  vectors: readonly (Float32Array | undefined)[],
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
      open,
      batch.ids,
      batch.positions,
      rows,
      open.steer === null ? null : steerTensor(ort, info, vectors),
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
