/** The dose–response of all arms on the choose-half of the prompts, and the search for the edge of the usable window. */
import { armSpec, TESTED, unsteeredArm, type DosedArm } from '../experiment/arms';
import type { DoseCell } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import type { LanguageModel } from '../runtime/types';
import { limitsOf, nextEdgeDose, usableWindow } from './choose-dose';
import { residentFirst } from './model-pair';
import type { SteerState } from './stage-steer';
import type { SteeringArm } from './vectors';
import { choosing, cycle, type Unsteered, type Writer } from './writing';

export interface DoseCurve {
  /** By arm, in the order of the arms; those of the edge come after those of the stops. */
  cells: DoseCell[];
  unsteered: Map<LanguageModel, Unsteered>;
  /** Magnitudes that were tried on the way to the edge, in the order in which they were. */
  edge: number[];
}

/**
 * Rates and fluency of every arm at every signed stop; all stops of an arm decode together. The arm under test is also
 * tried at a few doses between its last fluent stop and its first broken one.
 * @param doses signed, without 0 @param prompts of the choose-half
 */
export async function doseCurve(
  writer: Writer,
  { generation, dose }: Pick<Experiment, 'generation' | 'dose'>,
  steer: SteerState,
  doses: readonly number[],
  prompts: readonly string[],
): Promise<DoseCurve> {
  const cells = new Map<DosedArm, DoseCell[]>();
  const unsteered: DoseCurve['unsteered'] = new Map();
  const edge: number[] = [];
  const write = async (arm: SteeringArm, at: readonly number[], beside: Unsteered): Promise<DoseCell[]> => {
    const asked = cycle(prompts, choosing(arm.arm, generation));
    const written = await writer.steered(arm, asked, at, beside, 'choose');
    return written.map(({ r, measured }) => writer.cell(arm, r, measured, 'choose'));
  };
  for (const arm of residentFirst(steer.arms, ({ model }) => model)) {
    const { model } = arm;
    const beside =
      unsteered.get(model) ??
      (await writer.unsteered(
        unsteeredArm(armSpec(arm.arm).model),
        arm,
        cycle(prompts, unsteeredCount(steer.arms, model, generation)),
        'choose',
      ));
    unsteered.set(model, beside);
    const own = await write(arm, doses, beside);
    if (arm.arm === TESTED) {
      const limits = limitsOf(dose, beside.baseline);
      for (let tries = dose.edgeDoses ?? 0; tries > 0; tries--) {
        const r = nextEdgeDose(usableWindow(own, limits));
        if (r === null) break;
        edge.push(r);
        own.push(...(await write(arm, [r, -r], beside)));
      }
    }
    cells.set(arm.arm, own);
  }
  return { cells: steer.arms.flatMap(({ arm }) => cells.get(arm)!), unsteered, edge };
}

/** Unsteered continuations of a model on the choose-half: as many as the arm of it that has the most. */
export function unsteeredCount(
  arms: readonly SteeringArm[],
  of: LanguageModel,
  generation: Experiment['generation'],
): number {
  return Math.max(...arms.filter(({ model }) => model === of).map(({ arm }) => choosing(arm, generation)));
}
