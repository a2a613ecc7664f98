/**
 * Which blocks of two models are compared. The moments of every pair of blocks take memory and time with the product of
 * both depths and both widths: gigabytes and many minutes for models of thirty blocks. Beyond a bound, evenly spaced blocks
 * stand for the rest. The bound depends on the models alone, so that an experiment compares the same blocks everywhere.
 */
import type { Experiment } from './schema';

/** Numbers in the cross moments of all pairs of one split. In float64, for both splits, half a gigabyte. */
const MAX_NUMBERS = 2 ** 25;
/** Of each model at least so many. */
const LEAST_BLOCKS = 4;

/** Depths (blocks) and widths (of the residual stream) of a pair of models. */
export interface PairShape {
  sourceLayers: number;
  targetLayers: number;
  sourceWidth: number;
  targetWidth: number;
}

/** Blocks whose states go into the fit, ascending; a pair's place in the fit is their index. */
export interface ComparedBlocks {
  source: number[];
  target: number[];
}

/**
 * The blocks to compare: first and last, evenly spaced between them, and those that the settings name. @returns null for all of them
 */
export function comparedBlocks(
  { sourceLayers, targetLayers, sourceWidth, targetWidth }: PairShape,
  map: Pick<Experiment['map'], 'sourceLayer' | 'targetLayer'>,
  also: Experiment['transfer']['also'] = [],
): ComparedBlocks | null {
  const pairs = sourceLayers * targetLayers;
  const share = Math.sqrt(MAX_NUMBERS / (sourceWidth * targetWidth * pairs));
  if (share >= 1) return null;
  const side = (count: number, choices: readonly Experiment['map']['sourceLayer'][]): number[] => {
    const spaced = Math.min(count, Math.max(LEAST_BLOCKS, Math.floor(count * share)));
    const blocks = new Set(
      Array.from({ length: spaced }, (_, i) => Math.round((i * (count - 1)) / Math.max(1, spaced - 1))),
    );
    // A block that is not there is refused where the layers are chosen.
    for (const choice of choices) if (choice !== 'auto' && choice < count) blocks.add(choice);
    return [...blocks].toSorted((a, b) => a - b);
  };
  return {
    source: side(sourceLayers, [map.sourceLayer, ...also.map((pair) => pair.sourceLayer)]),
    target: side(targetLayers, [map.targetLayer, ...also.map((pair) => pair.targetLayer)]),
  };
}
