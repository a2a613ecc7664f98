/** Whether contrast pairs have a direction in common, and what their cosine with another vector would be if they had none. */
import type { Stability } from '../experiment/run';
import type { AffineMap } from '../math/affine-map';
import { Random } from '../math/random';
import { signFlipTest, splitHalfCosine, type Differences } from '../math/sign-flip';
import { cosine, quantile } from '../math/stats';
import type { PairStates } from './extract';
import { mapDirection } from './vectors';

/** Random signs of the test: its smallest p is 1 in 2,001. */
const FLIPS = 2000;
const SPLITS = 200;
const NULL_VECTORS = 200;
/** Fewest pairs that are halved. */
const FEW_PAIRS = 4;

function differencesOf({ width, positive, negative }: PairStates): Differences {
  return { width, data: Float64Array.from(positive, (x, i) => x - negative[i]) };
}

/** @param states of the pairs that make the vector */
export function stabilityOf(states: PairStates, seed: number): Stability {
  const differences = differencesOf(states);
  const pairs = differences.data.length / states.width;
  return {
    pairs,
    ...signFlipTest(differences, FLIPS, seed),
    splitHalf: pairs < FEW_PAIRS ? null : splitHalfCosine(differences, SPLITS, seed),
  };
}

/**
 * Where 95 % of the cosines between W·d and a vector of the target fall, d being a contrast of the source's pairs without
 * what they have in common: the mean of their differences, less the mean of all, with random signs. States vary in few
 * directions, and a map keeps to these: such cosines are several times wider than those of random directions, ±1.96/√d.
 */
export function cosineNull(states: PairStates, map: AffineMap, native: Float32Array, seed: number): [number, number] {
  const { width, data } = differencesOf(states);
  const pairs = data.length / width;
  const common = new Float64Array(width);
  for (let i = 0; i < data.length; i++) common[i % width] += data[i] / pairs;
  const random = new Random(seed);
  const found = Array.from({ length: NULL_VECTORS }, () => {
    const mean = new Float32Array(width);
    for (let i = 0; i < pairs; i++) {
      const sign = random.integer(2) === 0 ? 1 : -1;
      for (let d = 0; d < width; d++) mean[d] += (sign * (data[i * width + d] - common[d])) / pairs;
    }
    return cosine(mapDirection(map, mean, false), native);
  });
  return [quantile(found, 0.025), quantile(found, 0.975)];
}
