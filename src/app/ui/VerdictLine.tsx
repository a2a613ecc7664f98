/** The verdict, short: the outcome and one sentence to act on. */
import { useWords } from '../state/text';
import type { Outcome, Verdict } from '../../experiment/run';

export const OUTCOME_NAMES: Record<Outcome, string> = {
  steers: 'Steers',
  'one-sided': 'One side only',
  fails: 'Does not steer',
};

export function VerdictLine({ verdict }: { verdict: Verdict }) {
  const words = useWords();
  return (
    <p className={`verdict-line outcome-${verdict.outcome}`}>
      <strong>{OUTCOME_NAMES[verdict.outcome]}.</strong> {words.say(verdict.sentence)}
    </p>
  );
}
