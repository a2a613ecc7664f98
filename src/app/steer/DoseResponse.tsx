/** What the dose does over its whole range: the concept rate of every arm, and what it costs. */
import { useWords } from '../state/text';
import { useMemo, useState } from 'react';
import { armSpec, DOSED_ARMS, DRAWING_ORDER, TESTED, type Arm, type DosedArm } from '../../experiment/arms';
import type { DoseCell, Verdict } from '../../experiment/run';
import { METRICS, metricOf, SHOWN_METRICS, type AnyMetric, type MetricId } from '../../metrics';
import { ARM_STYLES } from '../figures/arms';
import { along, withAlpha } from '../figures/dose-curves';
import { Figure, type CursorSeries } from '../figures/Figure';
import { Legend } from '../figures/Legend';
import { plotLines } from '../figures/plot-text';
import { usePlotTheme, type PlotTheme } from '../figures/theme';
import { fixed, interval, percent, signed } from '../ui/format';
import { Segmented } from '../ui/Segmented';
import type { Words } from '../../i18n/text';

interface Props {
  cells: DoseCell[];
  verdict: Verdict;
  /** Positive rate of the unsteered models. */
  baseline: { small: number | null; large: number | null };
  positive: string;
}

const HEAD = [
  'arm',
  'half',
  'r',
  'alpha',
  'iso_kl',
  'positive',
  'low',
  'high',
  'negative',
  'n',
  ...METRICS.map(({ column }) => column),
];

function tableOf(cells: DoseCell[]): { head: string[]; rows: (string | number)[][] } {
  return {
    head: HEAD,
    rows: cells.map((c) => [
      c.arm,
      c.half,
      c.r,
      c.alpha,
      c.isoKl ?? '',
      c.positive.rate,
      ...c.positive.interval,
      c.negative.rate,
      c.n,
      ...METRICS.map(({ id }) => c.metrics[id] ?? ''),
    ]),
  };
}

/** Controls are drawn as bands: they say where chance lies, and are no curves to be followed. */
const isBand = (arm: DosedArm): boolean => armSpec(arm).control;

/** Sideways steps of the arms that are drawn as points, as shares of the axis: the arm under test stands on its dose. */
const POINTS = DOSED_ARMS.filter((arm) => !isBand(arm));
const dodge = (arm: DosedArm): number => (isBand(arm) ? 0 : (POINTS.indexOf(arm) - POINTS.indexOf(TESTED)) * 0.006);

function rateTraces(words: Words, cells: DoseCell[], theme: PlotTheme): { data: unknown[]; cursor: CursorSeries[] } {
  const data: unknown[] = [];
  const cursor: CursorSeries[] = [];
  const doses = cells.map((c) => c.r);
  const span = Math.max(...doses) - Math.min(...doses);
  for (const arm of DRAWING_ORDER) {
    const row = along(cells, arm);
    if (row.length === 0) continue;
    const color = theme.arm(arm);
    // Arms at one dose stand beside one another, so that their intervals can be told apart.
    const x = row.map((c) => c.r + dodge(arm) * span);
    const y = row.map((c) => c.positive.rate);
    const text = row.map((c) =>
      plotLines(
        words.text('steer.response.hover', {
          arm: ARM_STYLES[arm].name,
          r: signed(c.r),
          rate: percent(c.positive.rate),
          interval: interval(c.positive.interval),
          n: c.n,
          half: c.half,
        }),
      ),
    );
    if (isBand(arm)) {
      const bounds = [...row.map((c) => c.positive.interval[1]), ...row.map((c) => c.positive.interval[0]).reverse()];
      data.push({
        type: 'scatter',
        mode: 'lines',
        x: [...x, ...[...x].reverse()],
        y: bounds,
        showlegend: false,
        fill: 'toself',
        fillcolor: withAlpha(color, '26'),
        line: { width: 0 },
        hoverinfo: 'skip',
      });
    }
    data.push({
      type: 'scatter',
      mode: 'lines+markers',
      name: ARM_STYLES[arm].name,
      x,
      y,
      text,
      hovertemplate: '%{text}<extra></extra>',
      line: { color, width: isBand(arm) ? 1 : 2 },
      marker: {
        color,
        opacity: 1,
        symbol: ARM_STYLES[arm].symbol,
        size: row.map((c) => (c.half === 'report' ? 11 : 7)),
        line: { color: isBand(arm) ? color : theme.surface, width: 1 },
      },
      error_y: isBand(arm)
        ? undefined
        : {
            type: 'data',
            symmetric: false,
            array: row.map((c) => c.positive.interval[1] - c.positive.rate),
            arrayminus: row.map((c) => c.positive.rate - c.positive.interval[0]),
            color: withAlpha(color, '88'),
            thickness: 1,
            width: 0,
          },
    });
    cursor.push({
      name: ARM_STYLES[arm].name,
      curve: data.length - 1,
      points: text.map((label) => ({ label: label.replace('<br>', ': ') })),
    });
  }
  return { data, cursor };
}

