/** Side effects of the arms at any dose: those of the stops were measured with the axis, others are when they are asked for. */
import type { Experiment } from '../experiment/schema';
import type { LanguageModel } from '../runtime/types';
import type { LabContext } from './context';
import { NEUTRAL_TOKENS, neutralLogits, sideEffects, signedStops, type SideEffects } from './dose';
import type { SteerState } from './stage-steer';
import type { SteeringArm } from './vectors';

export class SideEffectsAt {
  readonly #context: LabContext;
  readonly #steer: SteerState;
  readonly #stops: readonly number[];
  readonly #neutral: readonly string[];
  readonly #base = new Map<LanguageModel, Float32Array[]>();
  readonly #known = new Map<string, SideEffects>();

  constructor(context: LabContext, { dose, generation }: Pick<Experiment, 'dose' | 'generation'>, steer: SteerState) {
    this.#context = context;
    this.#steer = steer;
    this.#stops = signedStops(dose.stops);
    this.#neutral = steer.concept.neutralPrompts.slice(0, generation.neutralTexts);
  }

  /** KL(base‖steered) per token of neutral text, nats, at a signed dose: measured there, never drawn between two stops. */
  async at(arm: SteeringArm, r: number): Promise<SideEffects> {
    const stop = this.#stops.findIndex((each) => Math.abs(each - r) < 1e-9);
    if (stop !== -1) return this.#steer.sideEffects[arm.arm]![stop];
    const key = `${arm.arm} ${r}`;
    let found = this.#known.get(key);
    if (!found) {
      const base = this.#base.get(arm.model) ?? (await neutralLogits(arm.model, this.#neutral, NEUTRAL_TOKENS));
      this.#base.set(arm.model, base);
      [found] = await sideEffects(this.#context, arm, [r], this.#neutral, new Map([[arm.model, base]]), NEUTRAL_TOKENS);
      this.#known.set(key, found);
    }
    return found;
  }
}
