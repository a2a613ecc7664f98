/**
 * The judges: which side of the concept is a continuation on? A new one is its settings (`experiment/judges/<type>.ts`),
 * a file here, and a line in either list; the compiler asks for both.
 */
import type { Scorer } from '../../experiment/schema';
import type { Judge } from './judge';
import { lexicon } from './lexicon';
import { relation } from './relation';

export type { Judge, Judged, JudgeContext, Side } from './judge';

const JUDGES: { [T in Scorer['type']]: (settings: Extract<Scorer, { type: T }>) => Judge } = { lexicon, relation };

/** The judge of a preset. @throws LabError `settings-invalid` for settings that the judge cannot use */
export function judgeOf(scorer: Scorer): Judge {
  return (JUDGES[scorer.type] as (settings: Scorer) => Judge)(scorer);
}
