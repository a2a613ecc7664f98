/** Starts the lab on this device: probe, backend, kernels' self-test, runtime, pipeline. */
import type { LabError } from '../experiment/errors';
import type { Backend, DeviceReport } from '../experiment/run';
import { createDevice, probe, type AdapterReport, type LabDevice } from '../gpu/device';
import { requireSelfTest, runSelfTest } from '../gpu/selftest';
import { openModel } from '../models';
import { chooseBackend, createRuntime } from '../runtime';
import { Pipeline, type PipelineContext } from './pipeline';
import { Resources } from './resources';

export interface Engine {
  report: DeviceReport;
  pipeline: Pipeline;
  context(request: Pick<PipelineContext, 'signal' | 'progress' | 'onStageStart' | 'onStage'>): PipelineContext;
  dispose(): Promise<void>;
}

/**
 * @param choice which backend runs the models
 * @param baseUrl absolute URL of the site's folder, ending in a slash
 * @param onLost called when the GPU device is lost afterwards
 * @throws LabError `webgpu-*`, `self-test`, `runtime-failed`
 */
export async function startEngine(choice: 'auto' | Backend, baseUrl: string, onLost: (error: LabError) => void): Promise<Engine> {
  const adapter = await probe();
  const name = adapterName(adapter);
  const decision = chooseBackend(choice, { available: adapter.available, software: adapter.software, name });
  // On WASM the device serves the audit and the self-test only; an adapter that gives no device then costs only those.
  const gpu: LabDevice | null = adapter.available ? await createDevice().catch(refuseOrForgo(decision.backend)) : null;
  gpu?.lost.then(onLost);
  // On WASM nothing but the audit uses the kernels, and compiling them on a software adapter takes seconds: not at start.
  const selfTest = gpu && decision.backend === 'webgpu' ? await runSelfTest(gpu.device) : null;
  if (selfTest) requireSelfTest(selfTest);
  const runtime = await createRuntime({ backend: decision.backend, device: gpu?.device ?? null, openModel });
  const report: DeviceReport = {
    ...decision,
    adapter: adapter.available ? name : 'none',
    softwareAdapter: adapter.software,
    userAgent: navigator.userAgent,
    versions: runtime.versions,
    selfTest,
  };
  const resources = new Resources(baseUrl);
  const pipeline = new Pipeline();
  return {
    report,
    pipeline,
    context: (request) => ({ ...request, runtime, device: gpu?.device ?? null, resources, baseUrl, deviceReport: report }),
    dispose: async () => {
      await pipeline.dispose();
      await runtime.dispose();
      gpu?.destroy();
    },
  };
}

function refuseOrForgo(backend: Backend): (error: unknown) => null {
  return (error) => {
    if (backend === 'webgpu') throw error;
    return null;
  };
}

function adapterName({ info }: AdapterReport): string {
  return [info.vendor, info.architecture, info.device, info.description].filter((part, i, parts) => part && parts.indexOf(part) === i).join(' ') || 'unnamed adapter';
}
