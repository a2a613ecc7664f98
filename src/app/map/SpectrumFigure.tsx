/** How many directions the map really carries. */
import { useMemo } from 'react';
import type { MapStatistics } from '../../experiment/run';
import { Figure } from '../figures/Figure';
import { plotLines } from '../figures/plot-text';
import { usePlotTheme } from '../figures/theme';
import { compact, fixed } from '../ui/format';
import { useWords } from '../state/text';

/** 1, 2 and 5 of every decade that a deviation can be in. */
const ONE_TWO_FIVE = Array.from({ length: 17 }, (_, k) => [1, 2, 5].map((digit) => Number(`${digit}e${k - 8}`))).flat();

export function SpectrumFigure({ statistics }: { statistics: MapStatistics }) {
  const words = useWords();
  const theme = usePlotTheme();
  const { spectrum, effectiveRank, ceiling } = statistics;
  const plot = useMemo(() => {
    const x = spectrum.map((_, i) => i + 1);
    // What is zero has no place on a logarithmic axis.
    const y = spectrum.map((s) => (s > 0 ? s : null));
    const data = [
      {
        type: 'scatter',
        mode: 'lines+markers',
        x,
        y,
        line: { color: theme.ink, width: 2 },
        marker: { color: theme.ink, size: 5 },
        hovertemplate: `${plotLines(words.text('map.spectrum.hover', { direction: '%{x}', deviation: '%{y:.2e}' }))}<extra></extra>`,
      },
    ];
    // Over few decades Plotly would label 0.5 with its leading digit alone.
    const decades = Math.log10(spectrum[0] / (spectrum.findLast((s) => s > 0) ?? spectrum[0]));
    const ticks =
      decades > 2
        ? { dtick: 1, exponentformat: 'power' }
        : { tickvals: ONE_TWO_FIVE, ticktext: ONE_TWO_FIVE.map(compact) };
    const layout = theme.layout({
      xaxis: theme.axis(words.text('map.spectrum.direction'), { range: [0, ceiling + 1], nticks: 7 }),
      yaxis: theme.axis(words.text('map.spectrum.deviation'), { type: 'log', ...ticks }),
      shapes: [
        {
          type: 'line',
          yref: 'paper',
          y0: 0,
          y1: 1,
          x0: effectiveRank,
          x1: effectiveRank,
          line: { color: theme.accent, width: 1.5 },
        },
      ],
    });
    return { data, layout, height: 250 };
  }, [spectrum, effectiveRank, ceiling, theme, words]);
  return (
    <Figure
      name="spectrum"
      title={words.text('map.spectrum.title')}
      caption={words.text('map.spectrum.caption', { rank: fixed(effectiveRank, 1), ceiling })}
      table={{ head: ['direction', 'deviation'], rows: spectrum.map((s, i) => [i + 1, s]) }}
      cursor={[
        {
          name: words.text('map.spectrum.series'),
          curve: 0,
          points: spectrum.map((s, i) => ({
            label: words.text('map.spectrum.point', { direction: i + 1, deviation: compact(s) }),
          })),
        },
      ]}
      plot={plot}
    />
  );
}
