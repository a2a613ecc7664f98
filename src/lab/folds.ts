/** How the training rows of an experiment are kept apart. */
import type { Experiment } from '../experiment/schema';

/** Folds in which the training moments are kept apart: one, unless λ is to be cross-validated. */
export function foldsOf({ map }: Pick<Experiment, 'map'>): number {
  return map.lambda === 'auto' && map.lambdaRule === 'cross-validation' ? map.folds : 1;
}
