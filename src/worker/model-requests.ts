/** The worker's answers to requests about files (`ModelRequests`). */
import * as models from '../lab/model-sources';
import type { ModelRequest, ModelRequests, ModelRequestType, Progress, ToWorker } from './protocol';
import { message as messageOf } from '../experiment/message';

const TYPES: Record<ModelRequestType, true> = {
  families: true,
  repository: true,
  plan: true,
  download: true,
  stored: true,
  'delete-stored': true,
  'clear-states': true,
  'open-folder': true,
  memory: true,
};

export function isModelRequest(message: ToWorker): message is ModelRequest {
  return message.type in TYPES;
}

/** @throws LabError of the request */
export async function answerModelRequest(
  message: ModelRequest,
  signal: AbortSignal,
  progress: (progress: Progress) => void,
): Promise<ModelRequests[ModelRequestType]['out']> {
  switch (message.type) {
    case 'families':
      return models.curatedFamilies(message.baseUrl, signal);
    case 'repository':
      return models.lookUp(message.request, message.backend, signal);
    case 'plan':
      return models.planOf(message.repository, message.dtype);
    case 'download':
      return models.download(message.plan, {
        signal,
        onProgress: throttled((done, total, path) =>
          progress({ stage: 'models', done, total, unit: 'bytes', note: messageOf('progress.loading-file', { path }) }),
        ),
      });
    case 'stored':
      return models.storedModels(message.backend);
    case 'delete-stored':
      await models.deleteStored({ host: message.host, id: message.model, commit: message.commit });
      return null;
    case 'clear-states':
      return models.clearStates();
    case 'open-folder':
      return models.openFolder(message.files, message.backend);
    case 'memory':
      return models.memoryOf(message.experiment, message.backend, message.baseUrl, signal);
  }
}

/** Chunks arrive by the thousand; the page redraws for some of them. */
const REPORT_MS = 80;

function throttled(report: (done: number, total: number, path: string) => void): typeof report {
  let last = -Infinity;
  return (done, total, path) => {
    const now = performance.now();
    if (now - last < REPORT_MS && done < total) return;
    last = now;
    report(done, total, path);
  };
}
