/** The kinds of map, and how those of one pair of layers are made. */
import type { Experiment, MapKind } from '../../experiment/schema';
import { GpuMaps } from '../../gpu/maps';
import { checkInputs, type FittedMap, type MapInputs } from '../../math/maps';
import { identity } from './identity';
import type { MapKindSpec } from './kind';
import { orthogonal } from './orthogonal';
import { reducedRank } from './reduced-rank';
import { ridge } from './ridge';
import { scaledOrthogonal } from './scaled-orthogonal';

export { reportedRanks } from './reduced-rank';

/** Every kind of the schema, in the order in which a run reports them. */
export const MAP_KIND_SPECS = {
  ridge,
  orthogonal,
  'scaled-orthogonal': scaledOrthogonal,
  identity,
  'reduced-rank': reducedRank,
} satisfies Record<MapKind, MapKindSpec>;

const SPECS: readonly MapKindSpec[] = Object.values(MAP_KIND_SPECS);

/** A map, and which kind it is. */
export interface MapOfKind extends FittedMap {
  kind: MapKind;
}

/**
 * The maps of every kind, in float64.
 * @throws RangeError on a bad rank, a ridge map of other widths than the moments, or where source and target do not
 *   vary together
 */
export function mapsInFloat64(inputs: MapInputs): MapOfKind[] {
  checkInputs(inputs);
  return SPECS.flatMap(({ id, fit }) => fit(inputs).map((map) => ({ ...map, kind: id })));
}

/**
 * The same on a GPU.
 * @throws RangeError as `mapsInFloat64`; LabError shader-compile, out-of-memory, webgpu-device-lost, cancelled
 */
export async function mapsOnGpu(device: GPUDevice, inputs: MapInputs, signal?: AbortSignal): Promise<MapOfKind[]> {
  const maps = await GpuMaps.create(device, inputs, signal);
  try {
    const made: MapOfKind[] = [];
    for (const { id, fit, gpu } of SPECS)
      for (const map of gpu ? await gpu(maps) : fit(inputs)) made.push({ ...map, kind: id });
    return made;
  } finally {
    maps.dispose();
  }
}

/** The map that the settings ask for. @throws TypeError if it was not made: `reportedRanks` holds the rank asked for */
export function mapInUse(
  maps: readonly MapOfKind[],
  { kind, rank }: Pick<Experiment['map'], 'kind' | 'rank'>,
): MapOfKind {
  const found = maps.find((map) => map.kind === kind && (map.rank === null || map.rank === rank));
  if (!found) throw new TypeError(`No ${kind} map of rank ${rank} was made.`);
  return found;
}
