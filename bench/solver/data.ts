/** The bench's data and the truths that results are held against. */
import type { FitChunk } from '../../src/fit/types';
import { relativeError } from '../../src/math/matrix';
import { type PairMoments, pairMoments, ridgeFromMoments, scoreFromMoments } from '../../src/math/moments';
import {
  activationLike,
  type PairedStates,
  ridgePathByQR,
  standardisedCondition,
} from '../../src/math/testing/activations';
import type { AccuracyRow, DatasetSpec } from './types';

/** Rows of a chunk: what a document or two give. */
export const CHUNK = 2048;
const SEED = 1;
/** Above this condition, float64 moments are no truth: QR is. */
const QR_FROM = 1e10;

export interface Dataset {
  spec: DatasetSpec;
  train: PairedStates;
  heldOut: PairedStates;
  condition: number;
  trainMoments: PairMoments;
  /** About the training means. */
  heldOutMoments: PairMoments;
}

/** Draws the data of a spec; the rows that mislead fill the fit's warm-up, the first chunks with at least max(4·dS, 1024) rows. */
export function makeDataset(spec: DatasetSpec): Dataset {
  const { sourceWidth, targetWidth, rows, heldOut: held, kappa, stationary } = spec;
  const misleading = stationary ? 0 : Math.ceil(Math.max(4 * sourceWidth, 1024) / CHUNK) * CHUNK;
  const all = activationLike({
    sourceWidth,
    targetWidth,
    rows: rows + held,
    standardisedKappa: kappa,
    seed: SEED,
    misleading,
  });
  const cut = (from: number, to: number): PairedStates => ({
    ...all,
    rows: to - from,
    X: all.X.slice(from * sourceWidth, to * sourceWidth),
    Y: all.Y.slice(from * targetWidth, to * targetWidth),
  });
  const train = cut(0, rows);
  const heldOut = cut(rows, rows + held);
  const moments = (data: PairedStates, about?: PairMoments): PairMoments =>
    pairMoments(
      { rows: data.rows, cols: sourceWidth, data: data.X },
      { rows: data.rows, cols: targetWidth, data: data.Y },
      about,
    );
  const trainMoments = moments(train);
  return {
    spec,
    train,
    heldOut,
    condition: standardisedCondition(train),
    trainMoments,
    heldOutMoments: moments(heldOut, trainMoments),
  };
}

/** The chunks of one split, in order. */
export function* chunksOf(data: PairedStates, split: 'train' | 'heldOut'): Generator<FitChunk<Float32Array>> {
  const { rows, sourceWidth: d, targetWidth: m } = data;
  for (let first = 0; first < rows; first += CHUNK) {
    const end = Math.min(rows, first + CHUNK);
    yield {
      source: [data.X.slice(first * d, end * d)],
      target: [data.Y.slice(first * m, end * m)],
      rows: end - first,
      split,
    };
  }
}

export interface Truth {
  lambda: number;
  W: Float64Array;
  /** Held-out R² of W. */
  r2: number;
}

/** W and its held-out R² in float64 on the same float32 rows. */
export function truthsOf(dataset: Dataset, lambdas: readonly number[]): { truths: Truth[]; by: AccuracyRow['truth'] } {
  const { spec, train, trainMoments, heldOutMoments } = dataset;
  const by = spec.kappa >= QR_FROM ? 'QR' : 'float64 moments';
  const maps =
    by === 'QR' ? ridgePathByQR(train, lambdas) : lambdas.map((lambda) => ridgeFromMoments(trainMoments, lambda).W);
  const truths = maps.map((W, i) => ({ lambda: lambdas[i], W: W.data, r2: scoreFromMoments(W, heldOutMoments).r2 }));
  return { truths, by };
}

/** Held-out R² in float64 of a map that came from elsewhere. */
export function heldOutR2(W: Float64Array, { spec, heldOutMoments }: Dataset): number {
  return scoreFromMoments({ rows: spec.sourceWidth, cols: spec.targetWidth, data: W }, heldOutMoments).r2;
}

/** Errors of a map: numbers, or null and why. */
export function errorsOf(
  W: ArrayLike<number>,
  r2: number,
  truth: Truth,
): Pick<AccuracyRow, 'errorW' | 'deltaR2' | 'failure'> {
  const errorW = relativeError(W, truth.W);
  const deltaR2 = Math.abs(r2 - truth.r2);
  return {
    errorW: Number.isFinite(errorW) ? errorW : null,
    deltaR2: Number.isFinite(deltaR2) ? deltaR2 : null,
    failure: Number.isFinite(errorW) ? null : 'NaN',
  };
}
