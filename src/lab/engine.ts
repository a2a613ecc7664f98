/** Starts the lab on this device: probe, backend, its self-test, runtime, pipeline. */
import type { LabError } from '../experiment/errors';
import type { Backend, DeviceReport, Residence } from '../experiment/run';
import { createDevice, probe, type AdapterReport, type LabDevice } from '../gpu/device';
import { tuningOf } from '../gpu/kernels/shared/tuning';
import { requireSelfTest } from '../gpu/selftest';
import { tune } from '../gpu/tune';
import { openTuneStore } from '../gpu/tune-store';
import { openModel } from '../models';
import { chooseBackend, createRuntime } from '../runtime';
import { createWasmProducts } from '../runtime/wasm-products';
import { webgpuBackend, wasmBackend } from './backend';
import { Pipeline, type PipelineContext } from './pipeline';
import { Resources } from './resources';

export interface Engine {
  report: DeviceReport;
  pipeline: Pipeline;
  context(
    request: Pick<PipelineContext, 'signal' | 'progress' | 'onStage' | 'resume' | 'onCheckpoint' | 'checkpointMs'>,
  ): PipelineContext;
  dispose(): Promise<void>;
}

/**
 * @param choice which backend runs the models and the fit
 * @param baseUrl absolute URL of the site's folder, ending in a slash
 * @param residence whether both models are kept in memory; `auto` goes by the memory plan
 * @param onLost called when the GPU device is lost afterwards
 * @throws LabError `webgpu-*`, `self-test`, `runtime-failed`
 */
export async function startEngine(
  choice: 'auto' | Backend,
  baseUrl: string,
  onLost: (error: LabError) => void,
  residence: 'auto' | Residence = 'auto',
): Promise<Engine> {
  const adapter = await probe();
  const name = adapterName(adapter);
  const decision = chooseBackend(choice, { available: adapter.available, software: adapter.software, name });
  // On WASM no device is made: nothing would run on it.
  const gpu: LabDevice | null = decision.backend === 'webgpu' ? await createDevice() : null;
  void gpu?.lost.then(onLost);
  const runtime = await createRuntime({ backend: decision.backend, device: gpu?.device ?? null, openModel });
  const backend = gpu ? webgpuBackend(gpu.device) : wasmBackend(await createWasmProducts());
  const tuning = gpu ? await chooseTiles(gpu) : null;
  const selfTest = await backend.selfTest();
  requireSelfTest(selfTest);
  const report: DeviceReport = {
    ...decision,
    adapter: adapter.available ? name : 'none',
    softwareAdapter: adapter.software,
    userAgent: navigator.userAgent,
    versions: runtime.versions,
    tuning,
    selfTest,
  };
  const resources = new Resources(baseUrl);
  const pipeline = new Pipeline();
  return {
    report,
    pipeline,
    context: (request) => ({ ...request, runtime, backend, resources, baseUrl, residence, deviceReport: report }),
    dispose: async () => {
      await pipeline.dispose();
      await runtime.dispose();
      backend.dispose();
      gpu?.destroy();
    },
  };
}

/**
 * Tiles of the products: measured once on a real GPU and remembered. On a software adapter, where compiling the
 * candidates takes longer than the whole fit, the ones that suit a CPU.
 */
async function chooseTiles({ device, report }: LabDevice): Promise<DeviceReport['tuning']> {
  if (report.software) return { source: 'default', ...tuningOf(device), problem: null };
  const { store, unavailable } = openTuneStore();
  const { tuning, source, storeProblem } = await tune(device, { store });
  return { source, ...tuning, problem: unavailable ?? storeProblem };
}

function adapterName({ info }: AdapterReport): string {
  return (
    [info.vendor, info.architecture, info.device, info.description]
      .filter((part, i, parts) => part && parts.indexOf(part) === i)
      .join(' ') || 'unnamed adapter'
  );
}
