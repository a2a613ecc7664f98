/**
 * The engine: one dedicated worker that owns the device, the runtime and the pipeline. One request at a time, but for those
 * about files. The page starts a second one for downloads, in which no engine is started: a download then outlives the
 * engine's restarts, and neither waits for the other.
 */
import { LabError, cancelled } from '../experiment/errors';
import type { Stage } from '../experiment/run';
import { startEngine, type Engine } from '../lab/engine';
import { verify } from '../lab/verify/verify';
import { answerModelRequest, isModelRequest } from './model-requests';
import type { CollectCheckpoint, FromWorker, ModelRequest, ToWorker } from './protocol';

type Request = Exclude<ToWorker, { type: 'cancel' }>;
type EngineRequest = Exclude<Request, ModelRequest>;

let engine: Engine | null = null;
let checkpoint: CollectCheckpoint | null = null;
let tail: Promise<void> = Promise.resolve();
const controllers = new Map<number, AbortController>();

const post = (message: FromWorker): void => self.postMessage(message);

self.onmessage = (event: MessageEvent<ToWorker>): void => {
  const message = event.data;
  if (message.type === 'cancel') {
    controllers.get(message.id)?.abort();
    return;
  }
  const controller = new AbortController();
  controllers.set(message.id, controller);
  if (isModelRequest(message)) {
    void settle(message.id, controller.signal, () =>
      answerModelRequest(message, controller.signal, (progress) =>
        post({ type: 'progress', id: message.id, progress }),
      ),
    ).finally(() => controllers.delete(message.id));
    return;
  }
  // Requests queue behind one another: ORT allows one run at a time, and so do the device's memory limits.
  tail = tail.then(() => answer(message, controller.signal)).finally(() => controllers.delete(message.id));
};

async function answer(message: EngineRequest, signal: AbortSignal): Promise<void> {
  let stage: Stage | null = null;
  await settle(
    message.id,
    signal,
    () => perform(message, signal, (running) => (stage = running)),
    () => stage,
  );
}

/** Ends a request in exactly one `done` or `error`. */
async function settle(
  id: number,
  signal: AbortSignal,
  work: () => Promise<Extract<FromWorker, { type: 'done' }>['result']>,
  stage: () => Stage | null = () => null,
): Promise<void> {
  try {
    if (signal.aborted) throw cancelled();
    post({ type: 'done', id, result: await work() });
  } catch (error) {
    post({ type: 'error', id, error: LabError.from(signal.aborted ? cancelled() : error).toJSON(), stage: stage() });
  }
}

async function perform(
  message: EngineRequest,
  signal: AbortSignal,
  setStage: (stage: Stage) => void,
): Promise<Extract<FromWorker, { type: 'done' }>['result']> {
  if (message.type === 'start') {
    await engine?.dispose();
    engine = null;
    engine = await startEngine(
      message.backend,
      message.baseUrl,
      (error) => post({ type: 'device-lost', error: error.toJSON(), checkpoint }),
      message.residence,
    );
    return engine.report;
  }
  if (!engine) throw new LabError('worker-crashed.not-started');
  const context = engine.context({
    signal,
    progress: (progress) => post({ type: 'progress', id: message.id, progress }),
    onStageStart: setStage,
    resume: message.type === 'run' ? (message.resume ?? null) : null,
    onCheckpoint: (latest) => (checkpoint = latest),
    onStage: (stageEvent) => post({ type: 'stage', id: message.id, event: stageEvent }),
  });
  switch (message.type) {
    case 'run':
      return engine.pipeline.run(message.experiment, message.until, context);
    case 'verify': {
      const { document, digest, migrated, depth } = message;
      return verify({ document, digest, migrated, depth }, engine.pipeline, context, (stepId, step) =>
        post({ type: 'verify', id: message.id, stepId, step }),
      );
    }
    case 'map-arrays':
      return engine.pipeline.mapArrays(message.experiment, context);
    case 'written':
      return engine.pipeline.written(message.experiment, message.texts, context);
    case 'axis':
      return engine.pipeline.axis(message.experiment, message.prompt, context);
    case 'streams':
      return engine.pipeline.streams(
        message.experiment,
        message.prompt,
        message.nearest,
        message.maxNewTokens,
        context,
        (streams) => post({ type: 'streams', id: message.id, streams }),
      );
  }
}
