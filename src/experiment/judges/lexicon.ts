import { z } from 'zod';

/** Counts words of either side. */
export const lexicon = z.strictObject({
  type: z.literal('lexicon'),
  positive: z.array(z.string().min(1)).min(1),
  negative: z.array(z.string().min(1)).min(1),
});
