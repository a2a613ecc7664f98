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
import { isStale, liveOf, stagesOf, type StageState, type Stages } from './stages';
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
  ahead = null;
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
  if (event.stage === 'steer') useLab.setState((s) => ({ ...NO_PROMPT, prompting: s.prompting }));
}

/** The prompt of the run, and no other. */
const NO_PROMPT = {
  ownAxis: null,
  ownStreams: null,
  ownOrigin: null,
  prompting: { status: 'idle', error: null, progress: null },
} as const;

/** Settings of the run in progress: the form may change while it works. */
let runExperiment: ReturnType<typeof useLab.getState>['experiment'] | null = null;

/**
 * Runs every stage up to `until`. Resolves to whether it finished; what went wrong is at its stage.
 * @param prompt the prompt that the run is for; another that is being answered is given up
 */
export async function runStages(until: Stage = 'evidence', prompt: AbortController | null = null): Promise<boolean> {
  if (useLab.getState().running) return false;
  if (promptAbort !== prompt) promptAbort?.abort();
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
  const live = liveNow();
  if (live && run.steer.axis.stops.some((stop) => !covered.has(stop)))
    void fillStreams(run.steer.axis.prompt, live, nextPrompt());
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

/** A prompt takes the place of the one that is being answered. */
function nextPrompt(): AbortController {
  promptAbort?.abort();
  return (promptAbort = new AbortController());
}

/**
 * Computes the continuations of a prompt at every stop, and at the doses of the run's evidence between them, nearest to
 * the thumb first, with the vectors of a run.
 */
async function fillStreams(prompt: string, { from, origin }: Live, { signal }: AbortController): Promise<void> {
  const { experiment, dose, stages } = useLab.getState();
  const evidence = isStale('evidence', stages, experiment) ? null : stages.evidence.result;
  const further = evidence ? measuredStops(from.stops, evidence.doseResponse) : [];
  const byStop = new Map<number, StopStreams>();
  await client.request(
    'streams',
    { experiment, from, prompt, nearest: dose, further, maxNewTokens: experiment.generation.maxNewTokens },
    {
      signal,
      onStreams: (streams) => {
        if (signal.aborted) return;
        byStop.set(streams.stop, streams);
        if (byStop.size === 1) mark('lrt:own-text');
        useLab.setState({ ownStreams: { prompt, byStop: new Map(byStop) }, ownOrigin: origin });
      },
    },
  );
}

type Live = NonNullable<ReturnType<typeof liveOf>>;

/** A point on the page's time line; with the same name again, the last counts. */
const mark = (name: `lrt:${string}`): void => void performance.mark(name);

/** The vectors of the run on screen, where they hold under the present settings. */
const liveNow = (): Live | null => liveOf(useLab.getState().stages, useLab.getState().experiment);

/**
 * Answers a prompt of the visitor's: next-token bars first, then the continuations, nearest stop first. The vectors are
 * those of the run on screen, recorded or own; where it carries none that hold, the stages up to steering are run first.
 */
export async function tryPrompt(prompt: string): Promise<void> {
  const abort = nextPrompt();
  mark('lrt:own-asked');
  useLab.setState({ prompting: { status: 'working', error: null, progress: null } });
  // A prompt that came after has the page by now.
  const idle = (): void => {
    if (promptAbort === abort) useLab.setState({ prompting: NO_PROMPT.prompting });
  };
  try {
    if (!liveNow() && !(await runStages('steer', abort))) return idle();
    await requireEngine();
    const live = liveNow();
    if (!live || abort.signal.aborted) return idle();
    const axis = await client.request(
      'axis',
      { experiment: useLab.getState().experiment, from: live.from, prompt },
      {
        signal: abort.signal,
        onProgress: (progress) =>
          useLab.setState((s) => (promptAbort === abort ? { prompting: { ...s.prompting, progress } } : {})),
      },
    );
    if (abort.signal.aborted) return idle();
    mark('lrt:own-axis');
    useLab.setState((s) => ({
      ownAxis: axis,
      ownStreams: { prompt, byStop: new Map() },
      ownOrigin: live.origin,
      prompting: { ...s.prompting, progress: null },
    }));
    await fillStreams(prompt, live, abort);
    idle();
  } catch (thrown) {
    const error = LabError.from(thrown);
    if (error.code === 'cancelled' || promptAbort !== abort) return idle();
    // Nothing that another prompt or other vectors gave stays beside the error.
    useLab.setState({ ...NO_PROMPT, prompting: { status: 'failed', error: error.toJSON(), progress: null } });
  }
}

/** Settings whose models have been asked for ahead of a prompt. */
let ahead: Experiment['models'] | null = null;

/**
 * Loads the models while a prompt is being typed, where the vectors on screen are all that is needed beside them. What goes
 * wrong is told when the prompt is sent.
 */
export async function loadAhead(): Promise<void> {
  const { experiment, running } = useLab.getState();
  if (running || ahead === experiment.models || !liveNow()) return;
  ahead = experiment.models;
  try {
    await requireEngine();
    await client.request('load', { experiment });
  } catch {
    ahead = null;
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
  useLab.setState({ ...NO_PROMPT });
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
