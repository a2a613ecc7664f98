/** The arms of a run with their directions, in the order of `experiment/arms.ts`. A new arm is one line here. */
import { armSpec, DOSED_ARMS, type ComparedArm, type DosedArm } from '../../experiment/arms';
import type { Experiment } from '../../experiment/schema';
import type { LanguageModel } from '../../runtime/types';
import type { DirectedArm } from '../vectors';
import type { ArmDirections, ArmInput, ComparedDirections } from './arm';
import { mapped } from './mapped';
import { native } from './native';
import { random } from './random';
import { randomDirection } from './random-direction';
import { randomSource } from './random-source';
import { shuffled } from './shuffled';
import { smallSteered } from './small-steered';
import { tokenMeans } from './token-means';
import { withinTokenShuffled } from './within-token-shuffled';

const MAKERS: { [A in DosedArm]: ArmDirections<A> } = {
  'small-steered': smallSteered,
  mapped,
  native,
  random,
  shuffled,
};

/** The arms that are compared with the mapped vector at the reported dose. */
export const COMPARED: { [A in ComparedArm]: ComparedDirections<A> } = {
  'token-means': tokenMeans,
  'within-token-shuffled': withinTokenShuffled,
  'random-source': randomSource,
  'random-direction': randomDirection,
};

type Side = 'source' | 'target';

/** How many directions an arm draws under these settings; 1 for an arm that draws none. */
export const drawsOf = (arm: DosedArm | ComparedArm, generation: Experiment['generation']): number => {
  const { draws } = armSpec(arm);
  return draws === null ? 1 : generation[draws];
};

/**
 * Makes the directions of every dosed arm.
 * @param medianNorm median length of a state at the steered block of each model: the unit of the relative dose
 */
export async function steeringArms(
  models: Record<Side, LanguageModel>,
  medianNorm: Record<Side, number>,
  input: Omit<ArmInput, 'width' | 'draws' | 'seed'>,
  generation: Experiment['generation'],
): Promise<DirectedArm[]> {
  const arms: DirectedArm[] = [];
  for (const arm of DOSED_ARMS) {
    const side = armSpec(arm).model;
    const model = models[side];
    const { hiddenSize: width } = model.info;
    const directions = await MAKERS[arm].directions({
      ...input,
      width,
      draws: drawsOf(arm, generation),
      seed: generation.seed,
    });
    arms.push({ arm, model, layer: input.layers[side], directions, medianNorm: medianNorm[side] });
  }
  return arms;
}

/** Directions of an arm that follow from the settings alone; null for one that takes a fit. */
export function seededDirections(
  arm: DosedArm,
  width: number,
  generation: Experiment['generation'],
): Float32Array[] | null {
  return MAKERS[arm].fromSeed?.(width, drawsOf(arm, generation), generation.seed) ?? null;
}
