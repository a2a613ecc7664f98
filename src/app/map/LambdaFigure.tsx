/** How the ridge weight trades fit for generality: too little overfits, too much flattens. */
import { useMemo } from 'react';
import type { MapResult } from '../../experiment/run';
import { Figure } from '../figures/Figure';
import { plotLines } from '../figures/plot-text';
import { usePlotTheme } from '../figures/theme';
import { compact, fixed } from '../ui/format';
import { useWords } from '../state/text';

export function LambdaFigure({ map }: { map: MapResult }) {
  const words = useWords();
  const theme = usePlotTheme();
  const plot = useMemo(() => {
    // A logarithmic axis has no place for zero: it is drawn a decade below the smallest weight.
    const smallest = Math.min(...map.lambdaPath.map((p) => p.lambda).filter((l) => l > 0));
    const place = (lambda: number): number => (lambda > 0 ? lambda : smallest / 10);
    const x = map.lambdaPath.map((p) => place(p.lambda));
    const decades = x.filter((l) => Math.abs(Math.log10(l) - Math.round(Math.log10(l))) < 1e-6);
    const trace = (name: string, y: number[], color: string, dash: string): unknown => ({
      type: 'scatter',
      mode: 'lines+markers',
      name,
      x,
      y,
      line: { color, width: 2, dash },
      marker: { color, size: 6 },
      hovertemplate: `${plotLines(words.text('map.lambda.hover', { lambda: '%{x:.1e}', texts: name, r2: '%{y:.3f}' }))}<extra></extra>`,
    });
    const chosen = place(map.lambda);
    const layout = theme.layout({
      xaxis: theme.axis(words.text('map.lambda.axis'), {
        type: 'log',
        tickvals: decades,
        ticktext: decades.map((l) => compact(l)),
        tickfont: { size: 12 },
      }),
      yaxis: theme.axis(words.text('map.r2'), { nticks: 6 }),
      shapes: [
        {
          type: 'line',
          yref: 'paper',
          y0: 0,
          y1: 1,
          x0: chosen,
          x1: chosen,
          line: { color: theme.accent, width: 1.5 },
        },
      ],
    });
    const { crossValidation } = map;
    const folds = crossValidation && {
      type: 'scatter',
      mode: 'markers',
      name: words.text('map.lambda.cross-validated'),
      x: crossValidation.points.map((p) => place(p.lambda)),
      y: crossValidation.points.map((p) => p.meanR2),
      error_y: {
        type: 'data',
        array: crossValidation.points.map((p) => p.standardError),
        color: theme.accent,
        thickness: 1.5,
        width: 3,
      },
      marker: { color: theme.accent, size: 7, symbol: 'diamond' },
      hovertemplate: `${plotLines(words.text('map.lambda.hover-folds', { lambda: '%{x:.1e}', r2: '%{y:.3f}', error: '%{error_y.array:.3f}' }))}<extra></extra>`,
    };
    const data = [
      trace(
        words.text('map.lambda.fitted-texts'),
        map.lambdaPath.map((p) => p.trainR2),
        theme.muted,
        'dot',
      ),
      trace(
        words.text('map.lambda.held-out'),
        map.lambdaPath.map((p) => p.heldOutR2),
        theme.ink,
        'solid',
      ),
      ...(folds ? [folds] : []),
    ];
    return { data, layout, height: 270 };
  }, [map, theme, words]);
  return (
    <Figure
      name="lambda"
      title={words.text('map.lambda.title')}
      caption={words.text('map.lambda.caption', {
        lambda: compact(map.lambda),
        folds: map.crossValidation?.folds ?? 0,
      })}
      table={{
        head: ['lambda', 'held_out_r2', 'train_r2'],
        rows: map.lambdaPath.map((p) => [p.lambda, p.heldOutR2, p.trainR2]),
      }}
      cursor={[
        {
          name: words.text('map.lambda.held-out-series'),
          curve: 1,
          points: map.lambdaPath.map((p) => ({
            label: words.text('map.lambda.point-held-out', { lambda: compact(p.lambda), r2: fixed(p.heldOutR2, 3) }),
          })),
        },
        {
          name: words.text('map.lambda.fitted-series'),
          curve: 0,
          points: map.lambdaPath.map((p) => ({
            label: words.text('map.lambda.point-fitted', { lambda: compact(p.lambda), r2: fixed(p.trainR2, 3) }),
          })),
        },
      ]}
      plot={plot}
    />
  );
}
