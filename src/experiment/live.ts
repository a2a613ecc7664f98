/** What steering live takes from a run, recorded, kept or just computed: the vectors, and for which models they are. */
import type { LiveVectors, MapResult, ModelReport, ModelsResult, SteerResult, VectorResult } from './run';

export interface LiveSteering {
  /** Title and digests of the models that the vectors were found in: they steer no others. */
  models: Record<'source' | 'target', Pick<ModelReport, 'title' | 'digests'>>;
  /** The first pair of steered blocks. */
  layers: MapResult['layers'];
  vector: VectorResult;
  live: LiveVectors;
  /** Signed stops in r, ascending, 0 included: those of the run's own axis. */
  stops: number[];
}

/** The live part of a run; null where it carries none, as of an older version. */
export function liveSteeringOf(run: {
  models: ModelsResult;
  map: Pick<MapResult, 'layers'>;
  steer: Pick<SteerResult, 'vector' | 'axis' | 'live'>;
}): LiveSteering | null {
  const { models, map, steer } = run;
  if (!steer.live) return null;
  const of = ({ title, digests }: ModelReport): LiveSteering['models']['source'] => ({ title, digests });
  return {
    models: { source: of(models.source), target: of(models.target) },
    layers: map.layers,
    vector: steer.vector,
    live: steer.live,
    stops: steer.axis.stops,
  };
}
