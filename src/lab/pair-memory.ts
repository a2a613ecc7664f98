/** What a pair of models will take on this device, before either is loaded. */
import { estimateFitBytes } from '../gpu/fit/layout';
import { LabError } from '../experiment/errors';
import type { Backend, Residence } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { inspectModel, planMemory, type MemoryLimits, type MemoryPlan, type PlannedModel } from '../models';
import { FEW_SESSIONS, LIVE_SESSIONS } from '../runtime/sessions';
import { estimateWhitenedFitBytes } from '../math/fit-size';
import type { ModelSource } from '../runtime/types';
import { BATCH_TEXTS } from './collect';
import { comparedBlocks, comparedShape } from './compared';
import { NEUTRAL_TOKENS, SIDE_EFFECT_ROWS } from './dose';
import { foldsOf } from './folds';
import { BATCH_ROWS } from './generate';
import { SAMPLE_ROWS } from './rows';

/** Tokens of the longest text of the corpora (185 by the bundled tokenizer; a larger vocabulary gives fewer). */
export const TEXT_TOKENS = 192;
/** Tokens of a long prompt. An estimate. */
const PROMPT_TOKENS = 64;

/** What the plan depends on of the device. */
export interface DeviceMemory {
  backend: Backend;
  /** Of the adapter or the device; on WASM null. */
  limits: Pick<GPUSupportedLimits, 'maxBufferSize' | 'maxStorageBufferBindingSize'> | null;
}

/**
 * Plans the memory of an experiment's pair. Reads configurations and sizes, no weights.
 * @throws LabError `model-*` where a model is not there, `cancelled`
 */
export async function planPair(
  experiment: Experiment,
  sources: Record<'source' | 'target', ModelSource>,
  device: DeviceMemory,
  signal?: AbortSignal,
): Promise<MemoryPlan> {
  const plan = async (source: ModelSource): Promise<PlannedModel> => {
    const { config, weightBytes } = await inspectModel(source, { signal });
    return { id: source.id, dtype: source.dtype, weightBytes, config };
  };
  const [source, target] = [await plan(sources.source), await plan(sources.target)];
  const shape = {
    sourceLayers: source.config.layers,
    targetLayers: target.config.layers,
    sourceWidth: source.config.hiddenSize,
    targetWidth: target.config.hiddenSize,
  };
  const fitted = comparedShape(shape, comparedBlocks(shape, experiment.map, experiment.transfer.also));
  const { maxNewTokens } = experiment.generation;
  const folds = foldsOf(experiment);
  const work = {
    collectRows: BATCH_TEXTS,
    collectLength: TEXT_TOKENS,
    decodeRows: BATCH_ROWS,
    decodeLength: PROMPT_TOKENS + maxNewTokens,
    corpusTokens: experiment.corpus.maxTokens,
    comparedTokens: (SIDE_EFFECT_ROWS + experiment.generation.neutralTexts) * NEUTRAL_TOKENS,
    sampleRows: SAMPLE_ROWS.train + SAMPLE_ROWS.heldOut,
    fitBytes:
      device.backend === 'webgpu' ? estimateFitBytes(fitted, { folds }) : estimateWhitenedFitBytes(fitted, { folds }),
  };
  return planSessions((sessions) => planMemory(source, target, { ...work, sessions }, limitsOf(device)));
}

/** A plan with as many sessions as a run uses, kept alive; where that does not fit at all, with few, of which some are made again and again. */
export function planSessions(plan: (sessions: number) => MemoryPlan): MemoryPlan {
  const usual = plan(LIVE_SESSIONS.whole);
  if (usual.fits !== 'no') return usual;
  const few = plan(FEW_SESSIONS);
  if (few.fits === 'no') return usual;
  return {
    ...few,
    reason: `${few.reason} To fit, each model keeps ${FEW_SESSIONS} sessions instead of ${LIVE_SESSIONS.whole}, which takes longer.`,
  };
}

function limitsOf({ backend, limits }: DeviceMemory): MemoryLimits {
  // In GiB, rounded and capped by the browser; Chromium alone states it.
  const { deviceMemory } = navigator as Navigator & { deviceMemory?: number };
  return {
    backend,
    maxBufferSize: limits?.maxBufferSize ?? Infinity,
    maxStorageBufferBindingSize: limits?.maxStorageBufferBindingSize ?? Infinity,
    deviceMemory: deviceMemory === undefined ? null : deviceMemory * 2 ** 30,
  };
}

/** How a pair is held in memory, and why it is not held at once; null where it is. */
export interface ChosenResidence {
  residence: Residence;
  inTurn: string | null;
}

/**
 * Both at once where the plan says that they fit, else in turn, unless one of the two is asked for.
 * @param plan null for a pair that is known to fit (a bundled one)
 * @throws LabError `out-of-memory` with the plan's reason where not even one model fits; where that is an estimate, only if nothing is asked for
 */
export function chooseResidence(plan: MemoryPlan | null, choice: 'auto' | Residence): ChosenResidence {
  if (plan?.fits === 'no' && (plan.hard || choice === 'auto')) {
    const { fits, together, inTurn, budget } = plan;
    throw new LabError(
      'out-of-memory',
      plan.reason,
      plan.hard
        ? 'Choose a smaller precision or smaller models.'
        : 'Choose a smaller precision or smaller models; or, if the machine has more memory than the browser says, choose “One after the other” to try it all the same.',
      { fits, together, inTurn, ...(budget === null ? {} : { budget }) },
    );
  }
  if (choice === 'in turn') return { residence: choice, inTurn: 'The models took turns in memory, as asked.' };
  if (choice === 'together' || !plan || plan.fits === 'together') return { residence: 'together', inTurn: null };
  return {
    residence: 'in turn',
    inTurn: `The models took turns in memory: together they would take ${gigabytes(plan.together)} of about ${gigabytes(plan.budget ?? 0)}. The figures are the same; it takes longer.`,
  };
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`;
