/** What the page asks of the engine worker, and what it does with the answers. */
import { LabError, type LabErrorJson } from '../../experiment/errors';
import { STAGES, type MapArrays, type Stage, type StopStreams, type RenderedPrompt } from '../../experiment/run';
import type { Experiment } from '../../experiment/schema';
import type { SecondOpinion } from '../../experiment/second-opinion';
import type { LocalFile } from '../../models/picked';
import type { Verification } from '../../experiment/share/verification';
import { EngineClient, type Listeners } from '../../worker/client';
import type {
  BackendChoice,
  LocalOffer,
  MemoryPlan,
  ResidenceChoice,
  StageEvent,
  VerifyRequest,
} from '../../worker/protocol';
import { runRecovering } from '../../worker/recover';
import { keepFinished } from './runs';
import { measuredStops } from './dose';
import { isStale, stagesOf, type StageState, type Stages } from './stages';
import { engineCanAnswer, useLab } from './store';

/** A worker that is inside a long synchronous call cannot read a cancel; after this long it is ended instead. */
const CANCEL_PATIENCE_MS = 6000;

const client = new EngineClient();
let starting: Promise<boolean> | null = null;
let runAbort: AbortController | null = null;
let promptAbort: AbortController | null = null;

/** Folders that the visitor has opened: each new worker must be told of them. */
const folders: LocalFile[][] = [];

export const baseUrl = (): string => new URL('.', document.baseURI).href;

function setEngine(
  status: 'starting' | 'ready' | 'failed',
  patch: Partial<ReturnType<typeof useLab.getState>['engine']> = {},
): void {
  document.documentElement.dataset.engine = status;
  useLab.setState((s) => ({ engine: { ...s.engine, ...patch, status } }));
}

client.onLost = (error) => {
  starting = null;
  setEngine('failed', { error: error.toJSON() });
};

/** Starts the worker and probes the device. Resolves to whether the engine is ready; the reason is in the store. */
export function startEngine(): Promise<boolean> {
  starting ??= (async () => {
    setEngine('starting', { error: null });
    try {
      const device = await client.request('start', {
        backend: useLab.getState().backend,
        baseUrl: baseUrl(),
        residence: useLab.getState().residence,
      });
      // Files that have gone meanwhile are told when their model is run: they are no reason not to start.
      for (const files of folders)
        await client.request('open-folder', { files, backend: useLab.getState().backend }).catch(() => undefined);
      setEngine('ready', { device });
      return true;
    } catch (thrown) {
      starting = null;
      setEngine('failed', { error: LabError.from(thrown).toJSON() });
      return false;
    }
  })();
  return starting;
}

/** Makes a folder from disk known to the engine. @throws LabError `model-incomplete`, `model-layout`, `model-invalid` */
export async function openFolder(files: LocalFile[]): Promise<LocalOffer> {
  const offer = await client.request('open-folder', { files, backend: useLab.getState().backend });
  folders.push(files);
  return offer;
}

/** What an experiment's pair takes in memory here. @throws LabError `model-*` where a model is not there */
export function memoryPlan(experiment: Experiment, signal: AbortSignal): Promise<MemoryPlan> {
  return client.request('memory', { experiment, backend: useLab.getState().backend, baseUrl: baseUrl() }, { signal });
}

/** Starts the engine once the page has painted and the main thread rests. */
export function startEngineWhenIdle(): void {
  const begin = (): void => void startEngine();
  requestAnimationFrame(() => {
    if ('requestIdleCallback' in window) requestIdleCallback(begin, { timeout: 2000 });
    else setTimeout(begin, 200);
  });
}

/** @throws LabError of starting the engine, where it does not start */
async function requireEngine(): Promise<void> {
  if (!(await startEngine())) {
    const { error } = useLab.getState().engine;
    throw error ? LabError.fromJSON(error) : new LabError('worker-crashed.no-start');
  }
}

/** Verifies a shared document in the engine, which is started for it. @throws LabError of starting it, `cancelled` */
export async function verifyDocument(request: VerifyRequest, listeners: Listeners): Promise<Verification> {
  await requireEngine();
  return client.request('verify', request, listeners);
}

