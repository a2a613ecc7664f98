/** The dose that is used and the sentence that a practitioner can act on. */
import { armSpec, ISOTROPIC, TESTED } from '../experiment/arms';
import type { ArmResult, DoseCell, Outcome, Verdict } from '../experiment/run';
import { message, type Message } from '../experiment/message';
import type { Experiment } from '../experiment/schema';
import { bootstrap } from '../math/stats';
import { breaksLimit } from '../metrics';
import type { Side } from './judges';

/** Share of continuations on the wanted side from which a direction counts as steered. */
export const STEERED_RATE = 0.8;
/** Added to STEERED_RATE where the choose-half decides alone, so that the report half is likely to confirm it. */
const CHOOSE_MARGIN = 0.08;
/** A random vector of equal norm must stay within this of no steering. */
export const RANDOM_MARGIN = 0.1;

/** Largest |r| whose two signs both stay inside the limits, walking out from 0; null if not even the first stop does. */
export function usableWindow(
  cells: readonly DoseCell[],
  stops: readonly number[],
  dose: Pick<Experiment['dose'], 'maxP95Kl' | 'maxRep3'>,
): number | null {
  let largest: number | null = null;
  for (const r of stops) {
    const both = cells.filter((cell) => cell.arm === TESTED && Math.abs(Math.abs(cell.r) - r) < 1e-9);
    if (both.length === 0 || both.some((cell) => breaksLimit(cell.metrics, dose))) break;
    largest = r;
  }
  return largest;
}

/** Two-sided effect of a magnitude: the smaller of the two wanted-side rates of the mapped arm. */
function twoSided(cells: readonly DoseCell[], r: number): number {
  const at = (signed: number): DoseCell | undefined =>
    cells.find((cell) => cell.arm === TESTED && Math.abs(cell.r - signed) < 1e-9);
  return Math.min(at(r)?.positive.rate ?? 0, at(-r)?.negative.rate ?? 0);
}

export interface ChosenDose {
  r: number;
  window: number | null;
  reason: Message;
}

/**
 * The reported dose. A number is taken as it is. `auto`: of the stops in the usable window, the one with the best two-sided
 * effect on the choose-half, the smaller of equals. If no stop in the window reaches 80 %, the smallest stop
 * at all that clears 80 % by a margin for the few prompts of the choose-half (said so, since it costs more than the limits
 * allow), else the best of all.
 */
export function chooseDose(cells: readonly DoseCell[], dose: Experiment['dose']): ChosenDose {
  const window = usableWindow(cells, dose.stops, dose);
  if (dose.chosen !== 'auto') return { r: dose.chosen, window, reason: message('run.dose.hand') };
  const smallestBest = (stops: readonly number[]): number => {
    const best = Math.max(...stops.map((r) => twoSided(cells, r)));
    return stops.find((r) => twoSided(cells, r) === best)!;
  };
  const inside = dose.stops.filter((r) => window !== null && r <= window);
  if (inside.length > 0) {
    const r = smallestBest(inside);
    if (twoSided(cells, r) >= STEERED_RATE) return { r, window, reason: message('run.dose.window') };
  }
  const clears = dose.stops.find((r) => twoSided(cells, r) >= STEERED_RATE + CHOOSE_MARGIN);
  if (clears !== undefined)
    return {
      r: clears,
      window,
      reason: message('run.dose.costly', { rate: percent(STEERED_RATE) }),
    };
  return {
    r: smallestBest(dose.stops),
    window,
    reason: message('run.dose.best', { rate: percent(STEERED_RATE) }),
  };
}

/** Per-prompt sides of one arm steered up and down, in the same prompt order. */
export interface TwoSided {
  up: readonly Side[];
  down: readonly Side[];
}

/**
 * (E_mapped − E_random) / (E_native − E_random), E = mean over prompts of (side at +dose − side at −dose) / 2, with a
 * percentile bootstrap over prompts (1,000 resamples). Null when the native vector itself has no effect to compare with.
 */
