/** What the directions of an arm are made from. Each dosed arm of `experiment/arms.ts` has a file of its own beside this one. */
import type { DosedArm } from '../../experiment/arms';
import type { AffineMap } from '../../math/affine-map';
import type { Layers } from '../fit';
import type { Sample } from '../rows';

export interface ArmInput {
  /** As found in the states of the contrast pairs, at their own lengths: [dS] in the source, [dT] carried across, [dT] in the target. */
  vectors: Record<'source' | 'mapped' | 'native', Float32Array>;
  /** The map that carries the vector, and whether its bias goes with it (W·v + p). */
  map: AffineMap;
  addBias: boolean;
  /** The two steered blocks (0-based). */
  layers: Layers;
  /** Paired states of the corpus, bounded in number. */
  sample: Sample;
  /** Width of the model that is steered. */
  width: number;
  /** How many directions to draw, and from which seed. */
  draws: number;
  seed: number;
  signal: AbortSignal;
}

export interface ArmDirections<A extends DosedArm = DosedArm> {
  id: A;
  /** Unit directions [width], one or as many as are drawn; continuation k is steered with direction k mod count. */
  directions(input: ArmInput): Float32Array[] | Promise<Float32Array[]>;
  /** The same from the settings alone: of the arms that `experiment/arms.ts` calls seeded. */
  fromSeed?(width: number, draws: number, seed: number): Float32Array[];
}
