/** The verdict, short: the outcome and one sentence to act on. */
import type { Verdict } from '../../experiment/run';
import { isTransfer, outcomeName, sentenceOf } from '../../experiment/verdict';
import { Rich } from './Rich';

/** Whether a verdict is shown as good news. */
export const outcomeClass = (verdict: Verdict): string => (isTransfer(verdict) ? 'outcome-steers' : 'outcome-fails');

export function VerdictLine({ verdict }: { verdict: Verdict }) {
  return (
    <p className={`verdict-line ${outcomeClass(verdict)}`}>
      <Rich
        text="ui.verdict"
        params={{ outcome: outcomeName(verdict), sentence: sentenceOf(verdict) }}
        tags={{ b: (parts) => <strong>{parts}</strong> }}
      />
    </p>
  );
}
