/** Does the mapped vector do more than everything that knows nothing of the source? */
import type { ComparedArm } from '../../experiment/arms';
import { message, type Message } from '../../experiment/message';
import type { ChainFigure, ComparedDraw } from '../../experiment/run';
import type { Thresholds } from '../../experiment/thresholds';
import { differenceOfEffects, effectOf, type Judged, type Pole, type Unsteered } from './effects';
import { ends, goesOn, percent, type Asked } from './step';

/** What one draw of a control wrote; null where it has no direction to steer along. */
export interface JudgedDraw {
  arm: ComparedArm;
  draw: number;
  judged: Judged | null;
}

export interface ComparedInput {
  draws: readonly JudgedDraw[];
  missing: readonly { arm: ComparedArm; reason: Message }[];
  /** What the arm under test wrote to be compared with them, where that is more than the report. */
  mapped?: Judged;
  /** Random source directions through the map. */
  nulls: readonly Judged[];
}

interface Input {
  mapped: Judged;
  base: Unsteered;
  compared: ComparedInput | null;
  thresholds: Thresholds;
  seed: number;
}

/**
 * Every draw is held against the mapped vector by itself: draws of one arm are not pooled. The difference is shown where
 * its lower bound is above 0; it is excluded where it is not above 0, or its upper bound is below the least lift.
 * @param sides that the mapped vector moves
 */
export function controlsStep(
  { mapped, base, compared, thresholds, seed }: Input,
  sides: readonly Pole[],
): { asked: Asked; rows: ComparedDraw[] } {
  if (compared === null)
    return { asked: goesOn('controls', 'unmeasured', message('run.chain.controls.running'), []), rows: [] };
  const rows = compared.draws.map((draw): ComparedDraw => rowOf(compared.mapped ?? mapped, base, sides, draw, seed));
  const figures = rows.map(({ arm, draw, n, difference }): ChainFigure => ({
    label: message('run.chain.figure.control', { arm: message(`arms.${arm}.name`), draw, steers: String(n > 0) }),
    value: difference.value,
    interval: difference.interval,
    threshold: { relation: 'above', value: 0 },
    counts: null,
  }));
  const missing = compared.missing.map(({ arm, reason }) =>
    message('run.chain.controls.missing-arm', { arm: message(`arms.${arm}.name`), reason }),
  );
  const verdictOf = (row: ComparedDraw): DrawAnswer => answerOfDraw(row, thresholds);
  const least = (of: 'as-well' | 'undecided'): ComparedDraw | undefined =>
    rows.filter((row) => verdictOf(row) === of).sort((a, b) => a.difference.value - b.difference.value)[0];
  const sentence = (key: 'no' | 'undecided', row: ComparedDraw): Message =>
    message(`run.chain.controls.${key}`, {
      arm: message(`arms.${row.arm}.name`),
      value: percent(row.difference.value),
      low: percent(row.difference.interval[0]),
      high: percent(row.difference.interval[1]),
      others: rows.filter((other) => other.arm !== row.arm && verdictOf(other) === 'as-well').length,
    });
  const asWell = least('as-well');
  if (asWell) return { asked: ends('controls', 'no', sentence('no', asWell), figures, 'steers'), rows };
  const open = least('undecided');
  if (open) return { asked: ends('controls', 'undecided', sentence('undecided', open), figures, 'undecided'), rows };
  if (rows.length === 0)
    return { asked: goesOn('controls', 'unmeasured', message('run.chain.controls.none', { missing }), []), rows };
  const smallest = rows.reduce((a, b) => (b.difference.interval[0] < a.difference.interval[0] ? b : a));
  const params = {
    count: rows.length,
    arm: message(`arms.${smallest.arm}.name`),
    value: percent(smallest.difference.value),
    low: percent(smallest.difference.interval[0]),
    high: percent(smallest.difference.interval[1]),
    partly: String(missing.length > 0),
    missing,
  };
  return {
    asked: goesOn(
      'controls',
      missing.length > 0 ? 'unmeasured' : 'yes',
      message('run.chain.controls.yes', params),
      figures,
    ),
    rows,
  };
}

export type DrawAnswer = 'beaten' | 'as-well' | 'undecided';

/** What is known of one draw: whether the mapped vector is ahead of it. */
export function answerOfDraw(
  { difference: { value, interval } }: Pick<ComparedDraw, 'difference'>,
  { minLift }: Pick<Thresholds, 'minLift'>,
): DrawAnswer {
  if (interval[0] > 0) return 'beaten';
  return value <= 0 || interval[1] < minLift ? 'as-well' : 'undecided';
}

/**
 * Controls that leave it open are run on after a first look, and looked at once more. Either look is at 97.5 %, so that
 * both together hold 95 % (Bonferroni).
 */
const LOOK_LEVEL = 1 - 0.05 / 2;

function rowOf(
  mapped: Judged,
  base: Unsteered,
  sides: readonly Pole[],
  { arm, draw, judged }: JudgedDraw,
  seed: number,
): ComparedDraw {
  // An arm that does not steer does nothing: it is compared as one that wrote what no steering writes on either way.
  const other: Judged = judged ?? { ...mapped, ...unsteeredTwice(mapped, base) };
  const { estimate, low, high } = differenceOfEffects(mapped, other, base, sides, { seed, level: LOOK_LEVEL });
  return {
    arm,
    draw,
    n: judged?.prompts.length ?? 0,
    positive: judged?.up.filter((side) => side === 1).length ?? 0,
    negative: judged?.down.filter((side) => side === -1).length ?? 0,
    effect: judged ? effectOf(judged, base, sides) : 0,
    difference: { value: estimate, interval: [low, high] },
  };
}

/** The first unsteered continuation of each prompt, as if it had been steered either way. */
function unsteeredTwice({ prompts }: Judged, base: Unsteered): Pick<Judged, 'up' | 'down'> {
  const sides = prompts.map((prompt) => base.sides[base.prompts.indexOf(prompt)]);
  return { up: sides, down: sides };
}
