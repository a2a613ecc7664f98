/** The PCA panels: source, target, and the source carried into the target's plane for the morph. */
import type { MapResult, PcaPanel } from '../experiment/run';
import type { Pca } from '../math/pca';
import { applyMap } from '../math/ridge';
import type { FittedMap } from './fit';
import type { Sample } from './collect';

/** Points drawn per panel; SVG scatter stays smooth far above this. */
export const PANEL_POINTS = 400;

/** First principal axes of row-major states; on the GPU where the runtime has one, else in float64. */
export type PcaFunction = (rows: Float32Array, width: number, components: number) => Promise<Pca>;

/** Rows of the sample that are drawn: evenly spread, the same in every panel. */
export function panelRows(sample: Sample): number[] {
  const count = Math.min(PANEL_POINTS, sample.rows);
  return Array.from({ length: count }, (_, i) => Math.floor((i * sample.rows) / count));
}

/** One panel from the states of a block: the axes come from all rows of the sample, the points from the drawn ones. */
export async function panel(pca: PcaFunction, rows: Float32Array, width: number, drawn: readonly number[]): Promise<PcaPanel> {
  const axes = await pca(rows, width, 2);
  return { points: projectPoints(axes, rows, width, drawn), explained: [round(axes.variances[0] / axes.total), round(axes.variances[1] / axes.total)] };
}

/** Source points in the source's plane, target points and mapped source points in the target's plane. */
export async function mappedPanel(pca: PcaFunction, sample: Sample, fitted: FittedMap, drawn: readonly number[]): Promise<MapResult['mappedPca']> {
  const X = sample.source.blocks[fitted.layers.source];
  const Y = sample.target.blocks[fitted.layers.target];
  const sourceAxes = await pca(X, sample.source.width, 2);
  const targetAxes = await pca(Y, sample.target.width, 2);
  const mapped = applyMap(fitted.map, X, sample.rows);
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
      for (let d = 0; d < width; d++) sum += (rows[row * width + d] - axes.mean[d]) * axes.components.data[component * width + d];
      return round(sum);
    };
    return [at(0), at(1)];
  });
}

function round(x: number): number {
  return Math.round(x * 1e4) / 1e4;
}
