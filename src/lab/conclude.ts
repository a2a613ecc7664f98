/** What the arms show, and the sentence that a practitioner can act on. */
import { armSpec, ISOTROPIC, TESTED } from '../experiment/arms';
import type { ArmResult, Outcome, UsableWindow, Verdict } from '../experiment/run';
import { message, type Message } from '../experiment/message';
import { bootstrap } from '../math/stats';
import { breaksLimit } from '../metrics';
import type { ChosenDose } from './choose-dose';
import type { Side } from './judges';

/** Share of continuations on the wanted side from which a direction counts as steered. */
export const STEERED_RATE = 0.8;
/** A random vector of equal norm must stay within this of no steering. */
export const RANDOM_MARGIN = 0.1;

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
  const { window } = input.chosen;
  const { maxP95Kl, maxRep3 } = window;
  const rates = { up: percent(up.conceptRate.value), down: percent(down.conceptRate.value) };
  const costly = [up, down].some((arm) => breaksLimit(arm.metrics, window));
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
    ...fluencyReason(up, down, window),
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
    usableWindow: window,
    transferRatio: input.transferRatio,
    reasons,
  };
}

/** What became of the steered text, the worse of both ways; nothing where it has no token or no word to measure. */
function fluencyReason(
  up: ArmResult,
  down: ArmResult,
  { maxPerplexityRatio, maxUnknownWords }: UsableWindow,
): Message[] {
  const ratio = Math.max(up.metrics.perplexityRatio, down.metrics.perplexityRatio);
  const unknown = Math.max(up.metrics.unknownWords, down.metrics.unknownWords);
  if (!Number.isFinite(ratio) || !Number.isFinite(unknown)) return [];
  return [
    message('run.reason.fluency', {
      ratio,
      limited: String(maxPerplexityRatio !== undefined),
      maxRatio: maxPerplexityRatio ?? 0,
      unknown: tenthsOfPercent(unknown),
      unknownLimited: String(maxUnknownWords !== undefined),
      maxUnknown: tenthsOfPercent(maxUnknownWords ?? 0),
    }),
  ];
}

/** Whole per cent; never −0. */
function percent(x: number): number {
  return Math.round(x * 100) + 0;
}

/** Per cent to one digit. */
function tenthsOfPercent(x: number): number {
  return Math.round(x * 1000) / 10 + 0;
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
