/** How alike the blocks of the two models are on a small sample, before the corpus is read. */
import { useMemo } from 'react';
import type { HomologySample } from '../../experiment/run';
import { Figure } from '../figures/Figure';
import { plotLines } from '../figures/plot-text';
import { usePlotTheme } from '../figures/theme';
import { count, fixed } from '../ui/format';
import { useWords } from '../state/text';

export function SampleFigure({ sample }: { sample: HomologySample }) {
  const words = useWords();
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
        hovertemplate: `${plotLines(words.text('models.sample.hover', { source: '%{y}', target: '%{x}', cka: '%{z:.3f}' }))}<extra></extra>`,
        colorbar: { thickness: 10, outlinewidth: 0, len: 1, tickfont: { size: 12 }, nticks: 6 },
      },
    ];
    const layout = theme.layout({
      xaxis: theme.axis(words.text('models.sample.target-axis'), {
        type: 'category',
        showgrid: false,
        zeroline: false,
      }),
      yaxis: theme.axis(words.text('models.sample.source-axis'), {
        type: 'category',
        showgrid: false,
        zeroline: false,
      }),
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
  }, [blocks, cka, late, theme, words]);
  const { rows, texts } = sample;
  return (
    <Figure
      name="homology-sample"
      className="homology-figure"
      title={words.text('models.sample.title')}
      caption={words.text('models.sample.caption', {
        positions: count(rows.train + rows.heldOut),
        texts: count(texts),
        left: rows.left > 0 ? count(rows.left) : 'none',
        mean: fixed(sample.meanCka),
      })}
      table={{
        head: ['source_block', 'target_block', 'debiased_cka'],
        rows: cka.flatMap((row, i) => row.map((value, j) => [blocks.source[i], blocks.target[j], value])),
      }}
      cursor={cka.map((row, i) => ({
        name: words.text('models.sample.row', { block: blocks.source[i] }),
        points: row.map((value, j) => ({
          label: words.text('models.sample.point', {
            source: blocks.source[i],
            target: blocks.target[j],
            cka: fixed(value, 3),
          }),
        })),
      }))}
      plot={plot}
    />
  );
}
