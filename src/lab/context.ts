/** What every step of the lab is given: the runtime, the data, and ways to report and to stop. */
import { yieldToEventLoop as turn } from '../base/yield';
import { throwIfAborted } from '../experiment/errors';
import type { Message } from '../experiment/message';
import type { EvidenceResult, Progress, Residence } from '../experiment/run';
import type { Runtime } from '../runtime/types';
import type { LabBackend } from './backend';
import type { Resources } from './resources';
import type { CollectCheckpoint } from './rows';

export interface LabContext {
  runtime: Runtime;
  /** What takes the products of fit, PCA and audit. */
  backend: LabBackend;
  resources: Resources;
  baseUrl: string;
  /** Whether both models are kept in memory; `auto` goes by the memory plan. */
  residence: 'auto' | Residence;
  /** Where a collection on a lost device had come to; taken up if it is of the same experiment. */
  resume: CollectCheckpoint | null;
  /** Keeps the latest state of the collection outside the device. */
  onCheckpoint: (checkpoint: CollectCheckpoint | null) => void;
  /** Least time between two checkpoints; default 8 s. */
  checkpointMs?: number;
  signal: AbortSignal;
  progress: (progress: Progress) => void;
  warn: (message: Message) => void;
  /** Told what the evidence comes to before the controls of its verdict have been run. */
  provisional?: (result: EvidenceResult) => void;
}

/** Lets the worker read its messages, a cancel among them, then stops if asked to. @throws LabError `cancelled` */
export async function yieldToEventLoop(signal?: AbortSignal): Promise<void> {
  await turn();
  throwIfAborted(signal);
}
