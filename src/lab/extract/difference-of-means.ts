/** v = mean h(x⁺) − mean h(x⁻), the default of activation steering (Turner et al. 2023; Rimsky et al. 2024). */
import { meanDifference, type ExtractionMethod } from './method';

/**
 * Its length is the distance between the means of the two sides, in the unit of the states. Every dimension counts by
 * its size: a massive one that varies from text to text outweighs the others.
 */
export const differenceOfMeans: ExtractionMethod = {
  id: 'difference-of-means',
  fit: (states) => Float32Array.from(meanDifference(states)),
};