/** What transformers.js writes beside the lab's runtime; models that are not loaded are. @throws LabError of starting and loading, `cancelled` */
export async function askSecondOpinion(experiment: Experiment, listeners: Listeners): Promise<SecondOpinion> {
  await requireEngine();
  return client.request('second-opinion', { experiment }, listeners);
}

/** Ends the worker and starts it on another backend; results on screen stay. */
export async function chooseBackend(backend: BackendChoice): Promise<void> {
  useLab.setState({ backend });
  await restartEngine();
}

/** Ends the worker and starts it so that it holds both models, or one at a time; results on screen stay. */
export async function chooseResidence(residence: ResidenceChoice): Promise<void> {
  useLab.setState({ residence });
  await restartEngine();
}

export async function restartEngine(): Promise<void> {
  client.terminate();
  starting = null;
  await startEngine();
}

function patchStage(stage: Stage, patch: Partial<StageState<Stage>>): void {
  useLab.setState((s) => ({ stages: { ...s.stages, [stage]: { ...s.stages[stage], ...patch } } as Stages }));
}

/** Stages that have not been answered yet lose their waiting mark; a failed one keeps its error. */
function settle(failedAt: Stage | null, error: LabErrorJson | null): void {
  useLab.setState((s) => {
    const stages = { ...s.stages } as Record<Stage, StageState<Stage>>;
    for (const stage of STAGES) {
      if (stage === failedAt) stages[stage] = { ...stages[stage], phase: 'failed', error };
      else if (stages[stage].phase !== 'failed') stages[stage] = { ...stages[stage], phase: 'idle' };
    }
    return { stages: stages as Stages, running: null };
  });
}

function onStage(event: StageEvent): void {
  const { experiment } = useLab.getState();
  patchStage(event.stage, {
    phase: event.provisional ? 'running' : 'idle',
    result: event.result,
    origin: 'live',
    experiment: runExperiment ?? experiment,
    milliseconds: event.milliseconds,
    fromMemory: event.fromMemory,
    warnings: event.warnings,
    error: null,
  });
  const next = STAGES[STAGES.indexOf(event.stage) + 1];
  if (next && useLab.getState().stages[next].phase === 'waiting') patchStage(next, { phase: 'running' });
  if (event.stage === 'steer')
    useLab.setState({ ownAxis: null, ownStreams: null, prompting: { status: 'idle', error: null } });
}

/** Settings of the run in progress: the form may change while it works. */
let runExperiment: ReturnType<typeof useLab.getState>['experiment'] | null = null;

/** Runs every stage up to `until`. Resolves to whether it finished; what went wrong is at its stage. */
export async function runStages(until: Stage = 'evidence'): Promise<boolean> {
  if (useLab.getState().running) return false;
  promptAbort?.abort();
  const abort = new AbortController();
  runAbort = abort;
  useLab.setState({ running: { until, progress: null, cancelling: false } });
  const last = STAGES.indexOf(until);
  STAGES.forEach((stage, i) => {
    if (i <= last) patchStage(stage, { phase: i === 0 ? 'running' : 'waiting', error: null });
  });
  if (!(await startEngine())) {
    settle(null, null);
    return false;
  }
  const { experiment, parent } = useLab.getState();
  runExperiment = experiment;
  try {
    const run = await runRecovering(
      client,
      startEngine,
      { experiment, until },
      {
        signal: abort.signal,
        onProgress: (progress) => useLab.setState((s) => (s.running ? { running: { ...s.running, progress } } : {})),
        onStage,
      },
    );
    settle(null, null);
    if (run) finish(run, parent);
    return true;
  } catch (thrown) {
    const error = LabError.from(thrown);
    const at = STAGES.find((stage) => useLab.getState().stages[stage].phase === 'running') ?? null;
    settle(error.code === 'cancelled' ? null : at, error.toJSON());
    return false;
  } finally {
    runExperiment = null;
    if (runAbort === abort) runAbort = null;
  }
}

