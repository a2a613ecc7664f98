/** The verdict, short: the outcome and one sentence to act on. */
import { useWords } from '../state/text';
import type { Verdict } from '../../experiment/run';
import { Rich } from './Rich';

export function VerdictLine({ verdict }: { verdict: Verdict }) {
  const words = useWords();
  return (
    <p className={`verdict-line outcome-${verdict.outcome}`}>
      <Rich
        text="ui.verdict"
        params={{ outcome: words.text(`evidence.outcome.${verdict.outcome}`), sentence: verdict.sentence }}
        tags={{ b: (parts) => <strong>{parts}</strong> }}
      />
    </p>
  );
}