function costTraces(
  words: Words,
  cells: DoseCell[],
  { id, digits }: AnyMetric,
  name: string,
  theme: PlotTheme,
): { data: unknown[]; cursor: CursorSeries[] } {
  const rows = DRAWING_ORDER.map((arm) => ({ arm, row: along(cells, arm) })).filter(({ row }) => row.length > 0);
  const data = rows.map(({ arm, row }) => ({
    type: 'scatter',
    name: ARM_STYLES[arm].name,
    mode: 'lines+markers',
    x: row.map((c) => c.r),
    y: row.map((c) => metricOf(c.metrics, id)),
    text: row.map((c) =>
      plotLines(
        words.text('steer.cost.hover', {
          arm: ARM_STYLES[arm].name,
          r: signed(c.r),
          metric: name,
          value: fixed(metricOf(c.metrics, id), digits),
        }),
      ),
    ),
    hovertemplate: '%{text}<extra></extra>',
    line: { color: theme.arm(arm), width: isBand(arm) ? 1 : 2 },
    marker: {
      color: theme.arm(arm),
      symbol: ARM_STYLES[arm].symbol,
      size: 7,
      line: { color: isBand(arm) ? theme.arm(arm) : theme.surface, width: 1 },
    },
  }));
  return {
    data,
    cursor: data.map((trace, i) => ({
      name: ARM_STYLES[rows[i].arm].name,
      curve: i,
      points: trace.text.map((label) => ({ label: label.replace('<br>', ': ') })),
    })),
  };
}

const line = (color: string, y: number): unknown => ({
  type: 'line',
  xref: 'paper',
  x0: 0,
  x1: 1,
  y0: y,
  y1: y,
  line: { color, width: 1, dash: 'dot' },
});
const label = (text: string, y: number, color: string, ground: string): unknown => ({
  bgcolor: ground,
  xref: 'paper',
  x: 0.01,
  y,
  text,
  showarrow: false,
  xanchor: 'left',
  yanchor: 'bottom',
  font: { size: 12, color },
});

/** The measure asked for; else what the text itself says, where the run says it. */
function metricShown(taken: readonly AnyMetric[], asked: MetricId | null): AnyMetric {
  return (
    taken.find(({ id }) => id === asked) ??
    taken.find(({ limit }) => limit?.of === 'fluency') ??
    METRICS.find(({ id }) => id === 'p95Kl')!
  );
}

export function DoseResponse({ cells, verdict, baseline, positive }: Props) {
  const theme = usePlotTheme();
  const words = useWords();
  const [cost, setCost] = useState<MetricId | null>(null);
  const costs = useMemo(
    () => SHOWN_METRICS.filter(({ id }) => cells.some((cell) => metricOf(cell.metrics, id) !== null)),
    [cells],
  );
  const metric = useMemo(() => metricShown(costs, cost), [costs, cost]);
  const table = useMemo(() => tableOf(cells), [cells]);
  const rate = useMemo(() => {
    const { data, cursor } = rateTraces(words, cells, theme);
    const layout = theme.layout({
      xaxis: theme.axis(words.text('steer.response.axis')),
      yaxis: theme.axis(words.text('steer.response.toward', { side: positive }), {
        range: [-0.03, 1.03],
        tickformat: '.0%',
        dtick: 0.25,
      }),
      shapes: baseline.large === null ? [] : [line(theme.muted, baseline.large)],
      annotations:
        baseline.large === null
          ? []
          : [label(words.text('steer.response.unsteered'), baseline.large, theme.muted, theme.ground)],
    });
    return { data, cursor, layout };
  }, [cells, theme, positive, baseline.large, words]);
  const side = useMemo(() => {
    const name = words.text(`metric.${metric.id}.name`);
    const { data, cursor } = costTraces(words, cells, metric, name, theme);
    const limit = metric.limit ? (verdict.usableWindow[metric.limit.setting] ?? null) : null;
    const logarithmic = metric.unit === 'ratio';
    const layout = theme.layout({
      xaxis: theme.axis(words.text('steer.response.axis')),
      yaxis: theme.axis(
        words.text('metric.with-unit', { name, unit: metric.unit }),
        // A ratio of a thousand must not flatten those that matter.
        logarithmic ? { type: 'log', dtick: 1 } : { rangemode: 'tozero' },
      ),
      shapes: limit === null ? [] : [line(theme.failed, limit)],
      annotations:
        limit === null
          ? []
          : [
              // Plotly reads the place of a note on a logarithmic axis as a logarithm, that of a line as it is.
              label(words.text('steer.cost.limit'), logarithmic ? Math.log10(limit) : limit, theme.muted, theme.ground),
            ],
    });
    return { data, cursor, layout };
  }, [cells, metric, theme, verdict, words]);

  const legend: Arm[] = DOSED_ARMS.filter((arm) => cells.some((cell) => cell.arm === arm));
  return (
    <div className="pair-of-figures">
      <div className="spanning">
        <Legend arms={legend} />
      </div>
      <Figure
        name="dose-response"
        title={words.text('steer.response.title')}
        caption={words.text('steer.response.caption', { side: positive })}
        table={table}
        cursor={rate.cursor}
        plot={{ data: rate.data, layout: rate.layout, height: 330 }}
      />
      <Figure
        name="dose-cost"
        title={words.text('steer.cost.title')}
        caption={words.text(`metric.${metric.id}.help`)}
        table={table}
        cursor={side.cursor}
        tools={
          <Segmented<MetricId>
            label={words.text('steer.cost.choice')}
            value={metric.id}
            options={costs.map(({ id }) => ({ value: id, label: words.text(`metric.${id}.name`) }))}
            onChange={setCost}
          />
        }
        plot={{ data: side.data, layout: side.layout, height: 330 }}
      />
    </div>
  );
}