function finish(run: NonNullable<ReturnType<typeof useLab.getState>['run']>, parent: string | null): void {
  const state = useLab.getState();
  const stages = stagesOf(run, 'live');
  // Keep what the stage events said about memory and time.
  for (const stage of STAGES) {
    stages[stage].fromMemory = state.stages[stage].fromMemory;
    stages[stage].milliseconds ??= state.stages[stage].milliseconds;
  }
  // Changes from here on, and those made meanwhile, are a fork of what has been run; settings opened meanwhile are not.
  useLab.setState((s) => ({
    run,
    runParent: parent,
    stages,
    parent: s.parent === parent ? run.experimentDigest : s.parent,
  }));
  void keepFinished(run, parent);
  const covered = new Set(run.evidence.streams.map((s) => s.stop));
  if (run.steer.axis.stops.some((stop) => !covered.has(stop))) void fillStreams(run.steer.axis.prompt);
}

/** Stops the run. A worker that does not answer in time is ended and started again. */
export function cancelRun(): void {
  const abort = runAbort;
  if (!abort) return;
  useLab.setState((s) => (s.running ? { running: { ...s.running, cancelling: true } } : {}));
  abort.abort();
  setTimeout(() => {
    if (runAbort === abort) void restartEngine();
  }, CANCEL_PATIENCE_MS);
}

async function fillStreams(prompt: string): Promise<void> {
  promptAbort?.abort();
  const abort = new AbortController();
  promptAbort = abort;
  const { experiment, dose, stages } = useLab.getState();
  const evidence = isStale('evidence', stages, experiment) ? null : stages.evidence.result;
  const further =
    evidence && stages.steer.result ? measuredStops(stages.steer.result.axis.stops, evidence.doseResponse) : [];
  const byStop = new Map<number, StopStreams>();
  await client.request(
    'streams',
    { experiment, prompt, nearest: dose, further, maxNewTokens: experiment.generation.maxNewTokens },
    {
      signal: abort.signal,
      onStreams: (streams) => {
        if (abort.signal.aborted) return;
        byStop.set(streams.stop, streams);
        useLab.setState({ ownStreams: { prompt, byStop: new Map(byStop) } });
      },
    },
  );
}

/** Answers a prompt of the visitor's: next-token bars first, then the continuations, nearest stop first. */
export async function tryPrompt(prompt: string): Promise<void> {
  promptAbort?.abort();
  useLab.setState({ prompting: { status: 'working', error: null } });
  try {
    const steer = useLab.getState().stages.steer;
    const live = steer.origin === 'live' && !isStale('steer', useLab.getState().stages, useLab.getState().experiment);
    if (!live && !(await runStages('steer'))) {
      useLab.setState({ prompting: { status: 'idle', error: null } });
      return;
    }
    const axis = await client.request('axis', { experiment: useLab.getState().experiment, prompt });
    useLab.setState({ ownAxis: axis, ownStreams: { prompt, byStop: new Map() } });
    await fillStreams(prompt);
    useLab.setState({ prompting: { status: 'idle', error: null } });
  } catch (thrown) {
    const error = LabError.from(thrown);
    const failed = error.code !== 'cancelled';
    useLab.setState({
      prompting: failed ? { status: 'failed', error: error.toJSON() } : { status: 'idle', error: null },
    });
  }
}

/** Texts as the models are given them under the present settings; loads the models where they are not. @throws LabError `chat-template`, and of loading */
export async function writtenTexts(
  texts: string[],
  signal: AbortSignal,
): Promise<Record<'source' | 'target', RenderedPrompt>[]> {
  if (!(await startEngine())) throw new LabError('worker-crashed.not-ready');
  return client.request('written', { experiment: useLab.getState().experiment, texts }, { signal });
}

/** Back to the prompt of the run. */
export function clearPrompt(): void {
  promptAbort?.abort();
  useLab.setState({ ownAxis: null, ownStreams: null, prompting: { status: 'idle', error: null } });
}

/** After a choice in a figure: recompute what it changed, where the engine holds the rest already. */
export function rerunIfLive(wasLive: boolean): void {
  if (wasLive) void runStages('evidence');
}

/** The map of the settings, from the engine that holds it. @throws LabError */
export function requestMap(experiment: Experiment): Promise<MapArrays> {
  return client.request('map-arrays', { experiment });
}

export function isLive(): boolean {
  return engineCanAnswer(useLab.getState());
}
