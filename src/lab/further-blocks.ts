/** Directions at further pairs of blocks, which an experiment may steer together with the first (`transfer.also`). */
import { LabError } from '../experiment/errors';
import { message } from '../experiment/message';
import type { ContrastPair, Experiment } from '../experiment/schema';
import type { AffineMap } from '../math/affine-map';
import { steeringArms } from './arms';
import type { LabContext } from './context';
import { collectPairStates, type PairStates } from './extract';
import type { Layers } from './fit';
import type { ActivationsState } from './stage-activations';
import type { LoadedPair } from './stage-models';
import { mapDirection, type DirectedArm, type FurtherSite } from './vectors';

const SEED_STEP = 7919;

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
 * @param extract a vector from the states of the pairs @param mapOf the map of a pair of blocks
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
  extract: (states: PairStates, model: 'small' | 'large') => Float32Array,
  mapOf: (layers: Layers) => Promise<AffineMap>,
): Promise<(arm: Pick<DirectedArm, 'arm'>) => FurtherSite[]> {
  const also = checkFurther(experiment, first, models);
  if (also.length === 0) return () => [];
  const { vector, prompting, transfer, generation } = experiment;
  const found = await models.pair.eachRole(async (role) => {
    const vectors: Float32Array[] = [];
    for (const pair of also) {
      const block = pair[`${role}Layer`];
      const note = message(`progress.pairs.${role}`);
      const states = await collectPairStates(context, models[role], block, pairs, vector.readPosition, prompting, note);
      vectors.push(extract(states, role === 'source' ? 'small' : 'large'));
    }
    return vectors;
  });
  const { medianNorm } = activations.result;
  const arms: DirectedArm[][] = [];
  for (const [i, { sourceLayer, targetLayer }] of also.entries()) {
    const layers = { source: sourceLayer, target: targetLayer };
    const map = await mapOf(layers);
    const [source, native] = [found.source[i], found.target[i]];
    arms.push(
      await steeringArms(
        { source: models.source, target: models.target },
        { source: medianNorm.source[sourceLayer], target: medianNorm.target[targetLayer] },
        {
          vectors: { source, mapped: mapDirection(map, source, transfer.addBias), native },
          map,
          addBias: transfer.addBias,
          layers,
          sample: activations.sample,
          signal: context.signal,
        },
        // Random directions are drawn anew at every block.
        { ...generation, seed: (generation.seed + SEED_STEP * (i + 1)) % 2 ** 32 },
      ),
    );
  }
  return ({ arm }) =>
    also.map(({ share }, i) => {
      const { layer: block, directions, medianNorm: norm } = arms[i].find((one) => one.arm === arm)!;
      return { block, share, directions, medianNorm: norm };
    });
}
