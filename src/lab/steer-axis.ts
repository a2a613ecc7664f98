/** What steering does along the dose: next-token distributions, side effects on neutral text, and the iso-KL scale. */
import type { DosedArm, PerArm } from '../experiment/arms';
import { LabError } from '../experiment/errors';
import { message, type Message } from '../experiment/message';
import type { DoseAxis } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import type { LabContext } from './context';
import {
  computeAxis,
  isoKlAlpha,
  NEUTRAL_TOKENS,
  neutralLogits,
  sideEffects,
  signedStops,
  type SideEffects,
} from './dose';
import { writtenPrompt } from './prompting';
import type { LoadedPair } from './stage-models';
import type { SteeringArm } from './vectors';

export interface MeasuredAxis {
  axis: DoseAxis;
  /** At every signed stop. */
  sideEffects: PerArm<DosedArm, SideEffects[]>;
  /** α at which the p95 KL on neutral text is 1 nat; null where the axis does not reach it. */
  isoKlAlpha: PerArm<DosedArm, number | null>;
}

/**
 * Measures all arms at all stops.
 * @param neutral texts on which side effects are measured
 * @throws LabError `no-effect` where steering changes nothing; `chat-template`
 */
export async function measureAxis(
  context: LabContext,
  { prompting, dose }: Pick<Experiment, 'prompting' | 'dose'>,
  models: LoadedPair,
  arms: readonly SteeringArm[],
  prompt: string,
  neutral: readonly string[],
): Promise<MeasuredAxis> {
  const stops = signedStops(dose.stops);
  const effects: Partial<Record<DosedArm, SideEffects[]>> = {};
  let step = 0;
  const axes = await models.pair.eachRole(async (role) => {
    const own = arms.filter(({ model }) => model === models[role]);
    const axis = await computeAxis(own, prompt, stops, prompting, context.signal);
    const base = new Map([[models[role], await neutralLogits(models[role], neutral, NEUTRAL_TOKENS)]]);
    for (const arm of own) {
      context.progress({
        stage: 'steer',
        done: step++,
        total: arms.length,
        unit: 'steps',
        note: message('progress.side-effects', { arm: message(`arms.${arm.arm}.name`) }),
      });
      const found = await sideEffects(context, arm, stops, neutral, base, NEUTRAL_TOKENS);
      const silent = effectOf(arm, stops, found, axis.arms[arm.arm]!.kl, neutral.length);
      if (silent) context.warn(silent);
      effects[arm.arm] = found;
    }
    return axis;
  });
  const { source, target } = models;
  return {
    axis: {
      ...axes.source,
      written: writtenPrompt(prompt, { source: source.tokenizer, target: target.tokenizer }, prompting),
      arms: { ...axes.source.arms, ...axes.target.arms },
      milliseconds: axes.source.milliseconds + axes.target.milliseconds,
    },
    sideEffects: effects as MeasuredAxis['sideEffects'],
    isoKlAlpha: Object.fromEntries(
      arms.map((arm) => [arm.arm, isoKlOf(arm, effects[arm.arm]!, dose.stops)]),
    ) as MeasuredAxis['isoKlAlpha'],
  };
}

/** @param effects at every signed stop @param magnitudes the stops, ascending */
function isoKlOf(
  { medianNorm }: SteeringArm,
  effects: readonly SideEffects[],
  magnitudes: readonly number[],
): number | null {
  const p95 = effects.map((effect) => effect.p95);
  const middle = magnitudes.length;
  return isoKlAlpha(
    magnitudes,
    [magnitudes.map((_, k) => p95[middle + 1 + k]), magnitudes.map((_, k) => p95[middle - 1 - k])],
    medianNorm,
  );
}

/** Divergence below which two distributions are the same but for rounding, nats a token: float32 logits differ by about 1e-6. */
const SAME = 1e-9;
/** How far above what dose 0 gives, in the same graph, a divergence must be. */
const ABOVE_FLOOR = 8;

/**
 * Whether steering changes anything: a steering input that does not must never be shown as steering. Judged by the unrounded
 * divergence over all tokens of the neutral texts, against the dose 0 of the same graph; what one prompt shows is not enough,
 * as a state may be so long there that the dose is lost in it.
 * @param effects at every signed stop, nats a token
 * @param shown   KL at the prompt on screen, at every stop, as it is shown
 * @returns a warning where nothing shows at the prompt although the arm steers; null where all is well
 * @throws LabError `no-effect.arm`
 */
export function effectOf(
  { arm, medianNorm }: Pick<SteeringArm, 'arm' | 'medianNorm'>,
  stops: readonly number[],
  effects: readonly SideEffects[],
  shown: readonly number[],
  texts: number,
): Message | null {
  const means = effects.map(({ mean }) => Math.abs(mean));
  // A divergence that is not finite is a change too, which others report.
  const largest = means.reduce((most, mean) => (mean > most || Number.isNaN(mean) ? mean : most), 0);
  const floor = means[stops.indexOf(0)] ?? 0;
  const most = Math.max(...stops.map(Math.abs));
  if (largest <= Math.max(SAME, ABOVE_FLOOR * floor))
    throw new LabError('no-effect.arm', { arm, texts, dose: most, alpha: most * medianNorm });
  if (shown.some((kl) => kl !== 0)) return null;
  return message('run.warn.no-effect-here', { arm: message(`arms.${arm}.name`), kl: largest });
}
