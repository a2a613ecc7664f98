import { metric } from './metric';

/** 95th percentile of KL(base‖steered) per token of neutral text: what steering does where it should do nothing. */
export const p95Kl = metric({
  id: 'p95Kl',
  column: 'kl_p95',
  unit: 'nat',
  digits: 2,
  costly: 'higher',
  shown: true,
  limit: { setting: 'maxP95Kl', of: 'side-effects', breaks: (value, limit) => value > limit },
  of: ({ sideEffects }) => sideEffects.p95,
});
