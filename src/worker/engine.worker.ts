/** The engine: one dedicated worker that owns the device, the runtime and the pipeline. One request at a time. */
import { LabError, cancelled } from '../experiment/errors';
import type { Stage } from '../experiment/run';
import { startEngine, type Engine } from '../lab/engine';
import type { CollectCheckpoint, FromWorker, ToWorker } from './protocol';

type Request = Exclude<ToWorker, { type: 'cancel' }>;

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
  // Requests queue behind one another: ORT allows one run at a time, and so do the device's memory limits.
  tail = tail.then(() => answer(message, controller.signal)).finally(() => controllers.delete(message.id));
};

async function answer(message: Request, signal: AbortSignal): Promise<void> {
  let stage: Stage | null = null;
  try {
    if (signal.aborted) throw cancelled();
    const result = await perform(message, signal, (running) => (stage = running));
    post({ type: 'done', id: message.id, result });
  } catch (error) {
    post({ type: 'error', id: message.id, error: LabError.from(signal.aborted ? cancelled() : error).toJSON(), stage });
  }
}

async function perform(message: Request, signal: AbortSignal, setStage: (stage: Stage) => void): Promise<Extract<FromWorker, { type: 'done' }>['result']> {
  if (message.type === 'start') {
    await engine?.dispose();
    engine = null;
    engine = await startEngine(message.backend, message.baseUrl, (error) => post({ type: 'device-lost', error: error.toJSON(), checkpoint }));
    return engine.report;
  }
  if (!engine) throw new LabError('worker-crashed', 'The engine has not been started.', 'Reload the page.');
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
    case 'axis':
      return engine.pipeline.axis(message.experiment, message.prompt, context);
    case 'streams':
      return engine.pipeline.streams(message.experiment, message.prompt, message.nearest, message.maxNewTokens, context, (streams) => post({ type: 'streams', id: message.id, streams }));
  }
}
