/** The two runs of a comparison, and the letters that they go by. */
import type { Run } from '../../experiment/run';
import type { RunRecord } from '../../runs/record';

/** The two runs under their letters. */
export interface RunPair {
  records: readonly [RunRecord, RunRecord];
  runs: readonly [Run, Run];
}

export const LETTERS = ['A', 'B'] as const;

/** The mark of a run: A is filled, B is open, here as in the figures. */
export function RunLabel({ of }: { of: 0 | 1 }) {
  return <b className={`letter letter-${LETTERS[of].toLowerCase()}`}>{LETTERS[of]}</b>;
}

/** The two column headings of a comparison's table. */
export function RunHeadings({ className }: { className?: string }) {
  return LETTERS.map((letter, i) => (
    <th key={letter} scope="col" className={className}>
      <RunLabel of={i as 0 | 1} />
    </th>
  ));
}
