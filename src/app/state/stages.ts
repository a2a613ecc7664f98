/** What the page knows about each stage, and which settings each stage's result depends on. */
import type { LabErrorJson } from '../../experiment/errors';
import type { Message } from '../../experiment/message';
import { STAGES, type Run, type Stage, type StageResults } from '../../experiment/run';
import type { Experiment } from '../../experiment/schema';

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

/** The settings that each stage reads for itself; a stage also depends on all the stages before it. */
const INPUTS: Record<Stage, (experiment: Experiment) => unknown> = {
  models: (e) => e.models,
  activations: (e) => e.corpus,
  map: (e) => e.map,
  steer: (e) => [e.concept, e.prompting, e.vector, e.transfer, e.dose.stops, e.generation.neutralTexts],
  evidence: (e) => [e.dose, e.generation],
};

/** First stage whose result would differ between two experiments; null when none would. */
export function firstDifference(a: Experiment, b: Experiment): Stage | null {
  if (a === b) return null;
  return STAGES.find((stage) => JSON.stringify(INPUTS[stage](a)) !== JSON.stringify(INPUTS[stage](b))) ?? null;
}

/** True when the result of a stage was computed under settings that no longer hold. */
export function isStale(stage: Stage, state: StageState<Stage>, experiment: Experiment): boolean {
  if (!state.result || !state.experiment) return false;
  const first = firstDifference(state.experiment, experiment);
  return first !== null && STAGES.indexOf(first) <= STAGES.indexOf(stage);
}

export function markOf(stage: Stage, state: StageState<Stage>, experiment: Experiment): StageMark {
  if (state.phase === 'failed') return 'failed';
  if (state.phase === 'running' || state.phase === 'waiting') return state.phase;
  if (!state.result) return 'empty';
  if (isStale(stage, state, experiment)) return 'stale';
  return state.origin === 'live' || state.origin === null ? 'done' : state.origin;
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
