/** A Run is what came out of an Experiment: plain JSON, written by the lab, shown by the app. Its form is run-schema.ts. */
import type { z } from 'zod';
import type { Message } from './message';
import type { runSchema } from './run-schema';
import type { ActivationsResult } from './run/activations';
import type { EvidenceResult } from './run/evidence';
import type { MapResult } from './run/map';
import type { ModelsResult } from './run/model-reports';
import type { Stage } from './run/stages';
import type { SteerResult } from './run/steer';

export type { ActivationsResult, AlignmentReport, PcaPanel } from './run/activations';
export type { Backend, DeviceReport } from './run/device';
export type {
  ArmResult,
  Baseline,
  Direction,
  DoseCell,
  EvidenceResult,
  Half,
  Metrics,
  Outcome,
  ReplayEvidence,
  ReplayRow,
  StopStreams,
  StreamToken,
  UsableWindow,
  Verdict,
} from './run/evidence';
export type {
  Answer,
  Chain,
  ChainFigure,
  ChainOutcome,
  ChainStep,
  ComparedDraw,
  NativeShare,
  Question,
} from './run/chain';
export type { MapResult, MapStatistics } from './run/map';
export type { HomologyReport, HomologySample, ModelReport, ModelsResult } from './run/model-reports';
export { RUN_SCHEMA, STAGES, type Stage } from './run/stages';
export type { AxisArm, DoseAxis, LiveVectors, RenderedPrompt, Stability, SteerResult, VectorResult } from './run/steer';

/** How the two models share the memory: both in it at once, or each in its turn. Changes no figure of a run. */
export type Residence = 'together' | 'sequential';
/** The map of a run itself: too large for a run, and asked of the engine that fitted it. Y ≈ X W + 1 p. */
export interface MapArrays {
  /** d_S × d_T, row-major. */
  W: Float32Array;
  /** d_T */
  p: Float32Array;
  /** Means of the training rows: d_S and d_T. p = muTarget − muSource · W for the kinds of map that fit an intercept. */
  muSource: Float32Array;
  muTarget: Float32Array;
}

/** What each stage gives; a run has every one of them under the stage's name. */
export interface StageResults {
  models: ModelsResult;
  activations: ActivationsResult;
  map: MapResult;
  steer: SteerResult;
  evidence: EvidenceResult;
}

/** How far a stage has come. */
export interface Progress {
  stage: Stage;
  done: number;
  total: number;
  /** Real units: bytes, tokens, steps … */
  unit: 'bytes' | 'tokens' | 'layers' | 'texts' | 'steps' | 'continuations';
  /** What is being done. */
  note: Message;
}

export type StageEvent = {
  [K in Stage]: {
    stage: K;
    result: StageResults[K];
    milliseconds: number;
    fromMemory: boolean;
    warnings: Message[];
    /** The stage goes on: the same is told again when it has ended. */
    provisional?: true;
  };
}[Stage];

export type Run = z.infer<typeof runSchema>;
/** Digests of what a run read beside its models. */
export type RunInputs = NonNullable<Run['inputs']>;
