/** A run that outlives its graphics device. */
import { LabError } from '../experiment/errors';
import type { Run, Stage } from '../experiment/run';
import type { EngineClient, Listeners } from './client';
import type { Requests } from './protocol';
import { message } from '../experiment/message';

/** A device that is lost more often than this in one run will be lost again. */
const RECOVERIES = 2;
/** Stages after which nothing can be taken up again: the moments went with the device. */
const RESUMABLE: readonly Stage[] = ['models', 'activations'];

/**
 * Runs an experiment; if the device is lost while states are collected, starts the engine again and goes on from the
 * last checkpoint.
 * @param restart starts the engine; resolves to whether it is ready
 * @throws LabError of the run; `webgpu-device-lost` when it was lost in a later stage, or too often
 */
export async function runRecovering(
  client: EngineClient,
  restart: () => Promise<boolean>,
  input: Pick<Requests['run']['in'], 'experiment' | 'until'>,
  listeners: Listeners,
): Promise<Run | null> {
  let resume: Requests['run']['in']['resume'] = null;
  for (let recoveries = 0; ; recoveries++) {
    let stage: Stage = 'models';
    try {
      return await client.request(
        'run',
        { ...input, resume },
        { ...listeners, onProgress: (progress) => ((stage = progress.stage), listeners.onProgress?.(progress)) },
      );
    } catch (thrown) {
      const error = LabError.from(thrown);
      if (error.code !== 'webgpu-device-lost' || recoveries === RECOVERIES || !RESUMABLE.includes(stage)) throw error;
      resume = client.takeCheckpoint() ?? resume;
      listeners.onProgress?.({
        stage,
        done: 0,
        total: 1,
        unit: 'steps',
        note: message('progress.device-lost'),
      });
      if (!(await restart())) throw error;
    }
  }
}
