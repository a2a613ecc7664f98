/** Colours and layout that every Plotly figure shares, read from the page's custom properties. */
import { plotText } from './plot-text';
import { useMemo } from 'react';
import type { Arm } from '../../experiment/arms';
import { useLab } from '../state/store';
import { ARM_STYLES } from './arms';

export interface PlotTheme {
  ink: string;
  muted: string;
  grid: string;
  surface: string;
  /** The page behind the figures, a little transparent: for words over lines. */
  ground: string;
  accent: string;
  failed: string;
  arm: (arm: Arm) => string;
  sequential: [number, string][];
  points: [number, string][];
  layout: (patch: Record<string, unknown>) => Record<string, unknown>;
  axis: (title: string, patch?: Record<string, unknown>) => Record<string, unknown>;
}

/** One hue from the surface to its strongest: lightness alone tells the value, in either theme. */
const SCALE_DARK = ['#1e2429', '#25323d', '#2f475a', '#416280', '#6284a6', '#92aeca', '#d0deea'];
const SCALE_LIGHT = ['#eceeec', '#d3dbe0', '#afbfcc', '#839cb2', '#587a97', '#345778', '#17385a'];

/** For points on the page’s own ground: no end of it fades into the surface. */
const POINTS_LIGHT = ['#d3a21f', '#9a8f5f', '#5d6c8c', '#1d3a80'];
const POINTS_DARK = ['#f2cf4a', '#b9b188', '#8799b5', '#5a86e0'];

const spread = (colors: string[]): [number, string][] => colors.map((color, i) => [i / (colors.length - 1), color]);

function read(dark: boolean): PlotTheme {
  const style = getComputedStyle(document.documentElement);
  const v = (name: string): string => style.getPropertyValue(name).trim();
  const muted = v('--muted');
  const grid = v('--line');
  const font = { family: '"Source Sans 3 Variable", system-ui, sans-serif', size: 13, color: muted };
  const axis: PlotTheme['axis'] = (title, patch = {}) => ({
    // Axis titles hold names of models and concepts, which may come from anywhere.
    title: { text: plotText(title), standoff: 8, font: { ...font, color: v('--ink') } },
    gridcolor: grid,
    linecolor: v('--line-strong'),
    zerolinecolor: v('--line-strong'),
    zerolinewidth: 1,
    tickcolor: v('--line-strong'),
    ticks: 'outside',
    ticklen: 4,
    tickfont: font,
    fixedrange: true,
    automargin: true,
    ...patch,
  });
  return {
    ink: v('--ink'),
    muted,
    grid,
    surface: v('--surface'),
    ground: `${v('--bg')}b8`,
    accent: v('--accent'),
    failed: v('--failed'),
    arm: (arm) => v(ARM_STYLES[arm].color),
    sequential: spread(dark ? SCALE_DARK : SCALE_LIGHT),
    points: spread(dark ? POINTS_DARK : POINTS_LIGHT),
    axis,
    layout: (patch) => ({
      paper_bgcolor: 'rgba(0,0,0,0)',
      plot_bgcolor: 'rgba(0,0,0,0)',
      font,
      margin: { l: 52, r: 12, t: 10, b: 44 },
      showlegend: false,
      dragmode: false,
      hovermode: 'closest',
      hoverlabel: {
        bgcolor: v('--surface-raised'),
        bordercolor: v('--line-strong'),
        font: { ...font, color: v('--ink') },
        align: 'left',
      },
      ...patch,
    }),
  };
}

/** The theme of the figures; a new object, and so a redraw, only when light turns dark or back. */
export function usePlotTheme(): PlotTheme {
  const dark = useLab((s) => s.dark);
  return useMemo(() => read(dark), [dark]);
}
