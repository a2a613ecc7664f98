import { metric } from './metric';

/**
 * How much less the model would have expected the steered text than its own: the perplexity of the continuations under the
 * model without steering, over that of its unsteered continuations of the same prompts. 1 is text like its own.
 */
export const perplexityRatio = metric({
  id: 'perplexityRatio',
  column: 'perplexity_ratio',
  unit: 'ratio',
  digits: 2,
  costly: 'higher',
  shown: true,
  limit: { setting: 'maxPerplexityRatio', of: 'fluency', breaks: (value, limit) => value > limit },
  of: ({ perplexity }) => perplexity.steered / perplexity.unsteered,
});
