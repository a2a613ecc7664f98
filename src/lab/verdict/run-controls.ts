/** What the controls write at the reported dose, judged: the same prompts and random numbers as the arm under test. */
import { message } from '../../experiment/message';
import type { LabContext } from '../context';
import type { Controls } from '../control-arms';
import type { Writer } from '../writing';
import type { SteeringArm } from '../vectors';
import type { ComparedInput } from './compared';
import type { Judged } from './effects';

/** Continuations of a null direction, as a share of those of an arm: many directions matter more than many texts of each. */
const NULL_SHARE = 1 / 4;

/**
 * @param prompts of the report half, as the arm under test was asked them @param r magnitude of the reported dose
 * @param nullDirections random source directions of the null band
 */
export async function runControls(
  context: LabContext,
  controls: Controls,
  writer: Writer,
  prompts: readonly string[],
  numbers: readonly number[],
  r: number,
  nullDirections: number,
): Promise<ComparedInput> {
  const { draws, missing } = await controls.draws(context);
  const few = Math.max(1, Math.ceil(NULL_SHARE * prompts.length));
  const nulls = nullDirections > 0 ? controls.nulls(nullDirections) : [];
  const total = 2 * (draws.filter(({ steering }) => steering).length * prompts.length + nulls.length * few);
  let done = 0;
  const judge = async (arm: SteeringArm, count: number): Promise<Judged> => {
    const [up, down] = await writer.sides(arm, prompts.slice(0, count), [r, -r], (n) => {
      done += n;
      context.progress({ stage: 'evidence', done, total, unit: 'continuations', note: message('progress.controls') });
    });
    return { prompts: numbers.slice(0, count), up, down };
  };
  const judged: ComparedInput['draws'][number][] = [];
  for (const { arm, draw, steering } of draws)
    judged.push({ arm, draw, judged: steering && (await judge(steering, prompts.length)) });
  const band: Judged[] = [];
  for (const arm of nulls) band.push(await judge(arm, few));
  return { draws: judged, missing, nulls: band };
}
