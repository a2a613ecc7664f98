/** The PCA panels: source, target, and the source carried into the target's plane for the morph. */
import type { MapResult, PcaPanel } from '../experiment/run';
import type { Pca } from '../math/pca';
import { norm } from '../math/stats';
import { applyMap, type AffineMap } from '../math/affine-map';
import type { Layers } from './fit';
import { pickRows, type Sample } from './rows';
import { medianNorm } from './vectors';

/** Points drawn per panel; SVG scatter stays smooth far above this. */
export const PANEL_POINTS = 400;

/** First principal axes of row-major states; on the GPU where the runtime has one, else in float64. */
export type PcaFunction = (rows: Float32Array, width: number, components: number) => Promise<Pca>;

/** A state longer than this many median lengths of its block is massive: a handful of them would be all that PCA shows. */
export const MASSIVE = 4;

/** What the panels show of the sample. */
export interface PanelView {
  /** Rows that are massive in no block of either model: the axes come from these. */
  ordinary: number[];
  /** Those of them that are drawn: evenly spread, the same in every panel. */
  drawn: number[];
}

export function panelView(sample: Sample): PanelView {
  const massive = new Uint8Array(sample.rows);
  for (const { width, blocks } of [sample.source, sample.target]) {
    for (const rows of blocks) {
      const limit = MASSIVE * medianNorm(rows, width);
      for (let i = 0; i < sample.rows; i++) if (norm(rows.subarray(i * width, (i + 1) * width)) > limit) massive[i] = 1;
    }
  }
  const ordinary = Array.from(massive.keys()).filter((i) => massive[i] === 0);
  const count = Math.min(PANEL_POINTS, ordinary.length);
  return {
    ordinary,
    drawn: Array.from({ length: count }, (_, i) => ordinary[Math.floor((i * ordinary.length) / count)]),
  };
}

/** One panel from the states of a block. */
export async function panel(
  pca: PcaFunction,
  rows: Float32Array,
  width: number,
  { ordinary, drawn }: PanelView,
): Promise<PcaPanel> {
  const axes = await pca(pickRows(rows, ordinary, width), width, 2);
  return {
    points: projectPoints(axes, rows, width, drawn),
    explained: [round(axes.variances[0] / axes.total), round(axes.variances[1] / axes.total)],
  };
}

/** Source points in the source's plane, target points and mapped source points in the target's plane. */
export async function mappedPanel(
  pca: PcaFunction,
  sample: Sample,
  layers: Layers,
  map: AffineMap,
  { ordinary, drawn }: PanelView,
): Promise<MapResult['mappedPca']> {
  const X = sample.source.blocks[layers.source];
  const Y = sample.target.blocks[layers.target];
  const sourceAxes = await pca(pickRows(X, ordinary, sample.source.width), sample.source.width, 2);
  const targetAxes = await pca(pickRows(Y, ordinary, sample.target.width), sample.target.width, 2);
  const mapped = applyMap(map, X, sample.rows);
  return {
    source: projectPoints(sourceAxes, X, sample.source.width, drawn),
    target: projectPoints(targetAxes, Y, sample.target.width, drawn),
    mapped: projectPoints(targetAxes, mapped, sample.target.width, drawn),
  };
}

function projectPoints(axes: Pca, rows: Float32Array, width: number, drawn: readonly number[]): [number, number][] {
  return drawn.map((row) => {
    const at = (component: number): number => {
      let sum = 0;
      for (let d = 0; d < width; d++)
        sum += (rows[row * width + d] - axes.mean[d]) * axes.components.data[component * width + d];
      return round(sum);
    };
    return [at(0), at(1)];
  });
}

function round(x: number): number {
  return Math.round(x * 1e4) / 1e4;
}
