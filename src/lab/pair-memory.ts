/** What a pair of models will take on this device, before either is loaded. */
import { estimateFitBytes } from '../gpu/fit/layout';
import { LabError } from '../experiment/errors';
import { message, type Message } from '../experiment/message';
import type { Backend, Residence } from '../experiment/run';
import { comparedBlocks } from '../experiment/compared-blocks';
import type { Experiment } from '../experiment/schema';
import { foldsOf } from '../experiment/stage-inputs';
import { inspectModel, planMemory, type MemoryLimits, type MemoryPlan, type PlannedModel } from '../models';
import { FEW_SESSIONS, LIVE_SESSIONS } from '../runtime/sessions';
import { estimateWhitenedFitBytes } from '../fit/size';
import type { ModelSource } from '../runtime/types';
import { BATCH_TEXTS } from './collect';
import { comparedShape } from './compared';
import { NEUTRAL_TOKENS, SIDE_EFFECT_ROWS } from './dose';
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
    reason: message('memory.few', { reason: few.reason, few: FEW_SESSIONS, usual: LIVE_SESSIONS.whole }),
  };
}

/** What the browser says of the machine's memory, in bytes: in GiB, rounded and capped. Chromium alone says it; else null. */
export function deviceMemory(): number | null {
  const { deviceMemory: stated } = navigator as Navigator & { deviceMemory?: number };
  return stated === undefined ? null : stated * 2 ** 30;
}

function limitsOf({ backend, limits }: DeviceMemory): MemoryLimits {
  return {
    backend,
    maxBufferSize: limits?.maxBufferSize ?? Infinity,
    maxStorageBufferBindingSize: limits?.maxStorageBufferBindingSize ?? Infinity,
    deviceMemory: deviceMemory(),
  };
}

/** How a pair is held in memory, and why it is not held at once; null where it is. */
export interface ChosenResidence {
  residence: Residence;
  sequential: Message | null;
}

/**
 * Both at once where the plan says that they fit, else one after the other, unless one of the two is asked for.
 * @param plan null for a pair that is known to fit (a bundled one)
 * @throws LabError `out-of-memory` with the plan's reason where not even one model fits; where that is an estimate, only if nothing is asked for
 */
export function chooseResidence(plan: MemoryPlan | null, choice: 'auto' | Residence): ChosenResidence {
  if (plan?.fits === 'no' && (plan.hard || choice === 'auto')) {
    const { fits, together, sequential, budget } = plan;
    throw new LabError(plan.hard ? 'out-of-memory.plan' : 'out-of-memory.estimate', {
      reason: plan.reason,
      fits,
      together,
      sequential,
      ...(budget === null ? {} : { budget }),
    });
  }
  if (choice === 'sequential') return { residence: choice, sequential: message('run.sequential.asked') };
  if (choice === 'together' || !plan || plan.fits === 'together') return { residence: 'together', sequential: null };
  return {
    residence: 'sequential',
    sequential: message('run.sequential.memory', { together: plan.together / 1e9, budget: (plan.budget ?? 0) / 1e9 }),
  };
}
