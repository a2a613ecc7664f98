/** Starts the lab on this device: probe, backend, kernels' self-test, runtime, pipeline. */
import { LabError } from '../experiment/errors';
import type { Backend, DeviceReport } from '../experiment/run';
import { openModel } from '../models';
import { chooseBackend, createRuntime } from '../runtime';
import type { Runtime } from '../runtime/types';
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
  void onLost;
  const decision = chooseBackend(choice, { available: false, software: false, name: 'none' });
  const device: GPUDevice | null = null;
  const runtime: Runtime = await createRuntime({ backend: decision.backend, device, openModel });
  const report: DeviceReport = {
    ...decision,
    adapter: 'none',
    softwareAdapter: false,
    userAgent: navigator.userAgent,
    versions: runtime.versions,
    selfTest: null,
  };
  const resources = new Resources(baseUrl);
  const pipeline = new Pipeline();
  return {
    report,
    pipeline,
    context: (request) => ({ ...request, runtime, device, resources, baseUrl, deviceReport: report }),
    dispose: async () => {
      await pipeline.dispose();
      await runtime.dispose();
    },
  };
}
