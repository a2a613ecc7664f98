import { metric } from './metric';

/** Mean of KL(base‖steered) per token of neutral text. */
export const meanKl = metric({
  id: 'meanKl',
  column: 'kl_mean',
  unit: 'nat',
  digits: 3,
  costly: 'higher',
  shown: false,
  of: ({ sideEffects }) => sideEffects.mean,
});
