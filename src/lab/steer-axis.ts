/** What steering does along the dose: next-token distributions, side effects on neutral text, and the iso-KL scale. */
import type { DosedArm, PerArm } from '../experiment/arms';
import { LabError } from '../experiment/errors';
import { message } from '../experiment/message';
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
    requireEffect(axis);
    const base = new Map([[models[role], await neutralLogits(models[role], neutral, NEUTRAL_TOKENS)]]);
    for (const arm of own) {
      context.progress({
        stage: 'steer',
        done: step++,
        total: arms.length,
        unit: 'steps',
        note: message('progress.side-effects', { arm: message(`arms.${arm.arm}.name`) }),
      });
      effects[arm.arm] = await sideEffects(context, arm, stops, neutral, base, NEUTRAL_TOKENS);
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

/** A steering input that changes nothing must never be shown as steering. */
function requireEffect(axis: Pick<DoseAxis, 'arms'>): void {
  for (const [name, arm] of Object.entries(axis.arms)) {
    if (arm.kl.every((kl) => kl === 0)) {
      throw new LabError('no-effect.arm', { arm: name });
    }
  }
}
