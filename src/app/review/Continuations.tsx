/** The continuations that a link shows, as text and nothing else. */
import type { Evidence, RunDocument } from '../../experiment/share/document';
import { ARM_STYLES } from '../figures/arms';
import { ArmMark } from '../figures/ArmMark';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';

export function Continuations({ evidence, concept }: { evidence: Evidence; concept: RunDocument['concept'] }) {
  const words = useWords();
  return (
    <section className="continuations" aria-labelledby="continuations-title">
      <h2 id="continuations-title">
        <Rich text="review.continuations" tags={{ mark: (parts) => <span className="claimed-mark">{parts}</span> }} />
      </h2>
      <p className="prompt serif">{evidence.prompt}</p>
      <ul>
        {evidence.rows.map((row, i) => (
          <li key={i}>
            <h3>
              <ArmMark arm={row.arm} /> {ARM_STYLES[row.arm].name}
              <span className="muted">
                {row.direction === 'none'
                  ? words.text('review.unsteered')
                  : words.text('review.toward', {
                      side: row.direction === 'positive' ? concept.positive : concept.negative,
                    })}
              </span>
            </h3>
            <p className="serif">{row.text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
