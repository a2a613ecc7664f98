/** What the page knows about each stage, and which results still hold. */
import type { LabErrorJson } from '../../experiment/errors';
import type { PairShape } from '../../experiment/compared-blocks';
import { liveSteeringOf, type LiveSteering } from '../../experiment/live';
import type { Message } from '../../experiment/message';
import { STAGES, type ModelsResult, type Run, type Stage, type StageResults } from '../../experiment/run';
import type { Experiment } from '../../experiment/schema';
import { firstDifference } from '../../experiment/stage-inputs';

export type Origin = 'recorded' | 'stored' | 'live';

export interface StageState<K extends Stage> {
  /** What the last attempt came to; a failed or running stage may still show an earlier result. */
  phase: 'idle' | 'waiting' | 'running' | 'failed';
  result: StageResults[K] | null;
  /** Where the result came from: the file of a recorded run, a kept run that was opened, or this device now. */
  origin: Origin | null;
  /** Settings under which the result was computed. */
  experiment: Experiment | null;
  milliseconds: number | null;
  fromMemory: boolean;
  /** What a reader of the result must know. */
  warnings: Message[];
  error: LabErrorJson | null;
}

export type Stages = { [K in Stage]: StageState<K> };

/** What the rail shows. */
export type StageMark = 'empty' | 'waiting' | 'running' | 'done' | 'recorded' | 'stored' | 'stale' | 'failed';

function emptyStage<K extends Stage>(): StageState<K> {
  return {
    phase: 'idle',
    result: null,
    origin: null,
    experiment: null,
    milliseconds: null,
    fromMemory: false,
    warnings: [],
    error: null,
  };
}

export function emptyStages(): Stages {
  return {
    models: emptyStage(),
    activations: emptyStage(),
    map: emptyStage(),
    steer: emptyStage(),
    evidence: emptyStage(),
  };
}

/** Depths and widths of the models of a result; null before there is one. */
export function shapeOf(models: ModelsResult | null): PairShape | null {
  if (!models) return null;
  const { source, target } = models;
  return {
    sourceLayers: source.layers,
    targetLayers: target.layers,
    sourceWidth: source.hiddenSize,
    targetWidth: target.hiddenSize,
  };
}

/** True when the result of a stage was computed under settings that no longer hold: the engine would compute it anew. */
export function isStale(stage: Stage, stages: Stages, experiment: Experiment): boolean {
  const state = stages[stage];
  if (!state.result || !state.experiment) return false;
  const first = firstDifference(state.experiment, experiment, shapeOf(stages.models.result));
  return first !== null && STAGES.indexOf(first) <= STAGES.indexOf(stage);
}

export function markOf(stage: Stage, stages: Stages, experiment: Experiment): StageMark {
  const state = stages[stage];
  if (state.phase === 'failed') return 'failed';
  if (state.phase === 'running' || state.phase === 'waiting') return state.phase;
  if (!state.result) return 'empty';
  if (isStale(stage, stages, experiment)) return 'stale';
  return state.origin === 'live' || state.origin === null ? 'done' : state.origin;
}

/**
 * What steering live takes from the results on screen: the vectors of a run whose settings still hold, wherever it came
 * from. Null where there is none, where its stages are not of one run, or where it is of a version that kept no such part.
 */
export function liveOf(stages: Stages, experiment: Experiment): { from: LiveSteering; origin: Origin } | null {
  const { models, map, steer } = stages;
  const { origin } = steer;
  if (!models.result || !map.result || !steer.result || origin === null) return null;
  if (isStale('steer', stages, experiment) || models.origin !== origin || map.origin !== origin) return null;
  const from = liveSteeringOf({ models: models.result, map: map.result, steer: steer.result });
  return from && { from, origin };
}

/** Spreads a whole run over the stages. */
export function stagesOf(run: Run, origin: Origin): Stages {
  const part = <K extends Stage>(stage: K, result: StageResults[K]): StageState<K> => ({
    phase: 'idle',
    result,
    origin,
    experiment: run.experiment,
    milliseconds: run.timings[stage] ?? null,
    fromMemory: false,
    warnings: run.warnings.filter((warning) => warning.stage === stage).map(({ message }) => message),
    error: null,
  });
  return {
    models: part('models', run.models),
    activations: part('activations', run.activations),
    map: part('map', run.map),
    steer: part('steer', run.steer),
    evidence: part('evidence', run.evidence),
  };
}
