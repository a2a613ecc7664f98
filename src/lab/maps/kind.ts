/** What a kind of map is. */
import type { MapKind } from '../../experiment/schema';
import type { GpuMaps } from '../../gpu/maps';
import type { FittedMap, MapInputs } from '../../math/maps';

export interface MapKindSpec {
  id: MapKind;
  /**
   * The maps of this kind, in float64: one, or one for each of the ranks.
   * @throws RangeError where the moments allow none
   */
  fit(inputs: MapInputs): FittedMap[];
  /** The same on the GPU; where it is missing, `fit` serves both backends. @throws LabError out-of-memory, cancelled */
  gpu?(maps: GpuMaps): Promise<FittedMap[]>;
}
