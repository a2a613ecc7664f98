import { z } from 'zod';

/** Reads who is older and who gives: patterns are regular expressions, numbers are their groups. */
export const relation = z.strictObject({
  type: z.literal('relation'),
  olderPatterns: z
    .array(z.strictObject({ regex: z.string().min(1), older: z.int().min(1), younger: z.int().min(1) }))
    .min(1),
  givePatterns: z
    .array(z.strictObject({ regex: z.string().min(1), giver: z.int().min(1), receiver: z.int().min(1) }))
    .min(1),
});
