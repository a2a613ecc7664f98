/** Dose and response of one arm in two runs, over one another. */
import { METRICS } from '../../metrics';
import { useMemo, useState } from 'react';
import { DOSED_ARMS, TESTED, type DosedArm } from '../../experiment/arms';
import type { Run } from '../../experiment/run';
import { ARM_STYLES, openSymbol } from '../figures/arms';
import { Figure, type CursorSeries } from '../figures/Figure';
import { usePlotTheme, type PlotTheme } from '../figures/theme';
import { along, withAlpha } from '../figures/dose-curves';
import { interval, percent, signed } from '../ui/format';
import { Segmented } from '../ui/Segmented';
import { LETTERS, type RunPair } from './RunLabel';

function traces(
  runs: readonly [Run, Run],
  arm: DosedArm,
  theme: PlotTheme,
): { data: unknown[]; cursor: CursorSeries[] } {
  const rows = runs.map((run) => along(run.evidence.doseResponse, arm));
  const doses = rows.flat().map(({ r }) => r);
  const span = Math.max(0, ...doses) - Math.min(0, ...doses);
  const texts = rows.map((row, i) =>
    row.map(
      (c) =>
        `${LETTERS[i]}, r ${signed(c.r)}<br>${percent(c.positive.rate)} ${interval(c.positive.interval)}, n = ${c.n}`,
    ),
  );
  const color = theme.arm(arm);
  const data = rows.map((row, i) => ({
    type: 'scatter',
    mode: 'lines+markers',
    name: LETTERS[i],
    // One beside the other, so that both intervals are seen where the doses are the same.
    x: row.map((c) => c.r + (i === 0 ? -0.004 : 0.004) * span),
    y: row.map((c) => c.positive.rate),
    text: texts[i],
    hovertemplate: '%{text}<extra></extra>',
    line: { color: i === 0 ? color : theme.ink, width: 2, dash: i === 0 ? 'solid' : 'dash' },
    marker: {
      color: i === 0 ? color : theme.ink,
      symbol: i === 0 ? ARM_STYLES[arm].symbol : openSymbol(arm),
      size: row.map((c) => (c.half === 'report' ? 11 : 8)),
      line: { color: i === 0 ? theme.surface : theme.ink, width: i === 0 ? 1 : 1.5 },
    },
    error_y: {
      type: 'data',
      symmetric: false,
      array: row.map((c) => c.positive.interval[1] - c.positive.rate),
      arrayminus: row.map((c) => c.positive.rate - c.positive.interval[0]),
      color: withAlpha(i === 0 ? color : theme.ink, '88'),
      thickness: 1.2,
      width: 3,
    },
  }));
  const cursor = texts.map((points, i) => ({
    name: LETTERS[i],
    curve: i,
    points: points.map((label) => ({ label: label.replace('<br>', ': ') })),
  }));
  return { data, cursor };
}

export function DoseOverlay({ runs }: RunPair) {
  const theme = usePlotTheme();
  const [arm, setArm] = useState<DosedArm>(TESTED);
  const [a, b] = runs;
  const [first, second] = [a, b].map((run) => run.steer.concept.positive);
  const same = first === second;
  const side = same ? `“${first}”` : `“${first}” in A, “${second}” in B`;
  const plot = useMemo(() => {
    const { data, cursor } = traces(runs, arm, theme);
    const layout = theme.layout({
      xaxis: theme.axis('dose r'),
      yaxis: theme.axis(same ? `continuations toward ${first}` : 'continuations on the positive side', {
        range: [-0.03, 1.03],
        tickformat: '.0%',
        dtick: 0.25,
      }),
    });
    return { data, cursor, layout };
  }, [runs, arm, theme, same, first]);
  const arms = DOSED_ARMS.filter((each) =>
    runs.some((run) => run.evidence.doseResponse.some((cell) => cell.arm === each)),
  );
  const shown = arms.map((value) => ({ value, label: ARM_STYLES[value].short }));
  return (
    <Figure
      name={`two-runs-dose-${arm}`}
      title="Dose and response"
      caption={`${ARM_STYLES[arm].name}: share of continuations on the side of ${side}, with 95 % Wilson intervals. A is solid in the arm’s colour, B dashed with open marks.`}
      table={{
        head: ['run', 'arm', 'half', 'r', 'positive', 'low', 'high', 'n', ...METRICS.map(({ column }) => column)],
        rows: runs.flatMap((run, i) =>
          run.evidence.doseResponse.map((c) => [
            LETTERS[i],
            c.arm,
            c.half,
            c.r,
            c.positive.rate,
            ...c.positive.interval,
            c.n,
            ...METRICS.map(({ id }) => c.metrics[id] ?? ''),
          ]),
        ),
      }}
      cursor={plot.cursor}
      tools={<Segmented<DosedArm> label="Arm" value={arm} options={shown} onChange={setArm} />}
      plot={{ data: plot.data, layout: plot.layout, height: 320 }}
    />
  );
}
