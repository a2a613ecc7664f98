/** Test helper: the whole pipeline in Node on bundled models, whose files are read from `public/`. ONNX Runtime's door must be mocked with `nodeOrt`. */
import { existsSync, readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-web';
import { vi } from 'vitest';
import { openModel } from '../../models';
import { createRuntime } from '../../runtime';
import type { Runtime } from '../../runtime/types';

/** ONNX Runtime as Node loads it: the door of the lab asks a site for its files. */
export function nodeOrt(): typeof ort {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  return ort;
}

/** A runtime whose models come from the disk. @param sourceSeed shuffles the weights of the models of one id */
export async function realRuntime(shuffled?: { id: string; seed: number }): Promise<Runtime> {
  vi.stubGlobal('navigator', { userAgent: 'Node' });
  vi.stubGlobal('fetch', async (url: URL | string) => {
    const file = new URL(`../../../public/${new URL(url).pathname.slice(1)}`, import.meta.url);
    if (!existsSync(file)) return new Response('', { status: 404 });
    const bytes = readFileSync(file);
    return new Response(bytes, { headers: { 'content-length': String(bytes.length) } });
  });
  const runtime = await createRuntime({ backend: 'wasm', device: null, openModel });
  if (!shuffled) return runtime;
  return {
    ...runtime,
    load: (source, options = {}) =>
      runtime.load(source, source.id === shuffled.id ? { shuffleSeed: shuffled.seed, ...options } : options),
  };
}
