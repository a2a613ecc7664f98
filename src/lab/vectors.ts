/** The steering vectors of every arm, all as unit directions with the scale of the layer they are added at. */
import { Random } from '../math/random';
import { median, norm } from '../math/stats';
import type { AffineMap } from '../math/affine-map';
import type { DosedArm } from '../experiment/arms';
import type { Experiment, Operation } from '../experiment/schema';
import type { SteerSite } from '../onnx';
import type { Intervention, LanguageModel } from '../runtime/types';
import {
  DOSE_RULES,
  projectionsOf,
  scopeOf,
  type Dose,
  type Projections,
  type ScopeChoice,
  type Steer,
} from './operations';

/** Where and along which unit directions an arm is steered; α = r · medianNorm. */
export interface DirectedArm {
  arm: DosedArm;
  model: LanguageModel;
  layer: number;
  /** One direction, or several for the random arm (continuation i uses direction i mod count). */
  directions: Float32Array[];
  medianNorm: number;
}

/** A further block that is steered together with an arm's own. */
export interface FurtherSite {
  block: number;
  /** Its share of the dose. */
  share: number;
  directions: Float32Array[];
  medianNorm: number;
}

/** An arm with what is done along its directions. */
export interface SteeringArm extends DirectedArm {
  operation: Operation;
  scope: ScopeChoice;
  further: FurtherSite[];
  /** Of the unsteered corpus, by block (the arm's own first, then the further ones) and direction. */
  projections: Projections[][];
}

export { projectRow } from './project';

/** v/‖v‖. @throws RangeError for the zero vector */
export function unit(v: Float32Array): Float32Array {
  const length = norm(v);
  if (!(length > 0)) throw new RangeError('The vector has no direction.');
  return v.map((x) => x / length);
}

/** W·v for a row vector v (length dS): differences map by W alone. `addBias` gives W·v + p, as printed in the paper. */
export function mapDirection(map: AffineMap, v: Float32Array, addBias: boolean): Float32Array {
  const out = new Float64Array(map.targetWidth);
  for (let i = 0; i < map.sourceWidth; i++)
    for (let j = 0; j < map.targetWidth; j++) out[j] += v[i] * map.W[i * map.targetWidth + j];
  if (addBias) for (let j = 0; j < map.targetWidth; j++) out[j] += map.p[j];
  return Float32Array.from(out);
}

/** Seeded random unit directions: the control band. */
export function randomDirections(width: number, count: number, seed: number): Float32Array[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => Float32Array.from(random.unitVector(width)));
}

/** Blocks at which an arm is steered, with the operation: what its batches must name. */
export function sitesOf({ layer, operation, further }: SteeringArm): SteerSite[] {
  return [layer, ...further.map(({ block }) => block)].map((block) => ({ block, op: operation }));
}

/** What an arm does at a relative dose r, α = r · median‖h‖; the k-th continuation of the arm. Nothing at 0. */
export function steerAt(arm: SteeringArm, r: number, k = 0): Steer {
  return steerBy(arm, { r, alpha: r * arm.medianNorm }, k);
}

/** The same for a dose that has been rounded. */
export function steerBy(arm: SteeringArm, dose: Dose, k = 0): Steer {
  const { operation, scope, layer, directions, further, projections } = arm;
  if (dose.r === 0) return { interventions: [], scope };
  const at = (block: number, own: readonly Float32Array[], here: Dose, site: number): Intervention => ({
    block,
    op: operation,
    ...DOSE_RULES[operation].of(here, own[k % own.length], projections[site][k % own.length]),
  });
  return {
    scope,
    interventions: [
      at(layer, directions, dose, 0),
      ...further.map((site, i) => {
        const r = site.share * dose.r;
        return at(site.block, site.directions, { r, alpha: r * site.medianNorm }, i + 1);
      }),
    ],
  };
}

/**
 * Arms with the operation, scope and further blocks of an experiment.
 * @param statesOf the sampled unsteered states of a model after a block, row-major
 * @param further further blocks of an arm
 */
export function equipArms(
  arms: readonly DirectedArm[],
  experiment: Pick<Experiment, 'transfer'>,
  statesOf: (model: LanguageModel, block: number) => Float32Array,
  further: (arm: DirectedArm) => FurtherSite[],
): SteeringArm[] {
  const { operation, capPercentile } = experiment.transfer;
  return arms.map((arm) => {
    const more = further(arm);
    const sites = [{ block: arm.layer, directions: arm.directions }, ...more];
    return {
      ...arm,
      operation,
      scope: scopeOf(experiment),
      further: more,
      projections: sites.map(({ block, directions }) =>
        directions.map((direction) => projectionsOf(statesOf(arm.model, block), direction, capPercentile)),
      ),
    };
  });
}

/** Median ‖h‖ over the rows of a row-major matrix. */
export function medianNorm(rows: Float32Array, width: number): number {
  return median(Array.from({ length: rows.length / width }, (_, i) => norm(rows.subarray(i * width, (i + 1) * width))));
}
