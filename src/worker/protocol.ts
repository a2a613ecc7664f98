/** What the page may ask of the engine worker, what each request answers, and what it tells meanwhile (`src/channel`). */
import type { LabErrorJson } from '../experiment/errors';
import type {
  Backend,
  DeviceReport,
  DoseAxis,
  MapArrays,
  Progress,
  Residence,
  Run,
  Stage,
  StageEvent,
  StopStreams,
  RenderedPrompt,
} from '../experiment/run';
import type { LiveSteering } from '../experiment/live';
import type { ModelRef } from '../experiment/model-ref';
import type { Experiment } from '../experiment/schema';
import type { Step, StepId, Verification } from '../experiment/share/verification';
import type { SecondOpinion } from '../experiment/second-opinion';
import type * as models from '../lab/model-sources';
import type { CollectCheckpoint } from '../lab/rows';
import type { VerifyRequest } from '../lab/verify/verify';

export type { CollectCheckpoint, Progress, StageEvent, VerifyRequest };
export type {
  FamilyOffer,
  LocalOffer,
  ModelShape,
  RepositoryOffer,
  StoredOffer,
  VariantOffer,
} from '../lab/model-sources';
type Answer<F extends (...args: never[]) => unknown> = Awaited<ReturnType<F>>;
type Argument<F extends (...args: never[]) => unknown, N extends number> = Parameters<F>[N];

export type RepositoryRequest = Argument<typeof models.lookUp, 0>;
export type DownloadPlan = Answer<typeof models.planOf>;
export type StoredList = Answer<typeof models.storedModels>;
export type MemoryPlan = Answer<typeof models.memoryOf>;

export type BackendChoice = 'auto' | Backend;
/** Whether both models are kept in memory; `auto` goes by the memory plan. */
export type ResidenceChoice = 'auto' | Residence;

/** Told by every request that takes long. */
export interface ProgressEvent {
  kind: 'progress';
  progress: Progress;
}
/** A stage has ended. */
export interface StageEndEvent {
  kind: 'stage';
  event: StageEvent;
}
/** The streams of one stop are ready. */
export interface StreamsEvent {
  kind: 'streams';
  streams: StopStreams;
}
/** A step of a verification has begun (null), or ended. */
export interface VerifyEvent {
  kind: 'verify';
  stepId: StepId;
  step: Step | null;
}
export type EngineEvent = ProgressEvent | StageEndEvent | StreamsEvent | VerifyEvent;

export interface EngineRequests {
  /** Probes the device and starts the runtime. `baseUrl`: absolute URL of the site's folder, ending in a slash. */
  start: { in: { backend: BackendChoice; baseUrl: string; residence?: ResidenceChoice }; out: DeviceReport };
  /** Runs the experiment's stages up to `until`; unchanged stages come from memory, and a collection that a lost device broke off goes on from `resume`. */
  run: {
    in: {
      experiment: Experiment;
      until: Stage;
      resume?: CollectCheckpoint | null;
    };
    out: Run | null;
    event: ProgressEvent | StageEndEvent;
  };
  /** Has the two models of the settings in memory, and does nothing with them. */
  load: { in: { experiment: Experiment }; out: null; event: ProgressEvent | StageEndEvent };
  /** Next-token distributions at every stop for a prompt of the user's, with the vectors of a run; loads the models where they are not. */
  axis: {
    in: { experiment: Experiment; from: LiveSteering; prompt: string };
    out: DoseAxis;
    event: ProgressEvent | StageEndEvent;
  };
  /** Texts as the models are given them, with the tokens whose states a contrast pair would be read at; loads the models where they are not. */
  written: {
    in: { experiment: Experiment; texts: string[] };
    out: Record<'source' | 'target', RenderedPrompt>[];
    event: ProgressEvent;
  };
  /** Continuations of all arms at the stops, as `axis`, nearest to `nearest` first; each stop arrives as a `streams` event. */
  streams: {
    in: {
      experiment: Experiment;
      from: LiveSteering;
      prompt: string;
      nearest: number;
      /** Signed doses beside the stops of the settings. */
      further: number[];
      maxNewTokens: number;
    };
    out: { stops: number };
    event: ProgressEvent | StageEndEvent | StreamsEvent;
  };
  /** Verifies a shared document; each step arrives as `verify` events. */
  verify: { in: VerifyRequest; out: Verification; event: ProgressEvent | StageEndEvent | VerifyEvent };
  /** What transformers.js writes beside the lab's runtime, unsteered; loads the models where they are not. */
  'second-opinion': { in: { experiment: Experiment }; out: SecondOpinion; event: ProgressEvent | StageEndEvent };
  /** The arrays of the experiment's map, to be saved; fitted first where the engine does not hold it. */
  'map-arrays': { in: { experiment: Experiment }; out: MapArrays; event: ProgressEvent | StageEndEvent };
}

/** Requests about files, not about models that are loaded: they need no engine and do not wait behind one another. */
export interface ModelRequests {
  /** The curated families, with estimates of the sizes that were never verified. */
  families: { in: { baseUrl: string }; out: models.FamilyOffer[] };
  /** What is in a repository, pinned to a commit. Fetches its listing. */
  repository: { in: { request: RepositoryRequest; backend: BackendChoice }; out: models.RepositoryOffer };
  /** What a download would fetch. Fetches nothing. */
  plan: { in: { repository: models.RepositoryOffer['repository']; dtype: ModelRef['dtype'] }; out: DownloadPlan };
  /** Fetches what a plan lists; bytes arrive as progress. The press on the consent card, or the command line's --host. */
  download: { in: { plan: DownloadPlan }; out: ModelRef; event: ProgressEvent };
  stored: { in: { backend: BackendChoice }; out: StoredList };
  'delete-stored': { in: { host: string; model: string; commit: string }; out: null };
  /** Removes the states that sequential collections have left behind. */
  'clear-states': { in: object; out: number };
  /** Makes the files of a folder known to this worker; they are forgotten when it ends. */
  'open-folder': {
    in: { files: Argument<typeof models.openFolder, 0>; backend: BackendChoice };
    out: models.LocalOffer;
  };
  /** Memory of an experiment's pair. */
  memory: { in: { experiment: Experiment; backend: BackendChoice; baseUrl: string }; out: MemoryPlan };
}

export interface Requests extends EngineRequests, ModelRequests {}

export type RequestType = keyof Requests;

/** Not an answer to a request: the device was lost. The client may start again, from where the collection had come to. */
export interface DeviceLost {
  error: LabErrorJson;
  checkpoint: CollectCheckpoint | null;
}
