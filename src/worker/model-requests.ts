/** The worker's answers to requests about files (`ModelRequests`). */
import type { Handlers } from '../channel/channel';
import { message } from '../experiment/message';
import * as models from '../lab/model-sources';
import type { ModelRequests } from './protocol';

export const modelHandlers: Handlers<ModelRequests> = {
  families: ({ baseUrl }, { signal }) => models.curatedFamilies(baseUrl, signal),
  repository: ({ request, backend }, { signal }) => models.lookUp(request, backend, signal),
  plan: ({ repository, dtype }) => models.planOf(repository, dtype),
  download: ({ plan }, { signal, emit }) =>
    models.download(plan, {
      signal,
      onProgress: throttled((done, total, path) =>
        emit({
          kind: 'progress',
          progress: { stage: 'models', done, total, unit: 'bytes', note: message('progress.loading-file', { path }) },
        }),
      ),
    }),
  stored: ({ backend }) => models.storedModels(backend),
  'delete-stored': async ({ host, model, commit }) => {
    await models.deleteStored({ host, id: model, commit });
    return null;
  },
  'clear-states': () => models.clearStates(),
  'open-folder': ({ files, backend }) => models.openFolder(files, backend),
  memory: ({ experiment, backend, baseUrl }, { signal }) => models.memoryOf(experiment, backend, baseUrl, signal),
};

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
