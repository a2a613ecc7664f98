/** Gives a Node process `navigator.gpu`, from Dawn. The process must have been started with the environment of tools/dawn.ts. */
import { create, globals } from 'webgpu';

/** Kept in step with ASKS in tools/dawn.ts, which is not imported: it would look for a browser. */
const ASKS = 'LRT_DAWN_ASKS';

/**
 * Installs WebGPU's globals and `navigator.gpu`.
 * @returns the adapter's name @throws Error if no adapter answers, naming what was looked for
 */
export async function installDawn(): Promise<string> {
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const given = (globalThis as { navigator?: object }).navigator;
  // Node 21 has a navigator of its own, without gpu.
  const navigator = Object.create(given ?? null, { gpu: { value: gpu } }) as Navigator;
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true, writable: true });
  const adapter = await gpu.requestAdapter();
  if (!adapter)
    throw new Error(
      `Dawn offers no WebGPU adapter. Looked for: ${process.env[ASKS] ?? 'nothing: the process was started without the environment of tools/dawn.ts'}`,
    );
  const { vendor, architecture, description } = adapter.info;
  return [vendor, architecture, description].filter(Boolean).join(' ') || 'unnamed adapter';
}
