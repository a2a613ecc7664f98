/** The Plotly part of a figure, in a chunk of its own: 1.5 MB that the first paint does without. */
import * as Plotly from 'plotly.js';
import { useEffect, useMemo, useRef } from 'react';
import createPlotlyComponent from 'react-plotly.js/factory';
import { plotText } from './plot-text';

const Plot = createPlotlyComponent(Plotly);

const CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, showTips: false };

export interface PlotHandle {
  /** Shows the hover label at a point of a trace. */
  hover: (curve: number, point: number) => void;
  hoverAt: (x: number, y: number) => void;
  unhover: () => void;
  restyle: (update: Record<string, unknown>, traces: number[]) => void;
  /** The drawing as a file of its own: with a ground, a title and a legend, which the page has around it. */
  image: (format: 'png' | 'svg', title: string) => Promise<string>;
}

export interface PlotPoint {
  curve: number;
  x: number;
  y: number;
}

interface Props {
  data: unknown[];
  layout: Record<string, unknown>;
  width: number;
  height: number;
  onReady: (handle: PlotHandle) => void;
  onPick?: (point: PlotPoint) => void;
}

interface ClickEvent {
  points?: { curveNumber: number; x: number; y: number }[];
}

export default function PlotView({ data, layout, width, height, onReady, onPick }: Props) {
  const div = useRef<HTMLElement | null>(null);
  const sized = useMemo(() => ({ ...layout, width, height, autosize: false }), [layout, width, height]);
  const ready = useRef(onReady);
  useEffect(() => {
    ready.current = onReady;
  });
  const initialised = (_figure: unknown, gd: HTMLElement): void => {
    div.current = gd;
    ready.current({
      hover: (curve, point) => Plotly.Fx.hover(gd, [{ curveNumber: curve, pointNumber: point }]),
      hoverAt: (x, y) => Plotly.Fx.hover(gd, { xval: x, yval: y }, 'xy'),
      unhover: () => Plotly.Fx.unhover(gd),
      restyle: (update, traces) => void Plotly.restyle(gd, update, traces),
      image: (format, title) => {
        const drawn = gd as Plotly.PlotlyHTMLElement;
        const style = getComputedStyle(document.documentElement);
        const ink = style.getPropertyValue('--ink').trim();
        const font = { ...(drawn.layout.font as object), family: 'Helvetica, Arial, sans-serif' };
        const layout: Partial<Plotly.Layout> = {
          ...drawn.layout,
          font,
          paper_bgcolor: style.getPropertyValue('--bg').trim(),
          title: {
            text: plotText(title),
            x: 0.02,
            xanchor: 'left',
            y: 0.97,
            yanchor: 'top',
            font: { ...font, size: 16, color: ink },
          },
          showlegend: drawn.data.length > 1,
          legend: { orientation: 'h', x: 0, y: 1.02, yanchor: 'bottom' },
          margin: { l: 60, r: 20, t: 96, b: 54 },
        };
        const size = { width: Math.max(640, gd.clientWidth), height: gd.clientHeight + 84 };
        return Plotly.toImage({ data: drawn.data, layout }, { format, ...size, scale: format === 'png' ? 2 : 1 });
      },
    });
  };
  const click = onPick
    ? (event: ClickEvent) => {
        const point = event.points?.[0];
        if (point) onPick({ curve: point.curveNumber, x: point.x, y: point.y });
      }
    : undefined;
  return (
    <Plot
      data={data}
      layout={sized}
      config={CONFIG}
      onInitialized={initialised}
      onClick={click}
      style={{ width, height }}
    />
  );
}
