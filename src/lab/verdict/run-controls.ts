/** What the controls write at the reported dose, judged: the same prompts and random numbers as the arm under test. */
import { message } from '../../experiment/message';
import type { LabContext } from '../context';
import type { Controls } from '../control-arms';
import type { Writer } from '../writing';
import type { SteeringArm } from '../vectors';
import type { ComparedInput, JudgedDraw } from './compared';
import type { Judged } from './effects';

/** One draw with how it steers, so that it can be run on. */
export interface DrawRun extends JudgedDraw {
  steering: SteeringArm | null;
}

export interface ControlsRun extends ComparedInput {
  draws: readonly DrawRun[];
}

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
): Promise<ControlsRun> {
  const { draws, missing } = await controls.draws(context);
  const few = Math.max(1, Math.ceil(NULL_SHARE * prompts.length));
  const nulls = nullDirections > 0 ? controls.nulls(nullDirections) : [];
  const total = 2 * (draws.filter(({ steering }) => steering).length * prompts.length + nulls.length * few);
  let done = 0;
  const judge = async (arm: SteeringArm, count: number): Promise<Judged> => {
    const [up, down] = await writer.sides(arm, prompts.slice(0, count), 0, [r, -r], (n) => {
      done += n;
      context.progress({ stage: 'evidence', done, total, unit: 'continuations', note: message('progress.controls') });
    });
    return { prompts: numbers.slice(0, count), up, down };
  };
  const judged: DrawRun[] = [];
  for (const { arm, draw, steering } of draws)
    judged.push({ arm, draw, steering, judged: steering && (await judge(steering, prompts.length)) });
  const band: Judged[] = [];
  for (const arm of nulls) band.push(await judge(arm, few));
  return { draws: judged, missing, nulls: band };
}

/** Times as many continuations as before that are written of what is run on. */
const FURTHER = 2;

/**
 * Runs the arm under test and the draws that leave it open on, from where they stopped: more continuations of the same
 * prompts.
 * @param mapped what the arm under test has written @param open draws that are run on
 */
export async function runOn(
  context: LabContext,
  controls: Controls,
  writer: Writer,
  prompts: readonly string[],
  r: number,
  compared: ControlsRun,
  mapped: Judged,
  open: ReadonlySet<DrawRun>,
): Promise<ComparedInput> {
  const n = mapped.prompts.length;
  const numbers = Array.from({ length: FURTHER * n }, (_, k) => (n + k) % prompts.length);
  const asked = numbers.map((number) => prompts[number]);
  const total = 2 * asked.length * (open.size + 1);
  let done = 0;
  const further = async (arm: SteeringArm, before: Judged): Promise<Judged> => {
    const [up, down] = await writer.sides(arm, asked, n, [r, -r], (count) => {
      done += count;
      context.progress({
        stage: 'evidence',
        done,
        total,
        unit: 'continuations',
        note: message('progress.controls-on'),
      });
    });
    return {
      prompts: [...before.prompts, ...numbers],
      up: [...before.up, ...up],
      down: [...before.down, ...down],
    };
  };
  const more = await further(controls.tested, mapped);
  const draws: JudgedDraw[] = [];
  for (const each of compared.draws) {
    const { arm, draw, steering, judged } = each;
    draws.push({ arm, draw, judged: steering && judged && open.has(each) ? await further(steering, judged) : judged });
  }
  return { ...compared, draws, mapped: more };
}
