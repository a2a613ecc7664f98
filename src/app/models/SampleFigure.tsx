/** How alike the blocks of the two models are on a small sample, before the corpus is read. */
import { useMemo } from 'react';
import type { HomologySample } from '../../experiment/run';
import { Figure } from '../figures/Figure';
import { usePlotTheme } from '../figures/theme';
import { count, fixed } from '../ui/format';

export function SampleFigure({ sample }: { sample: HomologySample }) {
  const theme = usePlotTheme();
  const { blocks, cka, late } = sample;
  const plot = useMemo(() => {
    const data = [
      {
        type: 'heatmap',
        x: blocks.target.map(String),
        y: blocks.source.map(String),
        z: cka,
        colorscale: theme.sequential,
        xgap: 2,
        ygap: 2,
        zmin: 0,
        zmax: 1,
        ...(blocks.target.length <= 12 ? { texttemplate: '%{z:.2f}', textfont: { size: 13 } } : {}),
        hovertemplate: 'small block %{y}, large block %{x}<br>debiased CKA %{z:.3f}<extra></extra>',
        colorbar: { thickness: 10, outlinewidth: 0, len: 1, tickfont: { size: 12 }, nticks: 6 },
      },
    ];
    const layout = theme.layout({
      xaxis: theme.axis('block of the large model', { type: 'category', showgrid: false, zeroline: false }),
      yaxis: theme.axis('block of the small model', { type: 'category', showgrid: false, zeroline: false }),
      shapes: late.map((point) => {
        const [x, y] = [blocks.target.indexOf(point.target), blocks.source.indexOf(point.source)];
        return {
          type: 'rect',
          x0: x - 0.5,
          x1: x + 0.5,
          y0: y - 0.5,
          y1: y + 0.5,
          line: { color: theme.accent, width: 2.5 },
        };
      }),
      margin: { l: 52, r: 8, t: 10, b: 44 },
    });
    return { data, layout, height: Math.max(210, Math.min(420, blocks.source.length * 44 + 70)) };
  }, [blocks, cka, late, theme]);
  const { rows, texts } = sample;
  return (
    <Figure
      name="homology-sample"
      className="homology-figure"
      title="How alike their blocks are, on a small sample"
      caption={`Debiased linear CKA of ${count(rows.train + rows.heldOut)} positions of ${texts} texts${rows.left > 0 ? `, ${count(rows.left)} far longer than the rest left out` : ''}. Outlined: for each later block of the large model the later block of the small one that is most like it; the verdict goes by their mean, ${fixed(sample.meanCka)}. Early blocks hold the token itself: there even strangers can be alike.`}
      table={{
        head: ['source_block', 'target_block', 'debiased_cka'],
        rows: cka.flatMap((row, i) => row.map((value, j) => [blocks.source[i], blocks.target[j], value])),
      }}
      cursor={cka.map((row, i) => ({
        name: `small block ${blocks.source[i]}`,
        points: row.map((value, j) => ({
          label: `small block ${blocks.source[i]}, large block ${blocks.target[j]}: debiased CKA ${fixed(value, 3)}`,
        })),
      }))}
      plot={plot}
    />
  );
}
