/** Steering vectors from contrast pairs: the extraction methods, and the one way to use them. */
import { LabError } from '../../experiment/errors';
import type { Extraction } from '../../experiment/schema';
import { dot, norm } from '../../math/stats';
import { differenceOfMeans } from './difference-of-means';
import { lda } from './lda';
import { logisticProbe } from './logistic-probe';
import { meanDifference, type ExtractionMethod } from './method';
import type { PairStates } from './pair-states';
import { principalComponent } from './principal-component';

export { checkPairs, collectPairStates, type PairStates } from './pair-states';

/** Every method of the schema, by its name there. */
export const EXTRACTION_METHODS = {
  'difference-of-means': differenceOfMeans,
  'principal-component': principalComponent,
  'logistic-probe': logisticProbe,
  lda,
} satisfies Record<Extraction, ExtractionMethod>;

/**
 * States whose mean difference along the direction is less than this share of their size differ by float32's rounding
 * alone.
 */
const ROUNDING = 1e-7;

/**
 * The steering vector of the contrast pairs by the method asked for; length `width`. Whatever the method, its length is
 * the distance between the means of the two sides along it, v̂·(mean h(x⁺) − mean h(x⁻)), in the unit of the states:
 * vectors of different methods, and of the two models, can be compared, and `W·v + p` weighs v against p alike.
 * @param model whose states they are: the small or the large one, for the error
 * @throws LabError `non-finite.pair-states` for states that are NaN or infinite; `no-effect.pair-states` where the two
 *   sides read the same states, or do not differ along the direction found
 */
export function extractVector(
  states: PairStates,
  method: Extraction,
  seed: number,
  model: 'small' | 'large',
): Float32Array {
  if (![states.positive, states.negative].every((rows) => rows.every(Number.isFinite)))
    throw new LabError('non-finite.pair-states', { model });
  const difference = meanDifference(states);
  const direction =
    norm(difference) > 0 ? EXTRACTION_METHODS[method].fit(states, seed) : new Float32Array(states.width);
  const length = norm(direction);
  const apart = dot(direction, difference) / length;
  if (!(length > 0) || !Number.isFinite(length) || !(apart > ROUNDING * norm(difference)))
    throw new LabError('no-effect.pair-states', { model, method });
  return direction.map((x) => (x / length) * apart);
}
