/**
 * The one door to ONNX Runtime. It loads the library on first use, from our own
 * files, and lets one call into it at a time: two concurrent runs freeze or fail.
 */
import type * as OrtModule from 'onnxruntime-web';
import webgpuUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import { LabError } from '../experiment/errors';
import type { Message } from '../experiment/message';
import type { Backend } from '../experiment/run';

export type Ort = typeof OrtModule;
export type Session = OrtModule.InferenceSession;
export type SessionOptions = OrtModule.InferenceSession.SessionOptions;
export type Tensor = OrtModule.Tensor;

/**
 * The build with the WebGPU provider could run WASM sessions too, but it is twice the size (27 MB against 14) and takes
 * several seconds longer to reach full speed: measured 8,000 against 15,000 tokens/s in the first second of reading,
 * the same later.
 */
const BUILDS: Record<Backend, { load: () => Promise<unknown>; wasm: string }> = {
  webgpu: { load: () => import('onnxruntime-web/webgpu'), wasm: webgpuUrl },
  wasm: { load: () => import('onnxruntime-web/wasm'), wasm: wasmUrl },
};

const loading = new Map<Backend, Promise<Ort>>();

/**
 * Loads the ONNX Runtime Web build of a backend. One thread: more needs a cross-origin-isolated page, and hangs in a
 * production build.
 * @throws LabError `runtime-failed` if its files do not load
 */
export function loadOrt(backend: Backend): Promise<Ort> {
  const known = loading.get(backend);
  if (known) return known;
  const { load, wasm } = BUILDS[backend];
  const loaded = load().then(
    (module) => {
      const ort = module as Ort;
      // Before the first session: without a path of our own the library would look beside its script, or on a CDN.
      ort.env.wasm.wasmPaths = { wasm };
      ort.env.wasm.numThreads = 1;
      ort.env.logLevel = 'error';
      return ort;
    },
    (error: unknown) => {
      loading.delete(backend);
      throw new LabError('runtime-failed.load', { reason: (error as Error).message }, error);
    },
  );
  loading.set(backend, loaded);
  return loaded;
}

let tail: Promise<unknown> = Promise.resolve();

/** Runs the task when every earlier one has ended. Not re-entrant: a task must not call `exclusive` itself. */
export function exclusive<T>(task: () => Promise<T>): Promise<T> {
  const result = tail.then(task);
  tail = result.catch(() => undefined);
  return result;
}

/** Names what ONNX Runtime threw. Its errors are strings, numbers (a bare WASM exception) or Errors. */
export function runtimeError(thrown: unknown, doing: Message): LabError {
  if (thrown instanceof LabError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/out of memory|bad_alloc|failed to allocate|allocation failed|memory access out of bounds|^\d+$/i.test(message)) {
    return new LabError('out-of-memory.runtime', { doing, reason: message }, thrown);
  }
  return new LabError('runtime-failed.work', { doing, reason: message }, thrown);
}
