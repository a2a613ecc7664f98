/** What every step of the lab is given: the runtime, the data, and ways to report and to stop. */
import { throwIfAborted } from '../experiment/errors';
import type { Progress } from '../experiment/run';
import type { Runtime } from '../runtime/types';
import type { Resources } from './resources';

export interface LabContext {
  runtime: Runtime;
  /** A device for our kernels: the runtime's own on WebGPU; on WASM a separate one for the audit, or null where no adapter answers. */
  device: GPUDevice | null;
  resources: Resources;
  baseUrl: string;
  signal: AbortSignal;
  progress: (progress: Progress) => void;
  warn: (message: string) => void;
}

/**
 * Lets the worker read its messages (a cancel among them), then stops if asked to.
 * ORT's WASM runs block the thread and resolve as microtasks, so without this no message would ever be seen.
 */
export async function breathe(signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
  throwIfAborted(signal);
}
