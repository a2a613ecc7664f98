/** Every block of the small model against every block of the large one. A cell is a choice. */
import { useMemo, useState } from 'react';
import type { MapResult } from '../../experiment/run';
import { Figure } from '../figures/Figure';
import { usePlotTheme } from '../figures/theme';
import { plotLines, plotText } from '../figures/plot-text';
import { isLive, rerunIfLive } from '../state/engine';
import { editExperiment, useLab } from '../state/store';
import { fixed } from '../ui/format';
import { Segmented } from '../ui/Segmented';
import { useWords } from '../state/text';

type Measure = 'r2' | 'cka';
/** Blocks of a side up to which the cells have their numbers written in them. */
const MAX_NUMBERED = 8;

/** The blocks of each side that were compared with any of the other. */
function comparedOf(grid: number[][], cka: number[][]): { shownS: number[]; shownT: number[] } {
  const known = (s: number, t: number): boolean => Number.isFinite(grid[s][t]) || Number.isFinite(cka[s][t]);
  const sides = [grid.map((_, s) => s), grid[0].map((_, t) => t)];
  return {
    shownS: sides[0].filter((s) => sides[1].some((t) => known(s, t))),
    shownT: sides[1].filter((t) => sides[0].some((s) => known(s, t))),
  };
}

export function LayerGrid({ map, source, target }: { map: MapResult; source: string; target: string }) {
  const words = useWords();
  const theme = usePlotTheme();
  const [measure, setMeasure] = useState<Measure>('r2');
  const [cursorAt, setCursorAt] = useState<[number, number] | null>(null);
  const wanted = useLab((s) => s.experiment.map);
  const values = measure === 'r2' ? map.grid : map.cka;
  const selected: [number, number] = [
    wanted.sourceLayer === 'auto' ? map.layers.source : wanted.sourceLayer,
    wanted.targetLayer === 'auto' ? map.layers.target : wanted.targetLayer,
  ];
  const [selectedS, selectedT] = selected;

  function pick(sourceLayer: number, targetLayer: number): void {
    const live = isLive();
    editExperiment((e) => ({ ...e, map: { ...e.map, sourceLayer, targetLayer } }));
    rerunIfLive(live);
  }

  const { shownS, shownT } = useMemo(() => comparedOf(map.grid, map.cka), [map]);
  const gaps = shownS.length < map.grid.length || shownT.length < map.grid[0].length;

  const plot = useMemo(() => {
    const rows = shownS.map((_, i) => i);
    const columns = shownT.map((_, j) => j);
    const z = shownS.map((block) =>
      shownT.map((other) => (Number.isFinite(values[block][other]) ? values[block][other] : null)),
    );
    const data = [
      {
        type: 'heatmap',
        x: columns,
        y: rows,
        z,
        customdata: shownS.map((block) => shownT.map((other) => [block, other])),
        colorscale: theme.sequential,
        xgap: 2,
        ygap: 2,
        zmin: Math.min(0, ...values.flat().filter(Number.isFinite)),
        zmax: 1,
        // Numbers where there is room for them.
        ...(columns.length <= MAX_NUMBERED ? { texttemplate: '%{z:.2f}', textfont: { size: 13 } } : {}),
        hoverongaps: false,
        hovertemplate: `${plotLines(
          words.text('map.grid.hover', {
            source: plotText(source),
            sourceBlock: '%{customdata[0]}',
            target: plotText(target),
            targetBlock: '%{customdata[1]}',
            measure: words.text(`map.grid.measure.${measure}`),
            value: '%{z:.3f}',
          }),
        )}<extra></extra>`,
        colorbar: { thickness: 10, outlinewidth: 0, len: 1, tickfont: { size: 12 }, nticks: 6 },
      },
    ];
    const box = (at: [number, number], color: string, dash: string, width: number): unknown => ({
      type: 'rect',
      x0: at[1] - 0.5,
      x1: at[1] + 0.5,
      y0: at[0] - 0.5,
      y1: at[0] + 0.5,
      line: { color, width, dash },
    });
    const inUse: [number, number] = [shownS.indexOf(selectedS), shownT.indexOf(selectedT)];
    const layout = theme.layout({
      xaxis: theme.axis(words.text('map.grid.axis', { model: plotText(target) }), {
        tickvals: columns,
        ticktext: shownT.map(String),
        showgrid: false,
        zeroline: false,
      }),
      yaxis: theme.axis(words.text('map.grid.axis', { model: plotText(source) }), {
        tickvals: rows,
        ticktext: shownS.map(String),
        showgrid: false,
        zeroline: false,
      }),
      shapes: [
        ...(inUse.includes(-1) ? [] : [box(inUse, theme.surface, 'solid', 6), box(inUse, theme.accent, 'solid', 3)]),
        ...(cursorAt ? [box(cursorAt, theme.ink, 'dot', 3)] : []),
      ],
      margin: { l: 52, r: 8, t: 10, b: 44 },
    });
    return {
      data,
      layout,
      height: Math.max(240, Math.min(460, rows.length * 64 + 70)),
      onClick: (p: { x: number; y: number }) => pick(shownS[p.y], shownT[p.x]),
    };
  }, [values, measure, source, target, theme, selectedS, selectedT, cursorAt, shownS, shownT, words]);

  return (
    <Figure
      name={`layers-${measure}`}
      className="layer-grid"
      title={words.text('map.grid.title')}
      caption={[
        words.text(`map.grid.measure.${measure}.caption`),
        wanted.sourceLayer === 'auto'
          ? words.text('map.grid.chosen-by-lab', { rule: map.layerRule })
          : words.text('map.grid.in-use'),
        ...(gaps ? [words.text('map.grid.gaps')] : []),
        words.text('map.grid.how'),
      ].join(' ')}
      table={{
        head: ['source_block', 'target_block', 'r2', 'cka'],
        rows: map.grid.flatMap((row, i) =>
          row.flatMap((r2, j) =>
            Number.isFinite(r2) || Number.isFinite(map.cka[i][j]) ? [[i, j, r2, map.cka[i][j]]] : [],
          ),
        ),
      }}
      cursor={shownS.map((block, i) => ({
        name: words.text('map.grid.row', { block }),
        points: shownT.map((other, j) => ({
          x: j,
          y: i,
          label: words.text('map.grid.point', {
            source,
            sourceBlock: block,
            target,
            targetBlock: other,
            measure: words.text(`map.grid.measure.${measure}`),
            value: fixed(values[block][other], 3),
          }),
        })),
      }))}
      onCursor={(series, point) => setCursorAt(series === null ? null : [series, point])}
      onPick={(i, j) => pick(shownS[i], shownT[j])}
      pickHint={words.text('map.grid.pick')}
      tools={
        <Segmented
          label={words.text('map.grid.measure')}
          value={measure}
          options={[
            { value: 'r2', label: words.text('map.grid.measure.r2') },
            { value: 'cka', label: words.text('map.grid.measure.cka') },
          ]}
          onChange={setMeasure}
        />
      }
      plot={plot}
    />
  );
}
