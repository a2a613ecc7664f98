/** Directions at further pairs of blocks, which an experiment may steer together with the first (`transfer.also`). */
import type { DosedArm } from '../experiment/run';
import { LabError } from '../experiment/errors';
import type { ContrastPair, Experiment } from '../experiment/schema';
import type { AffineMap } from '../math/fit-types';
import { norm } from '../math/stats';
import type { LabContext } from './context';
import { collectPairStates, type PairStates } from './extract';
import type { Layers } from './fit';
import type { ActivationsState } from './stage-activations';
import type { LoadedPair } from './stage-models';
import { mapDirection, randomDirections, unit, type ArmDirections, type FurtherSite } from './vectors';

type Also = Experiment['transfer']['also'];

/**
 * The blocks of an experiment that are steered besides the first pair.
 * @param first the pair of the map
 * @throws LabError `settings-invalid` for a block that is not there, or one that would be steered twice
 */
export function checkFurther(experiment: Experiment, first: Layers, { source, target }: LoadedPair): Also {
  const { also } = experiment.transfer;
  if (also.length > 0 && experiment.concept.kind === 'vector') throw new LabError('settings-invalid.also-given-vector');
  for (const [side, key, model] of [
    ['source', 'sourceLayer', source],
    ['target', 'targetLayer', target],
  ] as const) {
    const seen = new Set([first[side]]);
    also.forEach((pair, i) => {
      const block = pair[key];
      const field = `transfer.also.${i}.${key}`;
      const { layers } = model.info;
      if (block >= layers) throw new LabError('settings-invalid.also-block', { field, block, last: layers - 1 });
      if (seen.has(block)) throw new LabError('settings-invalid.also-twice', { field, block });
      seen.add(block);
    });
  }
  return also;
}

/**
 * Finds the directions of every arm at the further blocks: extracted at each by the same method, and carried across by
 * the map of that pair of blocks, which is fitted from the same moments.
 * @param extract a direction from the states of the pairs @param mapOf the map of a pair of blocks
 * @returns the further sites of an arm
 * @throws LabError `no-effect` where the pairs leave no direction at a block; as `checkFurther`
 */
export async function furtherSites(
  context: LabContext,
  experiment: Experiment,
  models: LoadedPair,
  activations: ActivationsState,
  first: Layers,
  pairs: readonly ContrastPair[],
  extract: (states: PairStates) => Float32Array,
  mapOf: (layers: Layers) => Promise<AffineMap>,
): Promise<(arm: ArmDirections) => FurtherSite[]> {
  const also = checkFurther(experiment, first, models);
  if (also.length === 0) return () => [];
  const { vector, prompting, transfer, generation } = experiment;
  const found = await models.pair.eachRole(async (role) => {
    const vectors: Float32Array[] = [];
    for (const pair of also) {
      const block = pair[`${role}Layer`];
      const note = `Reading the contrast pairs at block ${block} of the ${role === 'source' ? 'small' : 'large'} model`;
      const states = await collectPairStates(context, models[role], block, pairs, vector.readPosition, prompting, note);
      const v = extract(states);
      if (!(norm(v) > 0)) throw new LabError('no-effect.also-block', { block, role });
      vectors.push(v);
    }
    return vectors;
  });
  const mapped: Float32Array[] = [];
  for (const [i, { sourceLayer, targetLayer }] of also.entries()) {
    const map = await mapOf({ source: sourceLayer, target: targetLayer });
    mapped.push(mapDirection(map, found.source[i], transfer.addBias));
  }
  const { hiddenSize } = models.target.info;
  const directions: Record<DosedArm, (i: number) => Float32Array[]> = {
    'small-steered': (i) => [unit(found.source[i])],
    mapped: (i) => [unit(mapped[i])],
    native: (i) => [unit(found.target[i])],
    // Their own draws at every block.
    random: (i) => randomDirections(hiddenSize, generation.randomVectors, generation.seed + 7919 * (i + 1)),
  };
  const { medianNorm } = activations.result;
  return ({ arm }) =>
    also.map(({ sourceLayer, targetLayer, share }, i) => {
      const [role, block] =
        arm === 'small-steered' ? (['source', sourceLayer] as const) : (['target', targetLayer] as const);
      return { block, share, directions: directions[arm](i), medianNorm: medianNorm[role][block] };
    });
}
