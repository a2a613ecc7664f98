/**
 * The ridge map through a few directions, the best ones for its predictions (reduced-rank regression, Izenman 1975).
 */
import { LabError } from '../../experiment/errors';
import type { Experiment } from '../../experiment/schema';
import { predictionDirections, reducedRankMaps } from '../../math/maps';
import type { MapKindSpec } from './kind';

export const reducedRank: MapKindSpec = {
  id: 'reduced-rank',
  fit: (inputs) => reducedRankMaps(inputs, predictionDirections(inputs.ridge.map, inputs.moments.train)),
  gpu: (maps) => maps.reducedRank(),
};

/** Ranks at which a reduced-rank map is reported: powers of two below the full rank, and the one that is asked for. */
export function reportedRanks(
  sourceWidth: number,
  targetWidth: number,
  settings: Pick<Experiment['map'], 'kind' | 'rank'>,
): number[] {
  const full = Math.min(sourceWidth, targetWidth);
  const ranks = new Set<number>();
  for (let rank = 1; rank < full; rank *= 2) ranks.add(rank);
  if (settings.kind === 'reduced-rank') {
    if (settings.rank > full) {
      throw new LabError('settings-invalid.rank', {
        field: 'map.rank',
        rank: settings.rank,
        source: sourceWidth,
        target: targetWidth,
        full,
      });
    }
    ranks.add(settings.rank);
  }
  return [...ranks].sort((a, b) => a - b);
}
