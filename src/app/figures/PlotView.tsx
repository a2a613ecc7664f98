/** The Plotly part of a figure, in a chunk of its own: 1.5 MB that the first paint does without. */
import Plotly from 'plotly.js-cartesian-dist-min';
import { useEffect, useMemo, useRef } from 'react';
import createPlotlyComponent from 'react-plotly.js/factory';

const Plot = createPlotlyComponent(Plotly);

const CONFIG = { displayModeBar: false, responsive: false, scrollZoom: false, doubleClick: false, showTips: false };

export interface PlotHandle {
  /** Shows the hover label at a point of a trace. */
  hover: (curve: number, point: number) => void;
  hoverAt: (x: number, y: number) => void;
  unhover: () => void;
  restyle: (update: Record<string, unknown>, traces: number[]) => void;
  image: (format: 'png' | 'svg') => Promise<string>;
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
      image: (format) => Plotly.toImage(gd, { format, width: gd.clientWidth, height: gd.clientHeight, scale: format === 'png' ? 2 : 1 }),
    });
  };
  const click = onPick
    ? (event: ClickEvent) => {
        const point = event.points?.[0];
        if (point) onPick({ curve: point.curveNumber, x: point.x, y: point.y });
      }
    : undefined;
  return <Plot data={data} layout={sized} config={CONFIG} onInitialized={initialised} onClick={click} style={{ width, height }} />;
}
