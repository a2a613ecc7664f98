/** Which backend the models run on. */
import { LabError } from '../experiment/errors';
import { message, type Message } from '../experiment/message';
import type { Backend } from '../experiment/run';

/** What must be known of the browser's WebGPU adapter. */
export interface AdapterFacts {
  /** False where WebGPU is missing or gives no adapter. */
  available: boolean;
  /** Name for people, e.g. "NVIDIA ada-lovelace". */
  name: string;
  /** True for a software adapter (SwiftShader, WARP, llvmpipe). */
  software: boolean;
  /** Why there is no adapter, where the probe knows. */
  reason?: LabError;
}

export interface BackendDecision {
  backend: Backend;
  chosenBy: 'auto' | 'user';
  reason: Message;
}

/**
 * WebGPU on a real adapter; WASM without one, or with a software one, which runs these models some thirty times slower
 * than WASM does.
 * @throws LabError `webgpu-missing` or `webgpu-no-adapter` if WebGPU was asked for and there is none
 */
export function chooseBackend(choice: 'auto' | Backend, adapter: AdapterFacts): BackendDecision {
  const { name } = adapter;
  if (choice === 'wasm') return { backend: 'wasm', chosenBy: 'user', reason: message('run.device.wasm-asked') };
  if (choice === 'webgpu') {
    if (!adapter.available) {
      throw adapter.reason ?? new LabError('webgpu-no-adapter.asked');
    }
    return {
      backend: 'webgpu',
      chosenBy: 'user',
      reason: message('run.device.webgpu-asked', { adapter: name, software: String(adapter.software) }),
    };
  }
  if (!adapter.available) return { backend: 'wasm', chosenBy: 'auto', reason: message('run.device.no-adapter') };
  if (adapter.software)
    return {
      backend: 'wasm',
      chosenBy: 'auto',
      reason: message('run.device.software', { adapter: name }),
    };
  return { backend: 'webgpu', chosenBy: 'auto', reason: message('run.device.webgpu', { adapter: name }) };
}
