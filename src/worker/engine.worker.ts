/**
 * The engine: one dedicated worker that owns the device, the runtime and the pipeline. One request at a time, but for those
 * about files. The page starts a second one for downloads, in which no engine is started: a download then outlives the
 * engine's restarts, and neither waits for the other.
 */
import { serve, type Call, type Handlers } from '../channel/channel';
import { LabError } from '../experiment/errors';
import { startEngine, type Engine } from '../lab/engine';
import type { PipelineContext } from '../lab/pipeline';
import { secondOpinion } from '../lab/second-opinion';
import { verify } from '../lab/verify/verify';
import { modelHandlers } from './model-requests';
import type { CollectCheckpoint, DeviceLost, EngineRequests, ProgressEvent, Requests, StageEndEvent } from './protocol';

let engine: Engine | null = null;
let checkpoint: CollectCheckpoint | null = null;

/** The engine, and what its pipeline is given for one request. */
function atWork(
  { signal, emit }: Pick<Call<ProgressEvent | StageEndEvent>, 'signal' | 'emit'>,
  resume: CollectCheckpoint | null = null,
): { engine: Engine; context: PipelineContext } {
  if (!engine) throw new LabError('worker-crashed.not-started');
  const context = engine.context({
    signal,
    progress: (progress) => emit({ kind: 'progress', progress }),
    resume,
    onCheckpoint: (latest) => (checkpoint = latest),
    onStage: (event) => emit({ kind: 'stage', event }),
  });
  return { engine, context };
}

const engineHandlers: Handlers<EngineRequests> = {
  start: async ({ backend, baseUrl, residence }) => {
    await engine?.dispose();
    engine = null;
    engine = await startEngine(
      backend,
      baseUrl,
      (error) => tell({ error: error.toJSON(), checkpoint }, checkpoint ? buffersOf(checkpoint) : []),
      residence,
    );
    return engine.report;
  },
  run: ({ experiment, until, resume }, call) => {
    const { engine, context } = atWork(call, resume);
    return engine.pipeline.run(experiment, until, context);
  },
  load: async ({ experiment }, call) => {
    const { engine, context } = atWork(call);
    await engine.pipeline.load(experiment, context);
    return null;
  },
  axis: ({ experiment, from, prompt }, call) => {
    const { engine, context } = atWork(call);
    return engine.pipeline.axis(experiment, from, prompt, context);
  },
  written: ({ experiment, texts }, call) => {
    const emit = call.emit as Call<ProgressEvent | StageEndEvent>['emit'];
    const { engine, context } = atWork({ signal: call.signal, emit });
    return engine.pipeline.written(experiment, texts, context);
  },
  streams: ({ experiment, from, prompt, nearest, further, maxNewTokens }, call) => {
    const { engine, context } = atWork(call);
    return engine.pipeline.streams(experiment, from, prompt, { nearest, further }, maxNewTokens, context, (streams) =>
      call.emit({ kind: 'streams', streams }),
    );
  },
  verify: (request, call) => {
    const { engine, context } = atWork(call);
    return verify(request, engine.pipeline, context, (stepId, step) => call.emit({ kind: 'verify', stepId, step }));
  },
  'second-opinion': async ({ experiment }, call) => {
    const { engine, context } = atWork(call);
    return secondOpinion(experiment, await engine.pipeline.pair(experiment, context), context);
  },
  'map-arrays': async ({ experiment }, call) => {
    const { engine, context } = atWork(call);
    // The engine goes on with its own arrays; the copies are handed over.
    const { W, p, muSource, muTarget } = await engine.pipeline.mapArrays(experiment, context);
    const arrays = { W: W.slice(), p: p.slice(), muSource: muSource.slice(), muTarget: muTarget.slice() };
    call.transfer(...Object.values(arrays).map(({ buffer }) => buffer));
    return arrays;
  },
};

/** The device is gone, and with it the engine's use of its last checkpoint: its memory is the page's from now on. */
function buffersOf(value: unknown, found: Transferable[] = []): Transferable[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && !found.includes(value.buffer)) found.push(value.buffer);
  } else if (value !== null && typeof value === 'object') {
    for (const part of Object.values(value)) buffersOf(part, found);
  }
  return found;
}

// Requests to the engine wait for one another: ORT allows one run at a time, and so do the device's memory limits.
const tell = serve<Requests, DeviceLost>(
  self,
  { ...engineHandlers, ...modelHandlers },
  { sequential: (type) => type in engineHandlers },
);
