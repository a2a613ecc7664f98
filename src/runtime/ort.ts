/**
 * The one door to ONNX Runtime. It loads the library on first use, from our own
 * files, and lets one call into it at a time: two concurrent runs freeze or fail.
 */
import type * as OrtModule from 'onnxruntime-web';
import asyncifyUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import { LabError } from '../experiment/errors';

export type Ort = typeof OrtModule;
export type Session = OrtModule.InferenceSession;
export type SessionOptions = OrtModule.InferenceSession.SessionOptions;
export type Tensor = OrtModule.Tensor;

let loading: Promise<Ort> | null = null;

/**
 * Loads ONNX Runtime Web with its native WebGPU and WASM providers. One thread: more needs a cross-origin-isolated
 * page, and hangs in a production build.
 * @throws LabError `runtime-failed` if its files do not load
 */
export function loadOrt(): Promise<Ort> {
  loading ??= import('onnxruntime-web/webgpu').then(
    (module) => {
      const ort = module as unknown as Ort;
      // Before the first session: without a path of our own the library would go to a CDN.
      ort.env.wasm.wasmPaths = { wasm: asyncifyUrl };
      ort.env.wasm.numThreads = 1;
      ort.env.logLevel = 'error';
      return ort;
    },
    (error: unknown) => {
      loading = null;
      throw new LabError('runtime-failed', `ONNX Runtime could not be loaded: ${(error as Error).message}.`, 'Check that the lab is served whole, then reload the page.', undefined, error);
    },
  );
  return loading;
}

let tail: Promise<unknown> = Promise.resolve();

/** Runs the task when every earlier one has ended. Not re-entrant: a task must not call `exclusive` itself. */
export function exclusive<T>(task: () => Promise<T>): Promise<T> {
  const result = tail.then(task);
  tail = result.catch(() => undefined);
  return result;
}

/** Names what ONNX Runtime threw. Its errors are strings, numbers (a bare WASM exception) or Errors. */
export function runtimeError(thrown: unknown, doing: string): LabError {
  if (thrown instanceof LabError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/out of memory|bad_alloc|failed to allocate|allocation failed|memory access out of bounds|^\d+$/i.test(message)) {
    return new LabError('out-of-memory', `The memory ran out while ${doing}.`, 'Close other tabs, choose smaller models or fewer continuations, and reload the page.', { message }, thrown);
  }
  return new LabError('runtime-failed', `ONNX Runtime failed while ${doing}: ${message}`, 'Reload the page; if it happens again, choose the other backend or another model.', undefined, thrown);
}
