/** Headline numbers of two runs on one scale, with their intervals, and whether those meet. */
import { useWords } from '../state/text';
import { useMemo } from 'react';
import { ARM_STYLES } from '../figures/arms';
import { Figure } from '../figures/Figure';
import { fixed, interval, percent, signed } from '../ui/format';
import { headlines, type Headline, type Reading } from './headline';
import { RunHeadings, LETTERS, type RunPair } from './RunLabel';
import type { Words } from '../../i18n/text';

const said = (reading: Reading | null, { unit, missing }: Pick<Headline, 'unit' | 'missing'>): string =>
  reading === null ? missing : unit === 'share' ? percent(reading.value) : fixed(reading.value);

const gap = (words: Words, { a, b, unit }: Headline): string =>
  !a || !b
    ? '–'
    : unit === 'share'
      ? words.text('runs.numbers.points', { points: signed((b.value - a.value) * 100, 0) })
      : signed(b.value - a.value);

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
  const label = (row: Headline): string => {
    const [first, second] = [row.a, row.b].map((reading) =>
      reading?.interval ? `${said(reading, row)} ${interval(reading.interval)}` : said(reading, row),
    );
    return words.text('runs.numbers.point', { name: row.name, first, second, meeting: row.meeting ?? 'none' });
  };
  return (
    <Figure
      name="two-runs"
      className="headline-figure"
      title={words.text('runs.numbers.title')}
      caption={words.text('runs.numbers.caption', { judged, apart })}
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
      cursor={[{ name: words.text('runs.numbers.title'), points: rows.map((row) => ({ label: label(row) })) }]}
    >
      <table className="headline-table stacked">
        <thead>
          <tr>
            <th scope="col">{words.text('runs.numbers.number')}</th>
            <RunHeadings className="num" />
            <th scope="col" className="headline-scale">
              <span>{fixed(scale[0], scale[0] === 0 ? 0 : 1)}</span>
              <span>{fixed(scale[1], scale[1] === 1 ? 0 : 1)}</span>
            </th>
            <th scope="col" className="num">
              {words.text('runs.numbers.difference')}
            </th>
            <th scope="col">{words.text('runs.numbers.intervals')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, i) => (
            <tr
              key={row.name}
              className={i > 0 && rows[i - 1].group !== row.group ? 'group' : undefined}
              data-group={words.text(`runs.numbers.group.${row.group}`)}
            >
              <th scope="row">{row.name}</th>
              {([row.a, row.b] as const).map((reading, j) => (
                <td key={j} className="num" data-letter={LETTERS[j]}>
                  {said(reading, row)}
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
              <td className="num gap" data-letter={words.text('runs.numbers.difference')}>
                {gap(words, row)}
              </td>
              <td className={row.meeting === 'apart' ? 'meeting apart' : row.meeting ? 'meeting' : 'meeting unjudged'}>
                {row.meeting ? (
                  words.text(`runs.numbers.meeting.${row.meeting}`)
                ) : (
                  <span className="muted">{words.text('runs.numbers.no-meeting')}</span>
                )}
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
