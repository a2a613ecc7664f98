/**
 * The target, steered with the source's vector carried by a map that was fitted to shuffled pairs: the same states of both
 * models, the same ridge and λ, but every position of the source paired with some other position of the target. What such
 * a map carries is in the statistics of the two models, not in what they compute of the same text.
 *
 * The rows are those of the bounded sample that the run keeps (the map itself is fitted to all that were collected), as
 * for the R² of shuffled pairs. The directions are unit vectors, so that the shorter vector of such a map makes no weaker
 * push.
 */
import { Random } from '../../math/random';
import { ridgeWeights } from '../../math/ridge-weights';
import { columnMeans } from '../../math/matrix';
import { rowsOf } from '../fit';
import { pickRows } from '../rows';
import { unit } from '../vectors';
import type { ArmDirections, ArmInput } from './arm';

/** Least λ: rows that are paired at random have nothing that an unregularised fit should find. */
const LEAST_LAMBDA = 1e-6;

export const shuffled: ArmDirections<'shuffled'> = { id: 'shuffled', directions };

function directions({ vectors, map, addBias, layers, sample, draws, seed }: ArmInput): Float32Array[] {
  const train = rowsOf(sample, false);
  const { width: dS } = sample.source;
  const { width: dT } = sample.target;
  const X = { rows: train.length, cols: dS, data: pickRows(sample.source.blocks[layers.source], train, dS) };
  const Y = { rows: train.length, cols: dT, data: pickRows(sample.target.blocks[layers.target], train, dT) };
  const yMean = columnMeans(Y);
  const xMean = columnMeans(X);
  // W·v + p = W·(v − μ) + ȳ.
  const carried = addBias ? vectors.source.map((x, i) => x - xMean[i]) : vectors.source;
  const weights = ridgeWeights(X, carried, Math.max(map.lambda, LEAST_LAMBDA));
  const random = new Random(seed);
  return Array.from({ length: draws }, () => {
    const order = random.permutation(train.length);
    const out = Float64Array.from(yMean, (mean) => (addBias ? mean : 0));
    for (let i = 0; i < train.length; i++)
      for (let j = 0, at = order[i] * dT; j < dT; j++) out[j] += weights[i] * (Y.data[at + j] - yMean[j]);
    return unit(Float32Array.from(out));
  });
}
