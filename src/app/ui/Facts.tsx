/** A list of measured facts: name, value, and a word of context. Dense, for numbers that are compared. */
import type { ReactNode } from 'react';
import { Help } from './Help';

export interface Fact {
  name: string;
  value: ReactNode;
  note?: ReactNode;
  help?: string;
}

export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="facts">
      {facts.map((fact) => (
        <div key={fact.name}>
          <dt>
            {fact.name}
            {fact.help && <Help about={fact.name}>{fact.help}</Help>}
          </dt>
          <dd>
            <span className="fact-value">{fact.value}</span>
            {fact.note && <span className="fact-note">{fact.note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
