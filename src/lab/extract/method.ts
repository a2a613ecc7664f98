/** What an extraction method is, and the sums that several of them take. */
import type { Extraction } from '../../experiment/schema';
import type { PairStates } from './pair-states';

/** One way to find the direction along which the two sides of the contrast pairs differ. */
export interface ExtractionMethod {
  id: Extraction;
  /**
   * The direction, from the negative side to the positive one; length `width`. Its length has the meaning that the
   * method's docstring says, and zeros (or numbers that are not finite) mean that there is no direction.
   * `extractVector` refuses those, and gives the vectors of all methods one common length.
   * @param states of at least two pairs
   * @param seed of whatever the method draws
   */
  fit(states: PairStates, seed: number): Float32Array;
}

/** Number of pairs. */
export function pairCount({ width, positive }: PairStates): number {
  return positive.length / width;
}

/** Means of the columns of row-major rows, in float64; length `width`. */
export function columnMeans(rows: Float32Array, width: number): Float64Array {
  const mean = new Float64Array(width);
  for (let i = 0; i < rows.length; i++) mean[i % width] += rows[i];
  return mean.map((sum) => (sum * width) / rows.length);
}

/**
 * mean h(x⁺) − mean h(x⁻), in float64; length `width`. Summed pair by pair, so that what both sides share cancels
 * first.
 */
export function meanDifference({ width, positive, negative }: PairStates): Float64Array {
  const sum = new Float64Array(width);
  for (let i = 0; i < positive.length; i++) sum[i % width] += positive[i] - negative[i];
  return sum.map((x) => (x * width) / positive.length);
}
