/** The continuations that a link shows, as text and nothing else. */
import type { Evidence, RunDocument } from '../../experiment/share/document';
import { ARM_STYLES } from '../figures/arms';
import { ArmMark } from '../ui/ArmMark';

export function Continuations({ evidence, concept }: { evidence: Evidence; concept: RunDocument['concept'] }) {
  return (
    <section className="continuations" aria-labelledby="continuations-title">
      <h2 id="continuations-title">
        Continuations <span className="claimed-mark">claimed</span>
      </h2>
      <p className="prompt serif">{evidence.prompt}</p>
      <ul>
        {evidence.rows.map((row, i) => (
          <li key={i}>
            <h3>
              <ArmMark arm={row.arm} /> {ARM_STYLES[row.arm].name}
              <span className="muted">
                {row.direction === 'none'
                  ? 'unsteered'
                  : `toward ${row.direction === 'positive' ? concept.positive : concept.negative}`}
              </span>
            </h3>
            <p className="serif">{row.text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
