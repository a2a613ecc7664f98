/** The verdict, short: the outcome and one sentence to act on. */
import type { Outcome, Verdict } from '../../experiment/run';

export const OUTCOME_NAMES: Record<Outcome, string> = {
  steers: 'Steers',
  'one-sided': 'One side only',
  fails: 'Does not steer',
};

export function VerdictLine({ verdict }: { verdict: Verdict }) {
  return (
    <p className={`verdict-line outcome-${verdict.outcome}`}>
      <strong>{OUTCOME_NAMES[verdict.outcome]}.</strong> {verdict.sentence}
    </p>
  );
}
