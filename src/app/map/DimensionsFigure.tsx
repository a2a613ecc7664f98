/** Whether the R² is spread over the dimensions or carried by a few of them. */
import { useMemo, useState } from 'react';
import type { MapResult, MapStatistics } from '../../experiment/run';
import { r2Histogram } from '../../math/map-statistics';
import { Figure } from '../figures/Figure';
import { usePlotTheme } from '../figures/theme';
import { fixed } from '../ui/format';
import { Segmented } from '../ui/Segmented';

type View = 'spread' | 'without';

/** Dimensions that are predicted worse than this share the lowest bar. */
const LOWEST = -0.2;
const BIN = 0.05;

interface Props {
  map: MapResult;
  statistics: MapStatistics;
  target: string;
}

export function DimensionsFigure({ map, statistics, target }: Props) {
  const theme = usePlotTheme();
  const [view, setView] = useState<View>('spread');
  const { dimensionR2, withoutTop } = statistics;
  const known = useMemo(() => dimensionR2.filter((r2) => r2 !== null), [dimensionR2]);
  const bins = useMemo(() => {
    const { edges, counts } = r2Histogram(known, Math.round((1 - LOWEST) / BIN), LOWEST);
    const from = edges.findIndex((_, i) => counts[i] > 0 || edges[i] >= 0);
    return counts.slice(from).map((count, i) => ({ from: edges[from + i], count }));
  }, [known]);

  const plot = useMemo(() => {
    if (view === 'spread') {
      const data = [
        {
          type: 'bar',
          x: bins.map(({ from }) => from + BIN / 2),
          y: bins.map(({ count }) => count),
          width: BIN * 0.9,
          marker: { color: theme.muted },
          hovertemplate: 'R² about %{x:.2f}<br>%{y} dimensions<extra></extra>',
        },
      ];
      const mark = (at: number, color: string, dash: string): unknown => ({
        type: 'line',
        yref: 'paper',
        y0: 0,
        y1: 1,
        x0: at,
        x1: at,
        line: { color, width: 1.5, dash },
      });
      const layout = theme.layout({
        xaxis: theme.axis('held-out R² of a dimension', { nticks: 8 }),
        yaxis: theme.axis('dimensions', { nticks: 5 }),
        shapes: [mark(map.medianDimensionR2, theme.accent, 'solid'), mark(map.heldOutR2, theme.ink, 'dot')],
      });
      return { data, layout, height: 250 };
    }
    const x = withoutTop.map((_, i) => i);
    const data = [
      {
        type: 'scatter',
        mode: 'lines+markers',
        x,
        y: withoutTop.map(({ r2 }) => r2),
        line: { color: theme.ink, width: 2 },
        marker: { color: theme.ink, size: 7 },
        hovertemplate: 'held-out R² %{y:.3f}<extra></extra>',
      },
    ];
    const layout = theme.layout({
      xaxis: theme.axis('largest dimensions left out', {
        tickvals: x,
        ticktext: withoutTop.map(({ without }) => String(without)),
      }),
      yaxis: theme.axis('held-out R²', { nticks: 6, rangemode: 'tozero' }),
    });
    return { data, layout, height: 250 };
  }, [view, bins, withoutTop, map, theme]);

  const spread = view === 'spread';
  return (
    <Figure
      name={spread ? 'dimensions' : 'without-largest'}
      title="Where the R² lives"
      caption={
        spread
          ? `How many of ${target}’s ${known.length} dimensions are predicted how well. Upright: the median, ${fixed(map.medianDimensionR2, 3)}; dotted: all together, ${fixed(map.heldOutR2, 3)}.${known.some((r2) => r2 < LOWEST) ? ` The lowest bar also holds what lies below ${fixed(LOWEST, 1)}.` : ''}`
          : 'Held-out R² when the dimensions of highest variance are left out. A line that falls steeply means that a few large dimensions made the figure.'
      }
      table={
        spread
          ? { head: ['dimension', 'held_out_r2'], rows: dimensionR2.map((r2, i) => [i, r2 ?? '']) }
          : { head: ['left_out', 'held_out_r2'], rows: withoutTop.map(({ without, r2 }) => [without, r2]) }
      }
      cursor={[
        spread
          ? {
              name: 'spread',
              curve: 0,
              points: bins.map(({ from, count }) => ({
                label: `R² ${fixed(from, 2)} to ${fixed(from + BIN, 2)}: ${count} dimensions`,
              })),
            }
          : {
              name: 'without',
              curve: 0,
              points: withoutTop.map(({ without, r2 }) => ({
                label: `without ${without}: held-out R² ${fixed(r2, 3)}`,
              })),
            },
      ]}
      tools={
        <Segmented<View>
          label="Shown"
          value={view}
          options={[
            { value: 'spread', label: 'Each' },
            { value: 'without', label: 'Without the largest' },
          ]}
          onChange={setView}
        />
      }
      plot={plot}
    />
  );
}
