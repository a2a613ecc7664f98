/** How the ridge weight trades fit for generality: too little overfits, too much flattens. */
import { useMemo } from 'react';
import type { MapResult } from '../../experiment/run';
import { Figure } from '../figures/Figure';
import { usePlotTheme } from '../figures/theme';
import { compact, fixed } from '../ui/format';

export function LambdaFigure({ map }: { map: MapResult }) {
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
      hovertemplate: `λ %{x:.1e}<br>${name} R² %{y:.3f}<extra></extra>`,
    });
    const chosen = place(map.lambda);
    const layout = theme.layout({
      xaxis: theme.axis('ridge weight λ', {
        type: 'log',
        tickvals: decades,
        ticktext: decades.map((l) => compact(l)),
        tickfont: { size: 12 },
      }),
      yaxis: theme.axis('R²', { nticks: 6 }),
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
      name: 'cross-validated',
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
      hovertemplate: 'λ %{x:.1e}<br>cross-validated R² %{y:.3f} ± %{error_y.array:.3f}<extra></extra>',
    };
    const data = [
      trace(
        'fitted texts',
        map.lambdaPath.map((p) => p.trainR2),
        theme.muted,
        'dot',
      ),
      trace(
        'held-out',
        map.lambdaPath.map((p) => p.heldOutR2),
        theme.ink,
        'solid',
      ),
      ...(folds ? [folds] : []),
    ];
    return { data, layout, height: 270 };
  }, [map, theme]);
  return (
    <Figure
      name="lambda"
      title="How much ridge"
      caption={`R² over the ridge weight: solid on held-out texts, dotted on the texts that were fitted. The upright line is the weight in use, ${compact(map.lambda)}${map.crossValidation ? `, chosen by cross-validation: diamonds, mean R² over ${map.crossValidation.folds} folds of the fitted texts with one standard error` : ''}.`}
      table={{
        head: ['lambda', 'held_out_r2', 'train_r2'],
        rows: map.lambdaPath.map((p) => [p.lambda, p.heldOutR2, p.trainR2]),
      }}
      cursor={[
        {
          name: 'held out',
          curve: 1,
          points: map.lambdaPath.map((p) => ({
            label: `λ ${compact(p.lambda)}: held-out R² ${fixed(p.heldOutR2, 3)}`,
          })),
        },
        {
          name: 'fitted',
          curve: 0,
          points: map.lambdaPath.map((p) => ({
            label: `λ ${compact(p.lambda)}: R² on fitted texts ${fixed(p.trainR2, 3)}`,
          })),
        },
      ]}
      plot={plot}
    />
  );
}
