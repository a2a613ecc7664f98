/** States of one block as points on their two widest directions. A token has one colour in all panels. */
import { useMemo } from 'react';
import type { ActivationsResult, PcaPanel } from '../../experiment/run';
import { Figure } from '../figures/Figure';
import { usePlotTheme } from '../figures/theme';
import { plotText } from '../figures/plot-text';
import { fixed, percent, tokenName } from '../ui/format';
import { useWords } from '../state/text';

interface Props {
  name: string;
  title: string;
  panels: PcaPanel[];
  /** Panel whose first axis gives the colours. */
  colorFrom: PcaPanel | undefined;
  labels: ActivationsResult['labels'];
  block: number;
  norm: number[];
  onBlock: (block: number) => void;
}

export function PcaFigure({ name, title, panels, colorFrom, labels, block, norm, onBlock }: Props) {
  const words = useWords();
  const theme = usePlotTheme();
  const panel = panels[block];
  const plot = useMemo(() => {
    const data = [
      {
        type: 'scatter',
        mode: 'markers',
        x: panel.points.map((p) => p[0]),
        y: panel.points.map((p) => p[1]),
        text: labels.map((label) =>
          plotText(
            words.text('activations.pca.hover', {
              token: tokenName(label.token),
              text: label.text,
              position: label.position,
            }),
          ),
        ),
        hovertemplate: '%{text}<extra></extra>',
        marker: {
          size: 6,
          opacity: 0.8,
          color: (colorFrom ?? panel).points.map((p) => p[0]),
          colorscale: theme.points,
        },
      },
    ];
    const layout = theme.layout({
      xaxis: theme.axis(words.text('activations.pca.first-axis', { share: percent(panel.explained[0]) }), {
        nticks: 5,
      }),
      yaxis: theme.axis(words.text('activations.pca.second-axis', { share: percent(panel.explained[1]) }), {
        nticks: 5,
      }),
    });
    return { data, layout, height: 340 };
  }, [panel, colorFrom, labels, theme, words]);
  return (
    <Figure
      name={name}
      title={title}
      caption={words.text('activations.pca.caption', { block })}
      table={{
        head: ['token', 'text', 'position', 'pc1', 'pc2'],
        rows: labels.map((label, i) => [label.token, label.text, label.position, ...panel.points[i]]),
      }}
      cursor={[
        {
          name: title,
          curve: 0,
          points: labels.map((label, i) => ({
            label: words.text('activations.pca.point', {
              token: tokenName(label.token),
              text: label.text,
              x: fixed(panel.points[i][0]),
              y: fixed(panel.points[i][1]),
            }),
          })),
        },
      ]}
      tools={
        <label className="block-picker">
          {words.text('activations.pca.block')}
          <select value={block} onChange={(event) => onBlock(Number(event.target.value))}>
            {panels.map((_, i) => (
              <option key={i} value={i}>
                {words.text('activations.pca.block-option', { block: i, length: fixed(norm[i], 1) })}
              </option>
            ))}
          </select>
        </label>
      }
      plot={plot}
    />
  );
}
