/**
 * Next-token bars of one model. The numbers of all stops are in memory, so a move of the
 * thumb is a look-up: it writes widths and texts straight into the elements, without React.
 */
import { useLayoutEffect, useMemo, useRef } from 'react';
import { ORIGIN, REFERENCE, TESTED } from '../../experiment/arms';
import type { AxisArm, DoseAxis } from '../../experiment/run';
import { Figure } from '../figures/Figure';
import { AXIS_ARM, between, locate } from '../state/dose';
import { useLab } from '../state/store';
import { ArmMark } from '../figures/ArmMark';
import { fixed, percent, tokenName } from '../ui/format';
import { useWords } from '../state/text';
import { Rich } from '../ui/Rich';

const SHOWN = 8;

interface Props {
  model: 'small' | 'large';
  title: string;
  axis: DoseAxis;
  /** Probability at the full width of a bar: the same for both models. */
  full: number;
}

interface Row {
  id: number;
  text: string;
  values: number[];
  native: number[] | null;
  base: number;
}

/** The tokens with the largest probability anywhere on the axis, ordered by which end promotes them: the order never changes. */
function rowsOf(arm: AxisArm, native: AxisArm | null, stops: readonly number[]): Row[] {
  const zero = locate(stops, 0);
  const rows = arm.tokens.map((token, i): Row => {
    const values = arm.probabilities.map((stop) => stop[i]);
    const twin = native?.tokens.findIndex((other) => other.id === token.id) ?? -1;
    return {
      id: token.id,
      text: token.text,
      values,
      native: native && twin >= 0 ? native.probabilities.map((stop) => stop[twin]) : null,
      base: between(values, zero),
    };
  });
  const top = rows.sort((a, b) => Math.max(...b.values) - Math.max(...a.values)).slice(0, SHOWN);
  const lean = (row: Row): number => row.values[row.values.length - 1] - row.values[0];
  return top.sort((a, b) => lean(b) - lean(a));
}

/** Largest probability that any bar of the axis reaches, rounded up to a tenth. */
export function fullScale(axis: DoseAxis): number {
  const top = Math.max(
    ...[axis.arms[ORIGIN], axis.arms[TESTED]].flatMap((arm) => arm.probabilities.map((stop) => Math.max(...stop))),
  );
  return Math.min(1, Math.ceil(top * 10) / 10);
}

export function NextToken({ model, title, axis, full }: Props) {
  const words = useWords();
  const arm = axis.arms[AXIS_ARM[model]];
  const native = model === 'large' ? axis.arms[REFERENCE] : null;
  const rows = useMemo(() => rowsOf(arm, native, axis.stops), [arm, native, axis.stops]);
  const list = useRef<HTMLOListElement>(null);
  const klOut = useRef<HTMLElement>(null);

  useLayoutEffect(() => {
    const items = [...list.current!.children].map((item) => ({
      fill: item.querySelector<HTMLElement>('.bar-fill')!,
      native: item.querySelector<HTMLElement>('.bar-native'),
      value: item.querySelector<HTMLElement>('.bar-value')!,
    }));
    const paint = (dose: number): void => {
      const at = locate(axis.stops, dose);
      rows.forEach((row, i) => {
        const p = between(row.values, at);
        items[i].fill.style.transform = `scaleX(${Math.min(1, p / full)})`;
        items[i].value.textContent = fixed(p, 3);
        const twin = items[i].native;
        if (twin && row.native)
          twin.style.transform = `translateX(${Math.min(1, between(row.native, at) / full) * 100}%)`;
      });
      klOut.current!.textContent = fixed(between(arm.kl, at), 2);
    };
    paint(useLab.getState().dose);
    return useLab.subscribe((state, before) => {
      if (state.dose !== before.dose) paint(state.dose);
    });
  }, [arm, axis.stops, full, rows]);

  return (
    <Figure
      name={`next-token-${model}`}
      className="next-token"
      title={title}
      caption={words.text(`steer.next.caption-${model}`)}
      table={{
        head: ['token', ...axis.stops.map((stop) => `r ${stop}`)],
        rows: rows.map((row) => [tokenName(row.text), ...row.values]),
      }}
      cursor={[
        {
          name: title,
          points: rows.map((row) => ({
            label: words.text('steer.next.point', {
              token: tokenName(row.text),
              base: percent(row.base, 1),
              first: percent(row.values[0], 1),
              low: axis.stops[0],
              last: percent(row.values[row.values.length - 1], 1),
              high: axis.stops[axis.stops.length - 1],
            }),
          })),
        },
      ]}
      onCursor={(series, point) =>
        [...list.current!.children].forEach((item, i) =>
          item.classList.toggle('at-cursor', series !== null && i === point),
        )
      }
      tools={
        <span className="kl">
          <ArmMark arm={AXIS_ARM[model]} /> <Rich text="steer.next.kl" tags={{ value: () => <b ref={klOut} /> }} />
        </span>
      }
    >
      <ol className={`bars bars-${model}`} ref={list} data-testid={`next-token-${model}`}>
        {rows.map((row) => (
          <li key={row.id}>
            <span className="bar-token">{tokenName(row.text)}</span>
            <span className="bar">
              <i className="bar-fill" />
              <i className="bar-base" style={{ left: `${Math.min(1, row.base / full) * 100}%` }} />
              {row.native && <i className="bar-native" />}
            </span>
            <span className="bar-value" />
          </li>
        ))}
      </ol>
    </Figure>
  );
}
