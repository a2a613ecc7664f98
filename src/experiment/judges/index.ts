/** Settings of the judges, as a preset writes them. What they do is in `lab/judges`, under the same names. */
import { lexicon } from './lexicon';
import { relation } from './relation';

export const JUDGE_SETTINGS = [lexicon, relation] as const;
