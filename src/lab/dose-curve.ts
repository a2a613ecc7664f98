/** The dose–response of all arms on the choose-half of the prompts, and the search for the edge of the usable window. */
import { armSpec, REFERENCE, TESTED, unsteeredArm, type DosedArm } from '../experiment/arms';
import type { DoseCell } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import type { LanguageModel } from '../runtime/types';
import { limitsOf, nextEdgeDose, usableWindow } from './choose-dose';
import { signedStops } from './dose';
import { residentFirst } from './model-pair';
import type { SteerState } from './stage-steer';
import type { SteeringArm } from './vectors';
import { choosing, cycle, reading, type Unsteered, type Writer } from './writing';

export interface DoseCurve {
  /** By arm, in the order of the arms, doses ascending. */
  cells: DoseCell[];
  unsteered: Map<LanguageModel, Unsteered>;
  /** Magnitudes that were tried on the way to the edge, in the order in which they were. */
  edge: number[];
}

/** Writes an arm's continuations at signed doses and measures them. */
type Write = (doses: readonly number[], count: number, read?: number) => Promise<DoseCell[]>;

/**
 * Rates and fluency of every arm at every stop, both ways. The arm under test is also tried at a few doses between its
 * last fluent stop and its first broken one.
 * @param prompts of the choose-half
 */
export async function doseCurve(
  writer: Writer,
  { generation, dose }: Pick<Experiment, 'generation' | 'dose'>,
  steer: SteerState,
  prompts: readonly string[],
): Promise<DoseCurve> {
  const cells = new Map<DosedArm, DoseCell[]>();
  const unsteered: DoseCurve['unsteered'] = new Map();
  const edge: number[] = [];
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
    const write: Write = async (doses, count, read) => {
      const written = await writer.steered(arm, cycle(prompts, count), doses, beside, 'choose', read);
      return written.map(({ r, measured, read: of }) => writer.cell(arm, r, measured, 'choose', of));
    };
    const count = choosing(arm.arm, generation);
    const own =
      arm.arm === TESTED
        ? await testedCurve(write, count, generation, dose, limitsOf(dose, beside.baseline), edge)
        : await write(
            signedStops(dose.stops).filter((r) => r !== 0),
            count,
          );
    cells.set(
      arm.arm,
      own.toSorted((a, b) => a.r - b.r),
    );
  }
  return { cells: steer.arms.flatMap(({ arm }) => cells.get(arm)!), unsteered, edge };
}

/**
 * The arm that decides the dose: stop by stop up to the first at which the text breaks, then what is between that and the
 * one before. Stops past it are never chosen; they are there to be seen, with as few continuations as the native
 * vector's.
 * @param edge the doses between stops are added to it
 */
async function testedCurve(
  write: Write,
  count: number,
  generation: Experiment['generation'],
  { stops, edgeDoses = 0 }: Experiment['dose'],
  limits: ReturnType<typeof limitsOf>,
  edge: number[],
): Promise<DoseCell[]> {
  const cells: DoseCell[] = [];
  const rest = [...stops];
  while (rest.length > 0 && usableWindow(cells, limits).firstBroken === null) {
    const r = rest.shift()!;
    cells.push(...(await write([-r, r], count)));
  }
  for (let tries = 0; tries < edgeDoses; tries++) {
    const r = nextEdgeDose(usableWindow(cells, limits));
    if (r === null) break;
    edge.push(r);
    cells.push(...(await write([-r, r], count)));
  }
  const few = Math.min(count, choosing(REFERENCE, generation));
  if (rest.length > 0)
    cells.push(
      ...(await write(
        signedStops(rest).filter((r) => r !== 0),
        few,
        reading(REFERENCE, 'choose', few),
      )),
    );
  return cells;
}

/** Unsteered continuations of a model on the choose-half: as many as the arm of it that has the most. */
export function unsteeredCount(
  arms: readonly SteeringArm[],
  of: LanguageModel,
  generation: Experiment['generation'],
): number {
  return Math.max(...arms.filter(({ model }) => model === of).map(({ arm }) => choosing(arm, generation)));
}
