/** A verdict as colour, icon and word. */
import type { Verdict } from '../../experiment/share/verification';
import { useWords } from '../state/text';

const CLASSES = {
  reproduced: 'reproduced',
  'within tolerance': 'within',
  differs: 'differs',
  'not run': 'not-run',
  noted: 'noted',
} as const satisfies Record<Verdict | 'noted', string>;
const ICONS: Record<Verdict | 'noted', string> = {
  reproduced: 'm3.6 8.4 3 3 5.8-6.6',
  'within tolerance': 'M3 6.6c1.7-1.9 3.3-1.9 5 0s3.3 1.9 5 0M3 10.6c1.7-1.9 3.3-1.9 5 0s3.3 1.9 5 0',
  differs: 'm4 4 8 8m0-8-8 8',
  'not run': 'M4 8h8',
  noted: 'M8 7v5M8 4v.6',
};

export function VerdictMark({ verdict }: { verdict: Verdict | 'noted' }) {
  const words = useWords();
  return (
    <span className={`verdict-mark verdict-${CLASSES[verdict]}`}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={ICONS[verdict]} />
      </svg>
      {words.text(`review.verdict.${CLASSES[verdict]}`)}
    </span>
  );
}
