/** Test helper: a worker that downloads, as the engine's does, and can be stopped in the middle as by a reload. */
import { LabError } from '../experiment/errors';
import { executeDownload, planDownload } from './downloads';
import { resolveRepository, type RepositoryRequest } from './hub';
import type { Dtype } from './layout';
import { ModelStore, type StoredFile } from './storage';
import type { HubLocation } from './location';

export interface DownloadOrder {
  repository: RepositoryRequest;
  dtype: Dtype;
  /** Bytes after which the worker halts with its file open, until it is terminated. */
  haltAfter?: number;
}

export type DownloadReport =
  | { kind: 'halted'; done: number }
  | {
      kind: 'done';
      location: HubLocation;
      files: StoredFile[];
      missing: number;
      license: string | null;
      ranges: string[];
      requests: number;
      freeBytes: number | null;
    }
  | { kind: 'failed'; code: string; params: LabError['params'] };

const report = (message: DownloadReport): void => self.postMessage(message);

self.onmessage = async ({ data }: MessageEvent<DownloadOrder>) => {
  const ranges: string[] = [];
  let requests = 0;
  const native = self.fetch;
  self.fetch = (input, init) => {
    requests++;
    const range = new Headers(init?.headers).get('range');
    if (range) ranges.push(range);
    return native(input, init);
  };
  try {
    const store = await ModelStore.open();
    const repository = await resolveRepository(data.repository);
    const plan = await planDownload(repository, data.dtype, store);
    requests = 0;
    const { location, files } = await executeDownload(plan, store, {
      retryMilliseconds: 10,
      onProgress: (done) => {
        if (data.haltAfter === undefined || done < data.haltAfter) return;
        report({ kind: 'halted', done });
        // Ends only with the worker. Waiting without turning needs shared memory, which this page is not isolated enough for.
        for (;;);
      },
    });
    report({
      kind: 'done',
      location,
      files,
      missing: plan.missing,
      license: plan.repository.license,
      ranges,
      requests,
      freeBytes: plan.freeBytes,
    });
  } catch (thrown) {
    const error = LabError.from(thrown);
    report({ kind: 'failed', code: error.code, params: error.params });
  } finally {
    self.fetch = native;
  }
};
