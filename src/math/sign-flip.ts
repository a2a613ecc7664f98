/** Whether paired differences have a direction in common: a test, and how alike the directions of two halves are. */
import { Random } from './random';
import { cosine, quantile } from './stats';

/** Differences of pairs, one row a pair, row-major [pairs × width]. */
export interface Differences {
  width: number;
  data: ArrayLike<number>;
}

export interface SignFlip {
  /** ‖mean dᵢ‖ */
  norm: number;
  /** Share of sign patterns whose mean is at least as long, the observed one counted among them: never 0. */
  p: number;
  flips: number;
}

/** Inner products of all pairs of rows: every flipped or halved mean follows from these. */
function gram({ width, data }: Differences): { n: number; G: Float64Array } {
  const n = data.length / width;
  const G = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let d = 0; d < width; d++) sum += data[i * width + d] * data[j * width + d];
      G[i * n + j] = G[j * n + i] = sum;
    }
  return { n, G };
}

/**
 * Test of “the two sides of a pair could be exchanged” on the length of the mean difference: under it every pattern of
 * signs is as likely as the one observed (a randomisation test: Fisher 1935). p = (1 + #{flips at least as long}) / (1 + flips).
 * @param flips patterns drawn
 * @throws RangeError for fewer than two pairs
 */
export function signFlipTest(differences: Differences, flips: number, seed: number): SignFlip {
  const { n, G } = gram(differences);
  if (!(n >= 2)) throw new RangeError(`A sign-flip test needs at least two pairs, not ${n}.`);
  const signs = new Float64Array(n).fill(1);
  const squared = (): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      let row = 0;
      for (let j = 0; j < n; j++) row += signs[j] * G[i * n + j];
      sum += signs[i] * row;
    }
    return sum;
  };
  const observed = squared();
  const random = new Random(seed);
  let atLeast = 0;
  for (let f = 0; f < flips; f++) {
    for (let i = 0; i < n; i++) signs[i] = random.integer(2) === 0 ? 1 : -1;
    // Equal patterns must count as equal, whatever the order of the sums has made of their last digits.
    if (squared() >= observed * (1 - 1e-12)) atLeast++;
  }
  return { norm: Math.sqrt(Math.max(0, observed)) / n, p: (1 + atLeast) / (1 + flips), flips };
}

export interface SplitHalf {
  /** Median cosine of the mean differences of two random halves, and the range of 95 % of the splits. */
  cosine: number;
  interval: [number, number];
  splits: number;
}

/** Cosine of the mean differences of two random halves of the pairs, over many splits. @throws RangeError for fewer than four pairs */
export function splitHalfCosine({ width, data }: Differences, splits: number, seed: number): SplitHalf {
  const n = data.length / width;
  if (!(n >= 4)) throw new RangeError(`Two halves need at least four pairs, not ${n}.`);
  const random = new Random(seed);
  const found = Array.from({ length: splits }, () => {
    const order = random.permutation(n);
    const halves = [new Float64Array(width), new Float64Array(width)];
    const half = Math.floor(n / 2);
    for (let i = 0; i < 2 * half; i++) {
      const into = halves[i < half ? 0 : 1];
      for (let d = 0; d < width; d++) into[d] += data[order[i] * width + d];
    }
    return cosine(halves[0], halves[1]);
  });
  return { cosine: quantile(found, 0.5), interval: [quantile(found, 0.025), quantile(found, 0.975)], splits };
}
