/** The dose that is used and the sentence that a practitioner can act on. */
import { armSpec, ISOTROPIC, TESTED } from '../experiment/arms';
import type { ArmResult, DoseCell, Outcome, Verdict } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { bootstrap } from '../math/stats';
import type { Side } from './score';

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
    if (both.length === 0 || both.some((cell) => cell.klP95 > dose.maxP95Kl || cell.rep3 >= dose.maxRep3)) break;
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
  reason: string;
}

/**
 * The reported dose. A number is taken as it is. `auto`: of the stops in the usable window, the one with the best two-sided
 * effect on the choose-half, the smaller of equals. If no stop in the window reaches 80 %, the smallest stop
 * at all that clears 80 % by a margin for the few prompts of the choose-half (said so, since it costs more than the limits
 * allow), else the best of all.
 */
export function chooseDose(cells: readonly DoseCell[], dose: Experiment['dose']): ChosenDose {
  const window = usableWindow(cells, dose.stops, dose);
  if (dose.chosen !== 'auto') return { r: dose.chosen, window, reason: 'The dose was set by hand.' };
  const smallestBest = (stops: readonly number[]): number => {
    const best = Math.max(...stops.map((r) => twoSided(cells, r)));
    return stops.find((r) => twoSided(cells, r) === best)!;
  };
  const inside = dose.stops.filter((r) => window !== null && r <= window);
  if (inside.length > 0) {
    const r = smallestBest(inside);
    if (twoSided(cells, r) >= STEERED_RATE)
      return { r, window, reason: 'The dose with the best effect in the usable window.' };
  }
  const clears = dose.stops.find((r) => twoSided(cells, r) >= STEERED_RATE + CHOOSE_MARGIN);
  if (clears !== undefined)
    return {
      r: clears,
      window,
      reason:
        'No dose in the usable window brings 80 % of continuations to the wanted side; this is the smallest dose of all that does, at a cost above the limits.',
    };
  return {
    r: smallestBest(dose.stops),
    window,
    reason: 'No dose brings 80 % of continuations to the wanted side; this is the dose with the best effect of all.',
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

/** The verdict: steers, one-sided or fails, and the reasons in words and numbers. */
export function conclude(input: ConcludeInput): Verdict {
  const find = (name: ArmResult['name'], direction: ArmResult['direction']): ArmResult =>
    input.arms.find((arm) => arm.name === name && arm.direction === direction)!;
  const base = find(armSpec(TESTED).base!, 'none');
  const up = find(TESTED, 'positive');
  const down = find(TESTED, 'negative');
  const reached = [up, down].filter((arm) => arm.conceptRate.value >= STEERED_RATE).length;
  const outcome: Outcome = reached === 2 ? 'steers' : reached === 1 ? 'one-sided' : 'fails';
  const { concept } = input;
  const reasons = [
    `Mapped vector at r = ${input.chosen.r}: ${percent(up.conceptRate.value)} ${concept.positive}, ${percent(down.conceptRate.value)} ${concept.negative} of ${up.conceptRate.n} continuations each way; without steering ${percent(base.positiveRate)} and ${percent(base.negativeRate)}.`,
    input.chosen.reason,
  ];
  const drifts = (['positive', 'negative'] as const).map((direction) => {
    const random = find(ISOTROPIC, direction);
    return Math.max(
      Math.abs(random.positiveRate - base.positiveRate),
      Math.abs(random.negativeRate - base.negativeRate),
    );
  });
  const drift = Math.max(...drifts);
  reasons.push(
    drift <= RANDOM_MARGIN
      ? `Random vectors of equal norm move the rates by at most ${points(drift)}: the effect is the direction's, not the push's.`
      : `Random vectors of equal norm move the rates by ${points(drift)}, more than the ${points(RANDOM_MARGIN)} allowed: part of the effect may be the push itself.`,
  );
  const worst = Math.max(up.p95Kl, down.p95Kl);
  const rep = Math.max(up.rep3, down.rep3);
  reasons.push(
    `Cost on neutral text: p95 KL ${worst.toFixed(2)} nats (limit ${input.dose.maxP95Kl}); rep-3 ${rep.toFixed(2)} (limit ${input.dose.maxRep3}).`,
  );
  if (input.transferRatio) {
    const { value, interval } = input.transferRatio;
    reasons.push(
      `The mapped vector delivers ${percent(value)} of the native vector's effect over random (95 % interval ${percent(interval[0])} to ${percent(interval[1])}).`,
    );
  } else {
    reasons.push(
      'The native vector has no effect over random either: this attribute is not a single direction at this layer.',
    );
  }
  const costly = worst > input.dose.maxP95Kl || rep >= input.dose.maxRep3;
  const sentence = {
    steers: `${cap(concept.positive)} ↔ ${concept.negative} transfers: the vector found in the small model steers ${input.targetTitle} both ways${costly ? ', at a cost above the limits' : ''}.`,
    'one-sided': `${cap(concept.positive)} ↔ ${concept.negative} transfers one way only: ${percent(up.conceptRate.value)} ${concept.positive}, ${percent(down.conceptRate.value)} ${concept.negative}.`,
    fails: `${cap(concept.positive)} ↔ ${concept.negative} fails: the mapped vector does not steer ${input.targetTitle} at any dose tried.`,
  }[outcome];
  return {
    outcome,
    sentence,
    chosenDose: input.chosenDose,
    usableWindow: { largestR: input.chosen.window, maxP95Kl: input.dose.maxP95Kl, maxRep3: input.dose.maxRep3 },
    transferRatio: input.transferRatio,
    reasons,
  };
}

function percent(x: number): string {
  return `${Math.round(x * 100)} %`;
}

function points(x: number): string {
  const value = Math.round(x * 100);
  return `${value} ${value === 1 ? 'point' : 'points'}`;
}

function cap(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
