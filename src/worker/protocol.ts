/**
 * The only messages between the page and the engine worker. One discriminated
 * union each way; every request carries an id, and every request ends in exactly
 * one `done` or `error` with that id.
 */
import type { LabErrorJson } from '../experiment/errors';
import type { Backend, DeviceReport, DoseAxis, Progress, Run, Stage, StageEvent, StopStreams } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import type { CollectCheckpoint } from '../lab/rows';

export type { CollectCheckpoint, Progress, StageEvent };

export type BackendChoice = 'auto' | Backend;

export interface Requests {
  /** Probes the device and starts the runtime. `baseUrl`: absolute URL of the site's folder, ending in a slash. */
  start: { in: { backend: BackendChoice; baseUrl: string }; out: DeviceReport };
  /** Runs the experiment's stages up to `until`; unchanged stages come from memory, and a collection that a lost device broke off goes on from `resume`. */
  run: { in: { experiment: Experiment; until: Stage; resume?: CollectCheckpoint | null }; out: Run | null };
  /** Next-token distributions at every stop for a prompt of the user's; needs a run up to `steer`. */
  axis: { in: { experiment: Experiment; prompt: string }; out: DoseAxis };
  /** Continuations of all arms at the stops, nearest to `nearest` first; each stop arrives as a `streams` event. */
  streams: { in: { experiment: Experiment; prompt: string; nearest: number; maxNewTokens: number }; out: { stops: number } };
}

export type RequestType = keyof Requests;

export type ToWorker =
  | { [K in RequestType]: { type: K; id: number } & Requests[K]['in'] }[RequestType]
  | { type: 'cancel'; id: number };

export type FromWorker =
  | { type: 'progress'; id: number; progress: Progress }
  | { type: 'stage'; id: number; event: StageEvent }
  | { type: 'streams'; id: number; streams: StopStreams }
  | { type: 'done'; id: number; result: Requests[RequestType]['out'] }
  | { type: 'error'; id: number; error: LabErrorJson; stage: Stage | null }
  /** Not an answer to a request: the device was lost. The client may start again, from where the collection had come to. */
  | { type: 'device-lost'; error: LabErrorJson; checkpoint: CollectCheckpoint | null };