export function transferRatio(
  mapped: TwoSided,
  native: TwoSided,
  random: TwoSided,
  seed: number,
): { value: number; interval: [number, number] } | null {
  const effect = (arm: TwoSided, indices: Int32Array): number => {
    let sum = 0;
    for (const i of indices) sum += (arm.up[i] - arm.down[i]) / 2;
    return sum / indices.length;
  };
  const all = Int32Array.from(mapped.up, (_, i) => i);
  if (Math.abs(effect(native, all) - effect(random, all)) < 0.05) return null;
  const { estimate, low, high } = bootstrap(
    mapped.up.length,
    (indices) => {
      const base = effect(random, indices);
      return (effect(mapped, indices) - base) / (effect(native, indices) - base);
    },
    { resamples: 1000, seed },
  );
  return { value: estimate, interval: [low, high] };
}

export interface ConcludeInput {
  concept: { positive: string; negative: string };
  targetTitle: string;
  arms: readonly ArmResult[];
  chosen: ChosenDose;
  chosenDose: Verdict['chosenDose'];
  dose: Experiment['dose'];
  transferRatio: Verdict['transferRatio'];
}

/** The verdict: steers, one-sided or fails, and the reasons, in numbers. */
export function conclude(input: ConcludeInput): Verdict {
  const find = (name: ArmResult['name'], direction: ArmResult['direction']): ArmResult =>
    input.arms.find((arm) => arm.name === name && arm.direction === direction)!;
  const base = find(armSpec(TESTED).base!, 'none');
  const up = find(TESTED, 'positive');
  const down = find(TESTED, 'negative');
  const reached = [up, down].filter((arm) => arm.conceptRate.value >= STEERED_RATE).length;
  const outcome: Outcome = reached === 2 ? 'steers' : reached === 1 ? 'one-sided' : 'fails';
  const { positive, negative } = input.concept;
  const { maxP95Kl, maxRep3 } = input.dose;
  const rates = { up: percent(up.conceptRate.value), down: percent(down.conceptRate.value) };
  const costly = [up, down].some((arm) => breaksLimit(arm.metrics, input.dose));
  const sentence = {
    steers: message('run.verdict.steers', {
      Positive: capitalised(positive),
      negative,
      target: input.targetTitle,
      costly: String(costly),
    }),
    'one-sided': message('run.verdict.one-sided', { Positive: capitalised(positive), positive, negative, ...rates }),
    fails: message('run.verdict.fails', { Positive: capitalised(positive), negative, target: input.targetTitle }),
  }[outcome];
  const drift = Math.max(
    ...(['positive', 'negative'] as const).flatMap((direction) => {
      const random = find(ISOTROPIC, direction);
      return [Math.abs(random.positiveRate - base.positiveRate), Math.abs(random.negativeRate - base.negativeRate)];
    }),
  );
  const reasons = [
    message('run.reason.rates', {
      r: input.chosen.r,
      positive,
      negative,
      ...rates,
      n: up.conceptRate.n,
      basePositive: percent(base.positiveRate),
      baseNegative: percent(base.negativeRate),
    }),
    input.chosen.reason,
    drift <= RANDOM_MARGIN
      ? message('run.reason.random', { points: percent(drift) })
      : message('run.reason.random-drifts', { points: percent(drift), allowed: percent(RANDOM_MARGIN) }),
    message('run.reason.cost', {
      p95Kl: Math.max(up.metrics.p95Kl, down.metrics.p95Kl),
      maxP95Kl,
      rep3: Math.max(up.metrics.rep3, down.metrics.rep3),
      maxRep3,
    }),
    input.transferRatio
      ? message('run.reason.transfer', {
          value: percent(input.transferRatio.value),
          low: percent(input.transferRatio.interval[0]),
          high: percent(input.transferRatio.interval[1]),
        })
      : message('run.reason.no-native-effect'),
  ];
  return {
    outcome,
    sentence,
    chosenDose: input.chosenDose,
    usableWindow: { largestR: input.chosen.window, maxP95Kl, maxRep3 },
    transferRatio: input.transferRatio,
    reasons,
  };
}

/** Whole per cent; never −0. */
function percent(x: number): number {
  return Math.round(x * 100) + 0;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
