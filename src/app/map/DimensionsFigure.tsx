/** Whether the R² is spread over the dimensions or carried by a few of them. */
import { useMemo, useState } from 'react';
import type { MapResult, MapStatistics } from '../../experiment/run';
import { r2Histogram } from '../../math/map-statistics';
import { Figure } from '../figures/Figure';
import { plotLines } from '../figures/plot-text';
import { usePlotTheme } from '../figures/theme';
import { count as countText, fixed } from '../ui/format';
import { Segmented } from '../ui/Segmented';
import { useWords } from '../state/text';

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
  const words = useWords();
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
          hovertemplate: `${plotLines(words.text('map.dimensions.hover-bar', { r2: '%{x:.2f}', count: '%{y}' }))}<extra></extra>`,
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
        xaxis: theme.axis(words.text('map.dimensions.r2-axis'), { nticks: 8 }),
        yaxis: theme.axis(words.text('map.dimensions.count-axis'), { nticks: 5 }),
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
        hovertemplate: `${words.text('map.dimensions.hover-without', { r2: '%{y:.3f}' })}<extra></extra>`,
      },
    ];
    const layout = theme.layout({
      xaxis: theme.axis(words.text('map.dimensions.without-axis'), {
        tickvals: x,
        ticktext: withoutTop.map(({ without }) => String(without)),
      }),
      yaxis: theme.axis(words.text('map.held-out-r2.axis'), { nticks: 6, rangemode: 'tozero' }),
    });
    return { data, layout, height: 250 };
  }, [view, bins, withoutTop, map, theme, words]);

  const spread = view === 'spread';
  return (
    <Figure
      name={spread ? 'dimensions' : 'without-largest'}
      title={words.text('map.dimensions.title')}
      caption={
        spread
          ? words.text('map.dimensions.caption', {
              model: target,
              count: countText(known.length),
              median: fixed(map.medianDimensionR2, 3),
              all: fixed(map.heldOutR2, 3),
              lowest: known.some((r2) => r2 < LOWEST) ? fixed(LOWEST, 1) : 'none',
            })
          : words.text('map.dimensions.caption-without')
      }
      table={
        spread
          ? { head: ['dimension', 'held_out_r2'], rows: dimensionR2.map((r2, i) => [i, r2 ?? '']) }
          : { head: ['left_out', 'held_out_r2'], rows: withoutTop.map(({ without, r2 }) => [without, r2]) }
      }
      cursor={[
        spread
          ? {
              name: words.text('map.dimensions.spread'),
              curve: 0,
              points: bins.map(({ from, count }) => ({
                label: words.text('map.dimensions.bar', { from: fixed(from, 2), to: fixed(from + BIN, 2), count }),
              })),
            }
          : {
              name: words.text('map.dimensions.without'),
              curve: 0,
              points: withoutTop.map(({ without, r2 }) => ({
                label: words.text('map.dimensions.without-point', { count: without, r2: fixed(r2, 3) }),
              })),
            },
      ]}
      tools={
        <Segmented<View>
          label={words.text('map.dimensions.shown')}
          value={view}
          options={[
            { value: 'spread', label: words.text('map.dimensions.each') },
            { value: 'without', label: words.text('map.dimensions.without-largest') },
          ]}
          onChange={setView}
        />
      }
      plot={plot}
    />
  );
}
