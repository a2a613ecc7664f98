/** Headline numbers of two runs on one scale, with their intervals, and whether those meet. */
import { useWords } from '../state/text';
import { useMemo } from 'react';
import { ARM_STYLES } from '../figures/arms';
import { Figure } from '../figures/Figure';
import { fixed, interval, percent, signed } from '../ui/format';
import { headlines, type Headline, type Reading } from './headline';
import { RunLabel, LETTERS, type RunPair } from './RunLabel';

const GROUP_NAMES: Record<Headline['group'], string> = { map: 'The map', effect: 'The effect', cost: 'What it costs' };
const MEETING_WORDS = { overlap: 'overlap', apart: 'apart' } as const;

const said = (reading: Reading | null, unit: Headline['unit']): string =>
  reading === null ? '–' : unit === 'share' ? percent(reading.value) : fixed(reading.value);

const gap = ({ a, b, unit }: Headline): string =>
  !a || !b ? '–' : unit === 'share' ? `${signed((b.value - a.value) * 100, 0)} pts` : signed(b.value - a.value);

/** The scale of all rows: 0 to 1, wider where a number lies outside, up to a bound beyond which marks stay at the edge. */
function scaleOf(rows: readonly Headline[]): [number, number] {
  const all = rows.flatMap(({ a, b }) =>
    [a, b].flatMap((reading) => (reading ? [reading.value, ...(reading.interval ?? [])] : [])),
  );
  return [Math.max(-1, Math.min(0, ...all)), Math.min(2, Math.max(1, ...all))];
}

export function HeadlineFigure({ runs: [a, b] }: RunPair) {
  const words = useWords();
  const rows = useMemo(() => headlines(a, b, words), [a, b, words]);
  const scale = useMemo(() => scaleOf(rows), [rows]);
  const apart = rows.filter(({ meeting }) => meeting === 'apart').length;
  const judged = rows.filter(({ meeting }) => meeting !== null).length;
  const label = (row: Headline): string =>
    `${row.name}: ${([row.a, row.b] as const).map((reading, i) => `${LETTERS[i]} ${said(reading, row.unit)}${reading?.interval ? ` ${interval(reading.interval)}` : ''}`).join(', ')}${row.meeting ? `; the intervals ${row.meeting === 'overlap' ? 'overlap' : 'are apart'}` : ''}`;
  return (
    <Figure
      name="two-runs"
      className="headline-figure"
      title="Numbers"
      caption={`Each number of both runs on one scale, with its 95 % interval where it has one. ${judged === 0 ? 'No number has an interval in both.' : `The intervals of ${apart} of ${judged} numbers are apart.`} Numbers whose intervals are apart differ by more than chance explains; intervals that overlap do not show that they are equal.`}
      table={{
        head: ['number', 'a', 'a_low', 'a_high', 'a_n', 'b', 'b_low', 'b_high', 'b_n', 'intervals'],
        rows: rows.map(({ name, meeting, ...row }) => [
          name,
          ...[row.a, row.b].flatMap((reading) => [
            reading?.value ?? '',
            reading?.interval?.[0] ?? '',
            reading?.interval?.[1] ?? '',
            reading?.n ?? '',
          ]),
          meeting ?? '',
        ]),
      }}
      cursor={[{ name: 'numbers', points: rows.map((row) => ({ label: label(row) })) }]}
    >
      <table className="headline-table stacked">
        <thead>
          <tr>
            <th scope="col">Number</th>
            <th scope="col" className="num">
              <RunLabel of={0} />
            </th>
            <th scope="col" className="num">
              <RunLabel of={1} />
            </th>
            <th scope="col" className="headline-scale">
              <span>{fixed(scale[0], scale[0] === 0 ? 0 : 1)}</span>
              <span>{fixed(scale[1], scale[1] === 1 ? 0 : 1)}</span>
            </th>
            <th scope="col" className="num">
              B − A
            </th>
            <th scope="col">Intervals</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr
              key={row.name}
              className={i > 0 && rows[i - 1].group !== row.group ? 'group' : undefined}
              data-group={GROUP_NAMES[row.group]}
            >
              <th scope="row">{row.name}</th>
              {([row.a, row.b] as const).map((reading, j) => (
                <td key={j} className="num" data-letter={LETTERS[j]}>
                  {said(reading, row.unit)}
                  {reading?.interval && (
                    <span className="muted">
                      {' '}
                      {row.unit === 'share'
                        ? `${percent(reading.interval[0])}–${percent(reading.interval[1])}`
                        : interval(reading.interval)}
                    </span>
                  )}
                </td>
              ))}
              <td className="headline-drawn">
                <Lanes row={row} scale={scale} />
              </td>
              <td className="num gap" data-letter="B − A">
                {gap(row)}
              </td>
              <td className={row.meeting === 'apart' ? 'meeting apart' : row.meeting ? 'meeting' : 'meeting unjudged'}>
                {row.meeting ? MEETING_WORDS[row.meeting] : <span className="muted">none</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Figure>
  );
}

/** A above, filled; B below, open. */
function Lanes({ row, scale: [low, high] }: { row: Headline; scale: [number, number] }) {
  const at = (value: number): string => `${(Math.max(0, Math.min(1, (value - low) / (high - low))) * 100).toFixed(2)}%`;
  return (
    <span
      className="lanes"
      aria-hidden="true"
      style={{ '--arm': row.arm ? `var(${ARM_STYLES[row.arm].color})` : 'var(--ink)' }}
    >
      {([row.a, row.b] as const).map(
        (reading, i) =>
          reading && (
            <span key={i} className={`lane lane-${LETTERS[i].toLowerCase()}`}>
              {reading.interval && (
                <i
                  className="lane-range"
                  style={{ left: at(reading.interval[0]), right: `calc(100% - ${at(reading.interval[1])})` }}
                />
              )}
              <i className="lane-mark" style={{ left: at(reading.value) }} />
            </span>
          ),
      )}
    </span>
  );
}
